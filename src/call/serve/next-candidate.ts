import type { Endpoint } from '../../catalog/types.ts'
import type { HealthWatch } from './watch-health.ts'

/** Who is asked next, or when the first of those that are left may be. */
export type Next =
  | { readonly kind: 'ask'; readonly endpoint: Endpoint }
  | { readonly kind: 'none'; readonly retryAtMs?: number }

/** How far an endpoint is from one that has failed: another provider, then another region, then its neighbours, itself last. */
function nearnessTo(endpoint: Endpoint, failed: Endpoint): number {
  if (endpoint.id === failed.id) return 3
  if (endpoint.providerId !== failed.providerId) return 0
  return endpoint.region === failed.region ? 2 : 1
}

const nearness = (endpoint: Endpoint, failed: readonly Endpoint[]) =>
  Math.max(...failed.map((one) => nearnessTo(endpoint, one)))

/** Whether it can be asked as usual: neither open, nor half-open, nor waiting. */
export function isUsual({ endpoint, health }: { endpoint: Endpoint; health: HealthWatch }): boolean {
  const { circuit, retryAtMs } = health.of({ endpointId: endpoint.id, inputTokens: 0 })
  return circuit === 'closed' && retryAtMs === undefined
}

/**
 * The next endpoint of a plan, in the plan's order; after a failure preferably one that does not share its cause. A half-open one
 * gets this call as its probe where another could step in, or where there is none that is better.
 *
 * @param left those that may be asked. @param failed those that have failed in this call. @param budgetAfter attempts that would be left if one more is made.
 */
export function nextCandidate({
  left,
  failed,
  budgetAfter,
  health,
}: {
  left: readonly Endpoint[]
  failed: readonly Endpoint[]
  budgetAfter: number
  health: HealthWatch
}): Next {
  const inOrder =
    failed.length > 0 ? left.toSorted((a, b) => nearness(a, failed) - nearness(b, failed)) : left
  let retryAtMs: number | undefined
  for (const endpoint of inOrder) {
    const hasBetter = left.some((other) => other !== endpoint && isUsual({ endpoint: other, health }))
    const entrance = health.enter({ endpointId: endpoint.id, mayProbe: !hasBetter || budgetAfter > 0 })
    if (entrance.kind !== 'wait') return { kind: 'ask', endpoint }
    retryAtMs = Math.min(retryAtMs ?? Infinity, entrance.retryAtMs)
  }
  return { kind: 'none', ...(retryAtMs === undefined ? {} : { retryAtMs }) }
}
