import type { Request } from 'express'
import { callOf } from '../call/caller/call-of.ts'
import { governedCaller } from '../call/caller/governed-caller.ts'
import type { ReceivedCall } from '../call/types.ts'
import type { DecodedPayment } from '../payment/payload.ts'
import type { SignedIn } from '../payment/sign-in.ts'
import type { Address } from '../payment/types.ts'
import type { HttpDependencies } from './dependencies.ts'

/** A key stands where SDKs put one: OpenAI's in Authorization, Anthropic's in x-api-key. */
export const credentialOf = ({ headers }: Request): string | undefined => {
  const { authorization, 'x-api-key': apiKey } = headers
  return authorization ?? (typeof apiKey === 'string' ? apiKey : undefined)
}

/** Whose wallet a payment says that it is from. */
function payerOf(proof: DecodedPayment | SignedIn | undefined): Address | undefined {
  if (!proof) return undefined
  if ('payer' in proof) return proof.payer
  const { payload } = proof
  return 'config' in payload ? payload.config.payer : payload.from
}

/**
 * The call as its caller's, whose rules bind it from here on: the key's that came along, else those of the wallet that pays or says it will.
 *
 * @throws TurnpikeError `key_invalid` and the like (401), `key_kind_mismatch`, `permission_denied`, `wallet_denied` (403).
 */
export async function governedCall({
  request,
  received,
  proof,
  dependencies,
}: {
  request: Request
  received: ReceivedCall
  proof?: DecodedPayment | SignedIn | undefined
  dependencies: Pick<HttpDependencies, 'call'>
}): Promise<ReceivedCall> {
  const { governed, defaultOutputTokens } = dependencies.call
  const { claimedPayer } = received
  const claimed = claimedPayer?.kind === 'wallet' ? (claimedPayer.id as Address) : undefined
  const caller = await governedCaller({
    keyRules: await governed.authenticateCaller(credentialOf(request)),
    payer: payerOf(proof) ?? claimed,
    runId: received.request.budget?.runId,
    rules: governed.rules,
  })
  return callOf({ received, caller, defaultOutputTokens })
}
