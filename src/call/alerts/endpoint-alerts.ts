import { newEvent } from '../../governance/alerts/coalesce.ts'
import type { AlertEvent } from '../../governance/alerts/events.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { HealthRow } from '../ports.ts'

/** Whether an endpoint is down, as it was last told to all instances. */
export type EndpointFact = {
  readonly isDown: boolean
  readonly sinceMs: number
  /** The last word that it still is. */
  readonly seenMs: number
}

/**
 * What a circuit that has opened or closed means for what is known of its endpoint. Of many instances whose circuits open, the first makes
 * it known; one that opens again after a failed probe says nothing new.
 *
 * @param before undefined: nothing was ever told of it.
 * @returns undefined where nothing changes.
 */
export function endpointFact({
  before,
  circuit: { openUntilMs, changedAtMs },
}: {
  before: EndpointFact | undefined
  circuit: HealthRow['circuit']
}): EndpointFact | undefined {
  if (before && changedAtMs <= before.seenMs) return undefined
  const isDown = openUntilMs > 0
  // Nobody who knew it as down is there any more: what opens now is another time.
  const isForgotten = before?.isDown === true && changedAtMs - before.seenMs > LIMITS.healthKeptMs
  if (before?.isDown === isDown && !isForgotten)
    return isDown ? { ...before, seenMs: changedAtMs } : undefined
  if (!before && !isDown) return undefined
  return { isDown, sinceMs: changedAtMs, seenMs: changedAtMs }
}

/** The alert about such a change; undefined where it is only a later word on the same state. */
export function endpointAlert({
  before,
  after,
  row: { endpointId, success },
  model,
  provider,
  reasonCode,
}: {
  before: EndpointFact | undefined
  after: EndpointFact
  row: HealthRow
  model: string
  provider: string
  /** How the last attempt that failed has ended. */
  reasonCode: string
}): AlertEvent | undefined {
  if (before?.sinceMs === after.sinceMs) return undefined
  const common = { organizationId: null, cause: [endpointId, String(after.sinceMs)], atMs: after.sinceMs }
  const subject = { endpoint_id: endpointId, model, provider }
  if (!after.isDown)
    return newEvent({
      type: 'endpoint.up',
      ...common,
      data: { ...subject, down_ms: Math.max(0, after.sinceMs - (before?.sinceMs ?? after.sinceMs)) },
    })
  const failures = Math.max(1, Math.round(success.failures))
  return newEvent({
    type: 'endpoint.down',
    ...common,
    data: { ...subject, failures, reason_code: reasonCode },
  })
}
