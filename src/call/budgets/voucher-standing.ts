import type { VoucherLevel } from '../../governance/vouchers/check-voucher.ts'
import { voucherRules } from '../../governance/vouchers/voucher-rules.ts'
import type { BudgetStore } from '../budget-ports.ts'
import { dueBudgets } from './terms.ts'

/** What is gone of one limit, in its unit, and what calls under way may still take. */
type Sums = { readonly spent: bigint; readonly held: bigint }

/** A level of a voucher, and how its limits stand. */
export type VoucherStanding = VoucherLevel & { readonly usd?: Sums; readonly requests?: Sums }

/** How a voucher stands, level by level. It may be old at once: only a hold is sure. */
export async function voucherStanding({
  levels,
  organizationId,
  store,
  atMs,
}: {
  levels: readonly VoucherLevel[]
  organizationId: string | null
  store: BudgetStore
  atMs: number
}): Promise<readonly VoucherStanding[]> {
  const { budgets } = voucherRules({ levels, organizationId })
  const attribution = levels.map(({ id }) => ({ level: 'voucher', id }) as const)
  const { terms } = dueBudgets({ budgets, attribution, atMs })
  const scopes = terms.length === 0 ? [] : await store.listScopes(terms)
  return levels.map((level) => {
    const sumsOf = (wanted: 'usd' | 'requests') =>
      scopes.find(({ levelId, metric }) => levelId === level.id && metric === wanted)
    const [usd, requests] = [sumsOf('usd'), sumsOf('requests')]
    return { ...level, ...(usd ? { usd } : {}), ...(requests ? { requests } : {}) }
  })
}
