import type { Catalog } from '../catalog/types.ts'
import type { SignatureCheck } from '../payment/signing/signature.ts'
import type { Atomic } from '../lib/money.ts'
import type {
  Address,
  Asset,
  CallPayment,
  ExactPayment,
  Network,
  Terms,
  VoucherPayment,
} from '../payment/types.ts'
import type { WithheldOf } from '../payment/withheld.ts'
import type { Reach } from '../settlement/crash-points.ts'
import type { FundOutcome } from '../settlement/fund.ts'
import type { SponsorApproval } from '../settlement/sponsored/sponsor-approval.ts'
import type { SponsorPermit } from '../settlement/sponsored/sponsor-permit.ts'
import type { BudgetStore } from './budget-ports.ts'
import type { BudgetQueue } from './budgets/queue.ts'
import type { AlertSink } from './outbox-ports.ts'
import type { Authentication } from './caller/authenticate.ts'
import type { MakeVoucher } from './caller/make-voucher.ts'
import type { RulesCache } from './caller/rules-cache.ts'
import type { CallerRules, RateStore } from './rules-ports.ts'
import type { CallStore, Clock, PayerMirror, Upstreams } from './ports.ts'
import type { RoutingKnowledge } from './plan/route-by-size.ts'
import type { Admission } from './types.ts'
import type { Turns } from './serve/turns.ts'
import type { HealthWatch } from './serve/watch-health.ts'

/** What binds callers, and where their calls are counted. */
export type GovernedDependencies = Authentication & {
  readonly rules: RulesCache
  readonly makeVoucher: MakeVoucher
  readonly budgets: BudgetStore
  readonly rates: RateStore
  readonly queue: BudgetQueue
  readonly alerts: AlertSink
  /** Tells, once a call is captured, what of rolling budgets it has reached. */
  readonly tellRolling: (admission: Pick<Admission, 'holds'>) => Promise<void>
  /** @throws TurnpikeError `wallet_denied` */
  readonly passWallet: (wallet: { readonly address: Address; readonly rules: CallerRules }) => Promise<void>
}

/** Everything that the story of a call needs from outside, joined once by app.ts. */
export type CallDependencies = RoutingKnowledge & {
  readonly catalog: Catalog
  readonly terms: Terms
  /** What is not taken at the moment, although the terms have it. */
  readonly withheldOf: WithheldOf
  readonly marginBps: number
  readonly defaultOutputTokens: number
  /** Signs quotes and hashes requests. */
  readonly secret: string
  readonly signatures: SignatureCheck
  readonly store: CallStore
  readonly upstreams: Upstreams
  readonly health: HealthWatch
  readonly mirrorOf: (network: Network) => PayerMirror | undefined
  readonly fund: (payment: CallPayment, options?: { isTopUp: boolean }) => Promise<FundOutcome>
  /** Where the operator pays for permits of payers without an allowance. */
  readonly sponsorPermit?: SponsorPermit
  /** Where it pays for their signed approvals. */
  readonly sponsorApproval?: SponsorApproval
  /** Whether a payment was received before. Only asked where one of the two is there. */
  readonly isFundingKnown?: (payment: ExactPayment | VoucherPayment) => Promise<boolean>
  /** What a payer has with us in one token and has not promised. */
  readonly getCredit: (query: { asset: Asset; payer: Address }) => Promise<Atomic>
  /** Tells the queue that there is something to settle; only a hint. */
  readonly wake: () => void
  /** True while nothing can be recorded: then nobody is asked to pay, and nothing is served. */
  readonly isStorageAway: () => boolean
  readonly turns: Turns
  readonly governed: GovernedDependencies
  readonly clock: Clock
  readonly reach: Reach
}
