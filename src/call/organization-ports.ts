import type { PicoUsd } from '../lib/money.ts'
import type { AdminCommit } from './admin-ports.ts'
import type { OrganizationMoney } from './rules-ports.ts'

/** Who moves money, through what and when: for the audit log, which has it in the same commit. */
export type MoneyMover = Pick<AdminCommit, 'actor' | 'via' | 'requestId' | 'addressDigest' | 'atMs'>

/** What an operator does with an organisation's balance. */
export type MoneyOrder = MoneyMover & {
  readonly organizationId: string
  /** Above zero. */
  readonly amountPicoUsd: PicoUsd
  /** The same key with the same amount again does nothing, for ever. */
  readonly idempotencyKey: string
}

/** What came of a payer's money that is to become its organisation's. */
export type PayerCredited =
  | { readonly kind: 'credited'; readonly isRepeat: boolean; readonly amountPicoUsd: PicoUsd }
  /** No `exact` payment of that id has been seen on chain. */
  | { readonly kind: 'not_seen' }
  /** The payer has spent some of it meanwhile: it stays the payer's. */
  | { readonly kind: 'spent'; readonly availableAtomic: bigint }

/** The balances of organisations: how money comes into them and leaves them. Calls hold and spend it through the call store. */
export type OrganizationStore = OrganizationMoney & {
  /**
   * Against an invoice, by the operator.
   *
   * @throws TurnpikeError `idempotency_conflict`; `invalid_governance_value` where there is no such organisation that is not archived.
   */
  readonly topUp: (order: MoneyOrder) => Promise<{ readonly isRepeat: boolean }>
  /**
   * Takes back at most what is available.
   *
   * @throws TurnpikeError as {@link OrganizationStore.topUp}, but an archived organisation may be paid out; `withdrawal_above_balance`.
   */
  readonly withdraw: (order: MoneyOrder) => Promise<{ readonly isRepeat: boolean }>
  /**
   * Makes a payer's `exact` payment its organisation's, whole, once: 1 USDC = 1 USDT = 1 USD.
   *
   * @param credit.decimals of the token that was paid.
   * @throws TurnpikeError as {@link OrganizationStore.topUp}.
   */
  readonly creditFromPayer: (
    credit: MoneyMover & {
      readonly organizationId: string
      readonly fundingId: string
      readonly decimals: number
    },
  ) => Promise<PayerCredited>
}
