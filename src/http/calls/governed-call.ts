import type { Request } from 'express'
import { callOf } from '../../call/caller/call-of.ts'
import { governedCaller } from '../../call/caller/governed-caller.ts'
import type { ReceivedCall } from '../../call/types.ts'
import type { SignedIn } from '../../payment/sign-in/sign-in.ts'
import { asUnavailable } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { requireStorage } from '../request/require-storage.ts'

/** A key stands where SDKs put one: OpenAI's in Authorization, Anthropic's in x-api-key. */
export const credentialOf = ({ headers }: Request): string | undefined => {
  const { authorization, 'x-api-key': apiKey } = headers
  return authorization ?? (typeof apiKey === 'string' ? apiKey : undefined)
}

/**
 * The call as its caller's, whose rules bind it from here on: those of the key that came along, and of the wallet that has signed in. Whose a
 * payment is is known once it is checked (call/caller/govern-payer).
 *
 * @throws TurnpikeError `unavailable` (503); `key_invalid` and the like (401), `key_kind_mismatch`, `permission_denied`, `wallet_denied` (403).
 */
export async function governedCall({
  request,
  received,
  signedIn,
  dependencies,
}: {
  request: Request
  received: ReceivedCall
  signedIn?: SignedIn | undefined
  dependencies: Pick<HttpDependencies, 'call'>
}): Promise<ReceivedCall> {
  const { governed, defaultOutputTokens } = dependencies.call
  // Whose rules cannot be read is bound by all there may be: nobody is served, and nobody is asked to pay.
  requireStorage(dependencies)
  try {
    const caller = await governedCaller({
      keyRules: await governed.authenticateCaller(credentialOf(request)),
      payer: signedIn?.payer,
      runId: received.request.budget?.runId,
      governed,
    })
    return callOf({ received, caller, defaultOutputTokens })
  } catch (error) {
    throw asUnavailable(error)
  }
}
