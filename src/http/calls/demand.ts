import type { Request, Response } from 'express'
import {
  type Corrective,
  type Demand,
  demandPayment,
  type Priced,
  quoteCall,
} from '../../call/plan/demand.ts'
import { errorSpec } from '../../lib/errors/registry.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { CORRECTIVE_ERROR } from '../../payment/offers/corrective.ts'
import { IDENTIFIER_EXTENSION } from '../../payment/check/payload.ts'
import { SIGN_IN } from '../../payment/sign-in/sign-in.ts'
import { withSignedOffers } from '../../payment/offers/signed-offers.ts'
import { sponsoringOffers } from '../../payment/check/sponsoring.ts'
import type { Quote } from '../../payment/types.ts'
import { asUnavailable, sendDemand } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { dialectAt } from '../request/dialects.ts'
import { bazaarAt } from '../discovery/bazaar.ts'
import { wantsSignedReceipt } from '../request/receive.ts'
import { resourceAt } from '../request/resource-at.ts'
import { challengeFor, wantsCredit } from '../signed-in.ts'

export type Asked = {
  readonly request: Request
  readonly response: Response
  readonly dependencies: HttpDependencies
}

/** 402 only where paying again helps; every other error is what it is. */
export function demandAgainOrThrow({
  error,
  ...rest
}: Asked & { priced: Priced; quoteNonce?: string; error: unknown }): void {
  const known = asUnavailable(error)
  if (errorSpec(known.code).status !== 402) throw known
  demand({ ...rest, error: known })
}

/** x402's payment-identifier: clients that know it may name their request. */
const NAMEABLE = { [IDENTIFIER_EXTENSION]: { info: { required: false } } } as const

/** Asks for payment: a fresh quote, every offer for it, and what the caller has asked to be told beside them. */
export function demand({
  response,
  request,
  priced,
  quoteNonce,
  error,
  corrective,
  isProbe = false,
  dependencies,
}: Asked & {
  priced: Priced
  /** Where the channel's turn was told it already. */
  quoteNonce?: string
  error?: TurnpikeError
  corrective?: Corrective
  /** Registries probe: to them the answer also says what can be asked here. Clients echo that, so a call's own price goes without. */
  isProbe?: boolean
}): void {
  const dialect = dialectAt(request.path)
  const bazaar = isProbe ? bazaarAt(request.path) : undefined
  const reason = corrective ? new TurnpikeError(CORRECTIVE_ERROR) : error
  const nonce = quoteNonce === undefined ? {} : { nonce: quoteNonce }
  const quoted = quoteCall({ priced, dependencies: dependencies.call, ...nonce })
  // Only for those who ask for it: every client echoes what a 402 carries, and most pay in other ways.
  const challenge = wantsCredit(request)
    ? { [SIGN_IN]: challengeFor({ request, dependencies, requestId: quoted.token }) }
    : undefined
  const answer = demandPayment({
    priced,
    quoted,
    extensions: { ...NAMEABLE, ...sponsoringOffers(dependencies.call.terms), ...challenge },
    resource: resourceAt({ path: request.path, publicUrl: dependencies.publicUrl(request), isProbe }),
    capField: dialect.capField,
    ...(bazaar ? { spareExtensions: bazaar } : {}),
    ...(reason ? { error: reason } : {}),
    ...(corrective ? { corrective } : {}),
    dependencies: dependencies.call,
  })
  sendDemand({
    response,
    demand: wantsSignedReceipt(request) ? signed({ answer, quoted, dependencies }) : answer,
  })
}

const signed = ({
  answer,
  quoted: { quote },
  dependencies: { receiptKey: privateKey },
}: {
  answer: Demand
  quoted: { readonly quote: Quote }
  dependencies: HttpDependencies
}): Demand => ({
  ...answer,
  required: withSignedOffers({
    required: answer.required,
    validUntil: Math.floor(quote.expiresAtMs / 1_000),
    privateKey,
  }),
})
