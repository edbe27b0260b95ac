import { LIMITS } from '../lib/limits.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { FilterHit } from './ranking/count-hits.ts'
import { FILTER_REASONS, type FilterReason } from './table/filter-reasons.ts'
import type { EndpointHealth } from './health/endpoint-health.ts'
import type { Ranked } from './ranking/rank-candidates.ts'

const onlyBy = (hits: readonly FilterHit[], ...reasons: readonly FilterReason[]) =>
  hits.every(({ code }) => reasons.includes(code))

/**
 * Why nobody may answer: for a model that was named the one thing that is wrong with it, else every filter and how many endpoints it
 * kept out.
 *
 * @param unsupported a field that no seller's dialect can honour.
 */
export function emptyPool({
  hits,
  unsupported = '',
}: {
  hits: readonly FilterHit[]
  unsupported?: string | undefined
}): TurnpikeError {
  if (onlyBy(hits, 'not_reachable')) return new TurnpikeError('model_not_configured', { param: 'model' })
  if (onlyBy(hits, 'not_reachable', 'unpriced'))
    return new TurnpikeError('unpriced_model', { param: 'model' })
  if (onlyBy(hits, 'not_reachable', 'unpriced', 'unsupported_field'))
    return new TurnpikeError('unsupported_field', {
      param: unsupported,
      message: `No provider of that model takes ${unsupported}.`,
    })
  const counted = hits.map(({ code, count }) => `${code} (${count}: ${FILTER_REASONS[code]})`)
  return new TurnpikeError('no_candidates', {
    message: `Every endpoint was filtered out: ${counted.join('; ')}.`,
    extra: { filters: hits },
  })
}

/** Everybody who could answer has just failed. @param nowMs to say when the first of them is tried again. */
export function endpointsDown({
  resting,
  nowMs,
}: {
  resting: readonly EndpointHealth[]
  nowMs: number
}): TurnpikeError {
  const waits = resting.map(({ retryAtMs }) =>
    retryAtMs === undefined ? LIMITS.endpointsDownMs : Math.max(1_000, retryAtMs - nowMs),
  )
  return new TurnpikeError('all_endpoints_down', {
    retryAfterMs: Math.min(...waits),
    extra: { endpoints: resting.length },
  })
}

/** The best that there is falls short. */
export function floorUnmet({ best, minQuality }: { best: Ranked; minQuality: number }): TurnpikeError {
  const { row, inputs } = best
  const quality = Number(inputs.quality.toFixed(4))
  return new TurnpikeError('quality_floor_unmet', {
    param: 'plugins',
    message: `No model here is estimated at ${minQuality} or above; the best available is ${row.model.id} at ${quality}.`,
    extra: { best: { model: row.model.id, quality } },
  })
}
