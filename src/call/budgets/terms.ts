import {
  applicableBudgets,
  type ApplicableBudget,
  scopeOf,
} from '../../governance/budgets/applicable-budgets.ts'
import type { Scope } from '../../governance/budgets/admit.ts'
import { amountOf, type Budget, type Metric } from '../../governance/budgets/types.ts'
import type { Attribution } from '../../governance/hierarchy/attribution.ts'
import { ACCOUNTS, REQUESTS_LEDGER, TOKENS_LEDGER, USD_LEDGER } from '../../ledger/accounts.ts'
import type { PicoUsd } from '../../lib/money.ts'
import type { BudgetTerms } from '../budget-ports.ts'
import type { Admission, Hold, PlannedCall } from '../types.ts'
import { amountsOf } from './amounts.ts'

/** The budgets of one call at one moment. */
export type DueBudgets = {
  /** Those that count over calls: held in the ledger. */
  readonly terms: readonly BudgetTerms[]
  /** Limits of each call by itself: nothing is ever counted in them. */
  readonly single: readonly Scope[]
}

const LEDGERS: Readonly<Record<Metric, string>> = {
  usd: USD_LEDGER,
  tokens: TOKENS_LEDGER,
  requests: REQUESTS_LEDGER,
}

const NOTHING = { spent: 0n, held: 0n }

const isSingle = ({ budget }: ApplicableBudget) => budget.window === 'request'

function termsOf(applicable: ApplicableBudget): BudgetTerms {
  const { budget, window } = applicable
  const { spent: _spent, held: _held, ...scope } = scopeOf({ applicable, sums: NOTHING })
  return {
    ...scope,
    organizationId: budget.organizationId,
    version: budget.version,
    thresholdsPercent: budget.thresholdsPercent,
    ...(budget.opens ? { opens: true as const } : {}),
    ...(typeof budget.window === 'object' ? { rollingFromMs: window.fromMs } : {}),
  }
}

/** The budgets that bind a call now, widest first, as {@link applicableBudgets} orders them. */
export function dueBudgets({
  budgets,
  attribution,
  atMs,
}: {
  budgets: readonly Budget[]
  attribution: Attribution
  atMs: number
}): DueBudgets {
  const due = applicableBudgets({ budgets, attribution, atMs })
  return {
    terms: due.filter((one) => !isSingle(one)).map(termsOf),
    single: due.filter(isSingle).map((applicable) => scopeOf({ applicable, sums: NOTHING })),
  }
}

/** What a form of a call holds of its budgets, beside what it holds of its payer's money. */
export function budgetHolds({
  planned,
  feePicoUsd,
  atMs,
}: {
  planned: PlannedCall
  feePicoUsd: PicoUsd
  atMs: number
}): readonly Hold[] {
  const { caller, budgets } = planned
  if (!caller || !budgets) return []
  const amounts = amountsOf({ planned, feePicoUsd })
  const { terms } = dueBudgets({ budgets: budgets.budgets, attribution: caller.attribution, atMs })
  return terms.map((budget) => ({
    ledger: LEDGERS[budget.metric],
    account: ACCOUNTS.budget(budget),
    amount: amountOf({ amounts, metric: budget.metric }),
    budget,
  }))
}

const counterName = ({ ledger, account }: Pick<Hold, 'ledger' | 'account'>) => `${ledger} ${account}`

/** The counters of a call by name: who waits for one and who frees it mean the same. */
export const countersOf = ({ holds }: Pick<Admission, 'holds'>): readonly string[] =>
  holds.flatMap((hold) => (hold.budget ? [counterName(hold)] : []))

/** The counters of budgets that stand in the way, by the same names. */
export const countersIn = (scopes: readonly Scope[]): readonly string[] =>
  scopes.map((scope) => counterName({ ledger: LEDGERS[scope.metric], account: ACCOUNTS.budget(scope) }))
