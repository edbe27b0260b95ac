import type { EffectivePolicy } from '../governance/policies/effective-policy.ts'
import type { PolicyRouting } from '../governance/policies/policy-routing.ts'
import type { Attribution } from '../governance/hierarchy/attribution.ts'
import type { Budget } from '../governance/budgets/types.ts'
import type { Organization, Principal, Unit } from '../governance/hierarchy/types.ts'
import type { ApiKey } from '../governance/keys/types.ts'
import type { Policy } from '../governance/policies/types.ts'
import type { RatesTaken } from '../governance/rates/take-rates.ts'
import type { Grant } from '../governance/roles/may-do.ts'
import type { VoucherLevel } from '../governance/vouchers/check-voucher.ts'
import type { Address } from '../payment/types.ts'
import type { RateLimit, Wallet } from './admin-ports.ts'

/** Everything that binds a caller, as it stood at one moment. */
export type CallerRules = {
  /** Absent: a wallet of nobody's, in the unit `public`. */
  readonly organization?: Organization
  readonly unit: Unit
  readonly principal: Principal
  readonly key?: ApiKey
  /** Where the caller has not the key itself, but a voucher of it: from the one that was handed out to the narrowest. */
  readonly voucher?: { readonly levels: readonly [VoucherLevel, ...VoucherLevel[]] }
  /** Where the principal is a wallet that was linked or screened. */
  readonly wallet?: Wallet
  /** Of the principal. */
  readonly grants: readonly Grant[]
  /** The four that follow: what hangs on the organisation, the units of the path, the principal, the key; nothing that is archived. */
  readonly policies: readonly Policy[]
  readonly budgets: readonly Budget[]
  readonly rates: readonly RateLimit[]
}

/** Who calls: read often and changed seldom, so callers keep what they read until a change is told. */
export type RulesStore = {
  /** By a key's id, over all tenants: whose it is comes out of the row. A key of something that is archived is a revoked one. */
  readonly getByKey: (keyId: string) => Promise<CallerRules | undefined>
  /** Of somebody who is signed in, archived or not. */
  readonly getByPrincipal: (principalId: string) => Promise<CallerRules | undefined>
  /** Of a wallet nobody knows: a principal of the unit `public` whose id is the address, with what is set for all of `public`. */
  readonly getByWallet: (address: Address) => Promise<CallerRules>
  /**
   * Organisations (`public` is one) that were changed since a moment, each with a number that grows with every change. How long ago that moment
   * was is measured on the database's clock, and changes of some time before it may be told again.
   */
  readonly listChanged: (query: {
    readonly sinceMs: number
  }) => Promise<readonly { readonly organizationId: string; readonly sequence: number }[]>
}

/** Rates, exact over all instances. */
export type RateStore = {
  /** One call's share of every limit, or of none. Tokens at the worst case. */
  readonly take: (query: {
    readonly callId: string
    readonly limits: readonly RateLimit[]
    readonly amounts: { readonly requests: number; readonly tokens: number }
    readonly nowMs: number
    /** By then a call that runs has ended. */
    readonly untilMs: number
  }) => Promise<RatesTaken>
  /** Ends a call: its place is free, and tokens that it did not use are given back. The second time does nothing. */
  readonly end: (query: {
    readonly callId: string
    readonly limits: readonly RateLimit[]
    readonly unusedTokens: number
    readonly nowMs: number
  }) => Promise<void>
}

/** What an organisation has with us, in USD. */
export type OrganizationMoney = {
  readonly getBalance: (organizationId: string) => Promise<{
    readonly availablePicoUsd: bigint
    readonly heldPicoUsd: bigint
    readonly spentPicoUsd: bigint
  }>
}

/** Whose rules bind a call, and what they come to. It is frozen with the call: a change binds the next one. */
export type GovernedCaller = {
  readonly rules: CallerRules
  readonly attribution: Attribution
  readonly policy: EffectivePolicy
  /** The policy as levels below what the request says of its route. */
  readonly routing: readonly PolicyRouting[]
  /** The wallet that pays, where it has shown that it does. */
  readonly payer?: Address
}

/**
 * Who a request says it is, by its Authorization header; undefined where there is no key of ours in it.
 *
 * @throws TurnpikeError `key_invalid`, `key_expired`, `key_revoked`, `key_wrong_environment`; of vouchers `voucher_invalid`, `voucher_expired`,
 * `voucher_revoked`, and `voucher_calls_only` where only keys are taken.
 */
export type Authenticate = (authorization: string | undefined) => Promise<CallerRules | undefined>
