import type { Endpoint } from '../../catalog/types.ts'
import { errorSpec } from '../../lib/errors/registry.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { CallDependencies } from '../dependencies.ts'
import { hasRow } from './has-row.ts'
import { type LostAttempt, lostAttemptOf } from './lost-cost.ts'
import { isUsual, nextCandidate } from './next-candidate.ts'
import { type Attempted, type PartSink, tryEndpoint } from './try-endpoint.ts'
import type { AdmittedCall } from '../types.ts'

/** What has been tried for one call. */
export type AttemptRows = {
  /** Attempts that have their row: that of W1 counts, whose endpoint is `first` until something has been asked. */
  count: number
  first?: Endpoint
  /** Attempts that came to nothing and may cost us something: what is counted after the call. */
  readonly lost: LostAttempt[]
}

export type Walk = {
  readonly call: AdmittedCall
  readonly candidates: readonly Endpoint[]
  /** Those that have failed in this call before: this walk makes good for them. */
  readonly failed?: readonly Endpoint[]
  readonly bodyFor: (endpoint: Endpoint) => string
  /** Of the beginning that the body has, where there is one. */
  readonly prefixTokens?: number
  readonly signal: AbortSignal
  readonly onPart: PartSink
  readonly rows: AttemptRows
  readonly dependencies: CallDependencies
}

/**
 * Asks one candidate after the other until one has begun to answer. The first attempt of a call is free; each further one is taken from
 * the retry budget and has its row before it is made. Never throws for a provider's fault.
 *
 * @returns how the last attempt ended; without any, why there was none.
 */
export async function walkPlan(walk: Walk): Promise<Attempted> {
  const { call, candidates, signal, dependencies } = walk
  const { health } = dependencies
  const left = [...candidates]
  const failed = [...(walk.failed ?? [])]
  let last: Attempted | undefined
  let hasRepeated = false
  for (;;) {
    const again = hasRepeated ? undefined : secondChance({ walk, left, last })
    if (again) {
      hasRepeated = true
      left.push(again)
    }
    if (left.length === 0) break
    const isExtra = failed.length > 0
    if (isExtra && health.budget.left() === 0) return withoutBudget(walk, last)
    const budgetAfter = health.budget.left() - (isExtra ? 1 : 0)
    const next = nextCandidate({ left, failed, budgetAfter, health })
    if (next.kind === 'none') return last ?? nobody(walk, next.retryAtMs)
    const { endpoint } = next
    left.splice(left.indexOf(endpoint), 1)
    if (isExtra) health.budget.spend()
    const attempted = await attempt({ ...walk, endpoint, left })
    if (!attempted) return last ?? nobody(walk)
    last = attempted
    if (!isRepeatable(last, signal)) return last
    failed.push(endpoint)
  }
  return (
    last ?? { endpoint: call.candidates[0], failure: new TurnpikeError('upstream_error'), hasContent: false }
  )
}

/**
 * The endpoint that has just failed, once more, where nobody else of the plan can be asked now: of what fails by chance the next try is
 * mostly good. Not where it said that it is too much, or took too long, nor where it is down; and a plan of one endpoint is its provider's
 * word alone.
 */
function secondChance({
  walk: { candidates, signal, dependencies },
  left,
  last,
}: {
  walk: Walk
  left: readonly Endpoint[]
  last: Attempted | undefined
}): Endpoint | undefined {
  const { health } = dependencies
  if (candidates.length < 2 || last?.failure?.code !== 'upstream_error' || !isRepeatable(last, signal))
    return undefined
  const mayAsk = (endpoint: Endpoint) => isUsual({ endpoint, health })
  return left.some(mayAsk) || !mayAsk(last.endpoint) ? undefined : last.endpoint
}

/** One attempt with its row; undefined where the row could not be written: then it is not made. */
async function attempt({
  endpoint,
  left,
  ...walk
}: Walk & { endpoint: Endpoint; left: readonly Endpoint[] }): Promise<Attempted | undefined> {
  const { call, bodyFor, dependencies, rows } = walk
  const { store, clock, health } = dependencies
  const isRecorded = endpoint === rows.first
  delete rows.first
  if (hasRow(call) && !isRecorded) {
    const { id: endpointId, providerId, region } = endpoint
    rows.count += 1
    const row = { callId: call.callId, number: rows.count, endpointId, providerId, region }
    try {
      await store.appendAttempt({
        ...row,
        atMs: clock.nowMs(),
        estimatedCostPicoUsd: call.estimatePicoUsd,
      })
    } catch {
      // What was to be a probe is none.
      health.take({ endpointId, providerId, outcome: 'aborted', inputTokens: 0 })
      return undefined
    }
  }
  const canStepIn = () =>
    health.budget.left() > 0 && left.some((other) => isUsual({ endpoint: other, health }))
  const attempted = await tryEndpoint({ ...walk, endpoint, body: bodyFor(endpoint), canStepIn })
  const lost = lostAttemptOf({ ...walk, attempted })
  if (lost) rows.lost.push(lost)
  return attempted
}

/** Whether somebody else may be asked instead: the fault was the provider's, and the caller has seen nothing of it. */
const isRepeatable = ({ failure, hasContent }: Attempted, signal: AbortSignal) =>
  failure !== undefined && !hasContent && !signal.aborted && errorSpec(failure.code).retryable

/** Others might have answered, but too many calls are being tried twice already: the caller is told when to come back. */
function withoutBudget({ call }: Walk, last: Attempted | undefined): Attempted {
  const { endpoint, failure } = last ?? { endpoint: call.candidates[0], failure: undefined }
  const retryAfterMs = failure?.details.retryAfterMs ?? LIMITS.retryBudgetWaitMs
  const details = { ...failure?.details, retryAfterMs }
  return {
    endpoint,
    hasContent: false,
    failure: new TurnpikeError(failure?.code ?? 'upstream_error', details),
  }
}

function nobody({ call, dependencies: { clock } }: Walk, retryAtMs?: number): Attempted {
  const retryAfterMs = Math.max(1, (retryAtMs ?? clock.nowMs() + LIMITS.circuitOpenMs) - clock.nowMs())
  const failure = new TurnpikeError('all_endpoints_down', { retryAfterMs })
  return { endpoint: call.candidates[0], hasContent: false, failure }
}
