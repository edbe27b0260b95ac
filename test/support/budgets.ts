import type { BudgetTerms } from '../../src/call/budget-ports.ts'
import type { Hold } from '../../src/call/types.ts'
import type { Amounts } from '../../src/governance/budgets/types.ts'
import { amountOf } from '../../src/governance/budgets/types.ts'
import { ACCOUNTS } from '../../src/ledger/accounts.ts'

/** A budget of this month at an organisation, unless `over` says otherwise. */
export const termsOf = (over: Partial<BudgetTerms> & { readonly budgetId: string }): BudgetTerms => ({
  level: 'organization',
  levelId: 'acme',
  metric: 'usd',
  mode: 'hard',
  windowId: 'month:2027-01-01',
  resetsAtMs: Date.UTC(2027, 1, 1),
  limit: 10_000_000_000n,
  organizationId: 'acme',
  version: 1,
  thresholdsPercent: [],
  ...over,
})

/** The hold of one call on one budget. */
export const holdOn = ({ terms, amount }: { terms: BudgetTerms; amount: bigint }): Hold => ({
  ledger: terms.metric,
  account: ACCOUNTS.budget(terms),
  amount,
  budget: terms,
})

export const holdsOn = (budgets: readonly BudgetTerms[], amounts: Amounts): readonly Hold[] =>
  budgets.map((terms) => holdOn({ terms, amount: amountOf({ amounts, metric: terms.metric }) }))

/** What a call takes of the budgets that a process is killed over. */
export const KILL_AMOUNTS: Amounts = { chargePicoUsd: 1_000_000_000n, tokens: 100n, requests: 1n }

/** The first is so narrow that calls wait for one another: the kill comes while the limit is reached. */
export const KILL_BUDGETS = [
  termsOf({ budgetId: 'kill-usd', limit: 30n * KILL_AMOUNTS.chargePicoUsd }),
  termsOf({ budgetId: 'kill-unit', level: 'unit', levelId: 'sales', limit: 10n ** 20n }),
  termsOf({ budgetId: 'kill-tokens', metric: 'tokens', limit: 10n ** 12n }),
  termsOf({ budgetId: 'kill-requests', metric: 'requests', limit: 10n ** 9n }),
]
