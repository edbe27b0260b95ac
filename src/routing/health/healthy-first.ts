import type { Endpoint } from '../../catalog/types.ts'
import type { HealthView } from './endpoint-health.ts'

type Order<Candidate> = readonly [Candidate, ...Candidate[]]

/**
 * The candidates in their order, those that may not be asked now last. A half-open one keeps its place: who is first there may be its
 * probe.
 *
 * @returns `retryAtMs` only where none may be asked: when the first of them may.
 */
export function healthyFirst<Candidate extends Endpoint>({
  candidates,
  health,
  inputTokens,
}: {
  candidates: Order<Candidate>
  health: HealthView
  inputTokens: number
}): { readonly order: Order<Candidate>; readonly retryAtMs?: number } {
  const retryAt = new Map<Candidate, number>()
  for (const endpoint of candidates) {
    const { id: endpointId, providerId } = endpoint
    const { retryAtMs } = health.of({ endpointId, providerId, inputTokens })
    if (retryAtMs !== undefined) retryAt.set(endpoint, retryAtMs)
  }
  if (retryAt.size === 0) return { order: candidates }
  const awake = candidates.filter((endpoint) => !retryAt.has(endpoint))
  const asleep = candidates.filter((endpoint) => retryAt.has(endpoint))
  const [first, ...rest] = [...awake, ...asleep]
  const order: Order<Candidate> = first ? [first, ...rest] : candidates
  return awake.length > 0 ? { order } : { order, retryAtMs: Math.min(...retryAt.values()) }
}
