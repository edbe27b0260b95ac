import { type Budget, BUDGET_DEFAULTS } from '../budgets/types.ts'
import type { Policy } from '../policies/types.ts'
import type { Authority } from '../roles/may-do.ts'
import type { VoucherLevel } from './check-voucher.ts'

/** Whoever makes a link sets what it says. */
const OWN: Authority = { unitPath: [], reach: 'own' }

/**
 * What the links of a voucher add to the rules of its key, each at its own level. A limit is a hard budget for as long as the voucher lives, so
 * what is below spends within what is above, and the store's ordinary holds see to it; nothing but the sums is ever stored. Nobody is told of
 * thresholds: an agent may hand out thousands.
 */
export function voucherRules({
  levels,
  organizationId,
}: {
  levels: readonly VoucherLevel[]
  organizationId: string | null
}): { readonly budgets: readonly Budget[]; readonly policies: readonly Policy[] } {
  const owned = { organizationId, setBy: OWN, version: 1 }
  const budgets: Budget[] = []
  const policies: Policy[] = []
  for (const { id, caveats } of levels) {
    const place = { level: 'voucher', id } as const
    const { maxPicoUsd, maxRequests, models } = caveats
    const total = { ...BUDGET_DEFAULTS, ...owned, place, window: 'total', thresholdsPercent: [] } as const
    if (maxPicoUsd !== undefined)
      budgets.push({ ...total, id: `voucher:${id}:usd`, metric: 'usd', limit: maxPicoUsd })
    if (maxRequests !== undefined)
      budgets.push({ ...total, id: `voucher:${id}:requests`, metric: 'requests', limit: BigInt(maxRequests) })
    if (models !== undefined)
      policies.push({ ...owned, id: `voucher:${id}:models`, place, rules: { allowedModels: models } })
  }
  return { budgets, policies }
}
