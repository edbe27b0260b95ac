import type { Endpoint } from '../catalog/types.ts'
import type { HealthWatch } from './watch-health.ts'

/** Who is asked next, or when the first of those that are left may be. */
export type Next =
  | { readonly kind: 'ask'; readonly endpoint: Endpoint }
  | { readonly kind: 'none'; readonly retryAtMs?: number }

/** How far an endpoint is from the one that has just failed: another provider, then another region, then its neighbours. */
function nearness(endpoint: Endpoint, failed: Endpoint | undefined): number {
  if (!failed || endpoint.providerId !== failed.providerId) return 0
  return endpoint.region === failed.region ? 2 : 1
}

/** Whether it can be asked as usual: neither open, nor half-open, nor waiting. */
export function isUsual({ endpoint, health }: { endpoint: Endpoint; health: HealthWatch }): boolean {
  const { id: endpointId, providerId } = endpoint
  const { circuit, retryAtMs } = health.of({ endpointId, providerId, inputTokens: 0 })
  return circuit === 'closed' && retryAtMs === undefined
}

/**
 * The next endpoint of a plan, in the plan's order; after a failure preferably one that does not share its cause. A half-open one
 * gets this call as its probe where another could step in, or where there is none that is better.
 *
 * @param left those that have not been asked. @param budgetAfter attempts that would be left if one more is made.
 */
export function nextCandidate({
  left,
  failed,
  budgetAfter,
  health,
}: {
  left: readonly Endpoint[]
  failed?: Endpoint | undefined
  budgetAfter: number
  health: HealthWatch
}): Next {
  const inOrder = failed ? left.toSorted((a, b) => nearness(a, failed) - nearness(b, failed)) : left
  let retryAtMs: number | undefined
  for (const endpoint of inOrder) {
    const hasBetter = left.some((other) => other !== endpoint && isUsual({ endpoint: other, health }))
    const entrance = health.enter({ endpointId: endpoint.id, mayProbe: !hasBetter || budgetAfter > 0 })
    if (entrance.kind !== 'wait') return { kind: 'ask', endpoint }
    retryAtMs = Math.min(retryAtMs ?? Infinity, entrance.retryAtMs)
  }
  return { kind: 'none', ...(retryAtMs === undefined ? {} : { retryAtMs }) }
}
