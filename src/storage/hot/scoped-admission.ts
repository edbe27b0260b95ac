import type { BudgetTerms } from '../../call/budget-ports.ts'
import type { Admission } from '../../call/types.ts'

/** A hold with its account's row id. */
export type Scope = {
  readonly accountId: bigint
  readonly account: string
  readonly amount: bigint
  /** The scope counts pico-USD, not atomic units of the payment's token. */
  readonly isUsd: boolean
  /** The scope is the channel that the call's voucher is about. */
  readonly isChannel: boolean
  /** The scope counts no money. */
  readonly counts?: 'tokens' | 'requests'
  readonly budget?: BudgetTerms
  /** Exposure accounts: what the account's limit becomes. */
  readonly exposureLimit?: bigint
  /** Channels: what may be charged or held and not claimed. */
  readonly unclaimedLimit?: bigint
}

/** An admission whose scopes are known to have balance rows. */
export type ScopedAdmission = {
  readonly admission: Admission
  readonly scopes: readonly Scope[]
  readonly instance: string
}
