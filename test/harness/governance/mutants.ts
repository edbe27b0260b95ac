import type { Edit } from '../mutant-hooks.ts'

/** Bugs that other routers have, or had: each must show in a cell. */
export const MUTANTS: Readonly<Record<string, readonly Edit[]>> = {
  'calls are checked first and charged afterwards': [
    {
      file: 'src/call/budgets/terms.ts',
      from: '    amount: amountOf({ amounts, metric: budget.metric }),\n',
      to: '    amount: amountOf({ amounts, metric: budget.metric }) / 100n,\n',
    },
  ],
  'a budget that is full lets calls through': [
    {
      file: 'src/storage/hot/admit-group.ts',
      from: 'j.is_whole and (not j.is_hard or j.total = 0 or j.total <= j.budget_limit - j.debits_posted - j.debits_pending) as fits',
      to: 'true as fits',
    },
    {
      file: 'src/storage/governed/judge-budgets.ts',
      from: "if (verdict.kind !== 'admitted') return { kind: 'over_budget', scopes: budgets }",
      to: "if (verdict.kind !== 'admitted') return { kind: 'admitted' }",
    },
  ],
  'each process keeps its own counters': [
    {
      file: 'src/call/budgets/terms.ts',
      from: '    account: ACCOUNTS.budget(budget),\n',
      to: '    account: ACCOUNTS.budget({ ...budget, windowId: `${budget.windowId}-${process.pid}` }),\n',
    },
  ],
}
