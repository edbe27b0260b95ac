import type { UpstreamEnd } from '../../chat/types.ts'
import { toUpstreamBody } from '../../chat/upstream-body.ts'
import { addUsage, inputTokens, NO_USAGE, writtenTokens } from '../../chat/usage.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { chargeOf } from '../../pricing/charge.ts'
import { costOf } from '../../pricing/cost.ts'
import { marginOf } from '../../pricing/margin.ts'
import { type Continued, continueCall, type Leg, legPicoUsd } from './continue-call.ts'
import type { CallDependencies } from '../dependencies.ts'
import { lostCostOf } from './lost-cost.ts'
import { createMeter, type Meter } from './meter.ts'
import { createSaidText } from './said-text.ts'
import { sessionKeyOf } from '../plan/session-key.ts'
import type { PartSink } from './try-endpoint.ts'
import type { AdmittedCall, Capture, FinishedCall, Outcome } from '../types.ts'
import { type AttemptRows, walkPlan } from './walk-plan.ts'

type Dispatch = {
  readonly call: AdmittedCall
  /** Aborted when the caller hangs up or the call's time is over. */
  readonly signal: AbortSignal
  readonly onPart: PartSink
  /** Where the caller of this wants to know afterwards what was delivered. */
  readonly meter?: Meter
  readonly dependencies: CallDependencies
}

/**
 * Walks the plan: the next candidate is tried only while no content has been handed on; after that a broken stream is gone on with
 * only where the caller asked for it. Then reads what was used and what it costs. Never throws for a provider's fault: a call that
 * was admitted has to be recorded, whatever happened.
 */
export async function dispatchCall(dispatch: Dispatch): Promise<FinishedCall> {
  const { call, dependencies, meter = createMeter({ request: call.request }) } = dispatch
  const startedAtMs = dependencies.clock.nowMs()
  dependencies.reach('forwarded')
  const rows: AttemptRows = { count: 1, first: call.candidates[0], lost: [] }
  const done = await answer({ ...dispatch, meter, rows })
  const { ended, earlier } = done
  const lostPicoUsd = await lostCostOf({ ...rows, ...meter })
  const capture = captureOf({ call, done, lostPicoUsd, meter, startedAtMs, dependencies })
  noteCaches({ call, done, dependencies })
  return {
    ...call,
    capture,
    ...(ended.failure ? { failure: ended.failure } : {}),
    ...(earlier.length > 0 ? { continuations: earlier.length } : {}),
  }
}

async function answer({
  call,
  meter,
  onPart,
  rows,
  ...rest
}: Dispatch & { meter: Meter; rows: AttemptRows }): Promise<Continued> {
  const { upstreams, health } = rest.dependencies
  const { request, outputCap, candidates } = call
  const said = call.continues ? createSaidText() : undefined
  health.budget.addCall()
  const broken = await walkPlan({
    ...rest,
    call,
    candidates,
    rows,
    bodyFor: (endpoint) =>
      toUpstreamBody({
        request,
        upstreamModel: endpoint.upstreamModel,
        outputCap,
        dialect: upstreams.dialectOf(endpoint),
      }),
    onPart: (part) => {
      said?.add(part)
      meter.add(part)
      return onPart(part)
    },
  })
  const first = await meter.read(broken.end)
  if (!said || broken.end?.outcome !== 'interrupted')
    return { ended: broken, last: { endpoint: broken.endpoint, ...first }, earlier: [] }
  return continueCall({
    ...rest,
    call,
    broken,
    first,
    said,
    rows,
    inputTokens: meter.inputTokens,
    onPart: (part) => {
      meter.add(part)
      return onPart(part)
    },
  })
}

function captureOf({
  call,
  done: { ended, last, earlier },
  lostPicoUsd,
  meter,
  startedAtMs,
  dependencies,
}: {
  call: AdmittedCall
  done: Continued
  lostPicoUsd: PicoUsd
  meter: Meter
  startedAtMs: number
  dependencies: CallDependencies
}): Capture {
  const { clock, marginBps } = dependencies
  const { endpoint } = last
  const { end, failure } = ended
  const { admission } = call
  const legs = [...earlier, last]
  const isDelivered = meter.hasContent()
  const outcome = outcomeOf({ end, isDelivered })
  const costPicoUsd = legs.reduce((sum, leg) => sum + costOfLeg(leg), lostPicoUsd)
  const charge = isDelivered
    ? chargeOf({
        costPicoUsd: costOfLeg(last),
        marginBps: marginOf({ endpoint, marginBps }),
        earlierPicoUsd: earlier.reduce((sum, leg) => sum + legPicoUsd({ leg, marginBps }), 0n),
        ...admission,
        ...(call.budgets ? { limitPicoUsd: call.ceilingPicoUsd + admission.feePicoUsd } : {}),
      })
    : { chargeAtomic: 0n, chargePicoUsd: 0n }
  const nowMs = clock.nowMs()
  return {
    callId: call.callId,
    outcome,
    ...charge,
    costPicoUsd,
    usage: legs.map(({ usage }) => usage).reduce(addUsage, NO_USAGE),
    usageEstimated: legs.some(({ isEstimated }) => isEstimated),
    endpointId: endpoint.id,
    providerId: endpoint.providerId,
    ...(end?.finishReason === undefined ? {} : { finishReason: end.finishReason }),
    ...(failure === undefined ? {} : { errorCode: failure.code }),
    ...(end?.firstContentMs === undefined ? {} : { firstContentMs: Math.round(end.firstContentMs) }),
    delivered: outcome === 'completed' || outcome === 'interrupted',
    totalMs: Math.max(0, nowMs - startedAtMs),
    atMs: nowMs,
  }
}

const costOfLeg = ({ endpoint: { prices }, usage }: Leg) => (prices ? costOf({ usage, prices }) : 0n)

function outcomeOf({ end, isDelivered }: { end: UpstreamEnd | undefined; isDelivered: boolean }): Outcome {
  if (!end) return isDelivered ? 'interrupted' : 'failed'
  return end.outcome
}

/** What is in an endpoint's cache by its own word: worth staying for. Nobody caches a short input, so those are not even looked at. */
function noteCaches({
  call: { request },
  done: {
    last: { endpoint, usage },
  },
  dependencies: { health, secret },
}: {
  call: AdmittedCall
  done: Continued
  dependencies: CallDependencies
}): void {
  if (request.kind !== undefined || inputTokens(usage) < LIMITS.cachedInputTokens) return
  health.noteCache({
    sessionKey: sessionKeyOf({ request, secret }),
    endpointId: endpoint.id,
    cachedTokens: usage.cacheRead + writtenTokens(usage),
  })
}
