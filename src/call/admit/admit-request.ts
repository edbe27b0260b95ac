import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { CallPayment, Hex } from '../../payment/types.ts'
import type { FundOutcome } from '../../settlement/fund.ts'
import type { Corrective } from '../plan/demand.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { AdmittedCall, PlannedCall } from '../types.ts'

export type AdmitResult =
  | { readonly kind: 'admitted'; readonly call: AdmittedCall }
  /** A 402 that lets the client sign again from the channel's true state. */
  | { readonly kind: 'corrective'; readonly corrective: Corrective }

/** What each scheme's way of admission is given. */
export type AdmitRequest<Payment extends CallPayment = CallPayment> = {
  readonly planned: PlannedCall
  readonly payment: Payment
  /** The nonce of the quote that a corrective 402 would carry. */
  readonly freshQuoteNonce: string
  readonly dependencies: CallDependencies
}

/** The call in the form in which it was let in. */
export const admittedAs = ({
  planned,
  ...rest
}: {
  readonly planned: PlannedCall
} & Pick<AdmittedCall, 'admission' | 'payment' | 'fundingTransaction' | 'channel'>): AdmittedCall => ({
  ...planned,
  ...rest,
})

/** A hold that its account cannot carry. */
export const insufficientFunds = (availableAtomic: bigint) =>
  new TurnpikeError('insufficient_funds', { extra: { available: availableAtomic.toString() } })

/**
 * Brings a payment on chain. Where that breaks off nobody knows how far it came, so it is pending, never unavailable: the same
 * payment again finds it.
 */
export const fundOrPending = ({
  payment,
  dependencies,
}: Pick<AdmitRequest, 'payment' | 'dependencies'>): Promise<FundOutcome> =>
  dependencies.fund(payment).catch((cause: unknown) => {
    throw cause instanceof TurnpikeError ? cause : settlementPending({ cause })
  })

/** The money is here and nobody knows yet what of: the same payment again finds it, a fresh one would be a second. */
export const settlementPending = ({ transaction, cause }: { transaction?: Hex; cause?: unknown } = {}) =>
  new TurnpikeError('settlement_pending', {
    retryAfterMs: 2_000,
    headers: { 'x-should-retry': 'false' },
    ...(transaction ? { extra: { transaction } } : {}),
    ...(cause === undefined ? {} : { cause }),
  })
