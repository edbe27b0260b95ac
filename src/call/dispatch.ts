import type { Endpoint } from '../catalog/types.ts'
import type { StreamPart, UpstreamEnd } from '../chat/types.ts'
import { toUpstreamBody } from '../chat/upstream-body.ts'
import { errorSpec } from '../lib/errors/registry.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { chargeOf } from '../pricing/charge.ts'
import { costOf } from '../pricing/cost.ts'
import { marginOf } from '../pricing/margin.ts'
import type { CallDependencies } from './dependencies.ts'
import { createMeter, type Meter } from './meter.ts'
import type { AdmittedCall, Capture, FinishedCall, Outcome } from './types.ts'

export type PartSink = (part: StreamPart) => void | Promise<void>

type Dispatch = {
  readonly call: AdmittedCall
  /** Aborted when the caller hangs up or the call's time is over. */
  readonly signal: AbortSignal
  readonly onPart: PartSink
  /** Where the caller of this wants to know afterwards what was delivered. */
  readonly meter?: Meter
  readonly dependencies: CallDependencies
}

/** How the upstream side of a call ended, whichever candidate it was. */
type Ended = { readonly endpoint: Endpoint; readonly end?: UpstreamEnd; readonly failure?: TurnpikeError }

/**
 * Walks the plan: the next candidate is tried only while no content has been handed on. Then reads what was used and what it
 * costs. Never throws for a provider's fault: a call that was admitted has to be recorded, whatever happened.
 */
export async function dispatchCall(dispatch: Dispatch): Promise<FinishedCall> {
  const { call, dependencies, meter = createMeter({ request: call.request }) } = dispatch
  const startedAtMs = dependencies.clock.nowMs()
  dependencies.reach('forwarded')
  const ended = await walkPlan({ ...dispatch, meter })
  const capture = await captureOf({ call, ended, meter, startedAtMs, dependencies })
  return { ...call, capture, ...(ended.failure ? { failure: ended.failure } : {}) }
}

async function walkPlan({ call, dependencies, ...rest }: Dispatch & { meter: Meter }): Promise<Ended> {
  const { store, clock } = dependencies
  let last: Ended | undefined
  for (const [index, endpoint] of call.candidates.entries()) {
    if (index > 0 && call.payment) {
      const { id: endpointId, providerId, region } = endpoint
      const estimatedCostPicoUsd = call.estimatePicoUsd
      const attempt = { callId: call.callId, number: index + 1, endpointId, providerId, region }
      try {
        await store.appendAttempt({ ...attempt, atMs: clock.nowMs(), estimatedCostPicoUsd })
      } catch {
        // Without its row an attempt is not made; what the attempt before it came to is the call's end.
        break
      }
    }
    last = await tryEndpoint({ call, dependencies, endpoint, ...rest })
    if (!last.failure || rest.meter.hasContent() || rest.signal.aborted) return last
    if (!errorSpec(last.failure.code).retryable) return last
  }
  return last ?? { endpoint: call.candidates[0], failure: new TurnpikeError('upstream_error') }
}

/** One attempt. Opening chunks wait for the first content, so that a failed attempt leaves no trace with the caller. */
async function tryEndpoint({
  call,
  endpoint,
  meter,
  signal,
  onPart,
  dependencies,
}: Dispatch & { endpoint: Endpoint; meter: Meter }): Promise<Ended> {
  const { request, outputCap } = call
  const preamble: StreamPart[] = []
  const handOn = (part: StreamPart): void | Promise<void> => {
    if (part.type === 'preamble' && !meter.hasContent()) {
      preamble.push(part)
      return
    }
    for (const held of preamble.splice(0)) void onPart(held)
    meter.add(part)
    return onPart(part)
  }
  try {
    const end = await dependencies.upstreams.dispatch({
      endpoint,
      body: toUpstreamBody({
        request,
        upstreamModel: endpoint.upstreamModel,
        outputCap,
        dialect: dependencies.upstreams.dialectOf(endpoint),
      }),
      ...(request.kind === undefined ? {} : { kind: request.kind }),
      stream: request.stream,
      requestId: call.requestId,
      signal,
      onPart: handOn,
    })
    const broken = end.outcome === 'interrupted' ? { failure: new TurnpikeError('upstream_interrupted') } : {}
    return { endpoint, end, ...broken }
  } catch (error) {
    if (error instanceof TurnpikeError) return { endpoint, failure: error }
    return { endpoint, failure: new TurnpikeError('upstream_error', { cause: error }) }
  }
}

async function captureOf({
  call,
  ended: { endpoint, end, failure },
  meter,
  startedAtMs,
  dependencies,
}: {
  call: AdmittedCall
  ended: Ended
  meter: Meter
  startedAtMs: number
  dependencies: CallDependencies
}): Promise<Capture> {
  const { clock } = dependencies
  const marginBps = marginOf({ endpoint, marginBps: dependencies.marginBps })
  const { admission } = call
  const { usage, isEstimated } = await meter.read(end)
  const isDelivered = meter.hasContent()
  const outcome = outcomeOf({ end, isDelivered })
  const costPicoUsd = endpoint.prices ? costOf({ usage, prices: endpoint.prices }) : 0n
  const charge = isDelivered
    ? chargeOf({ costPicoUsd, marginBps, ...admission })
    : { chargeAtomic: 0n, chargePicoUsd: 0n }
  const nowMs = clock.nowMs()
  return {
    callId: call.callId,
    outcome,
    ...charge,
    costPicoUsd,
    usage,
    usageEstimated: isEstimated,
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

function outcomeOf({ end, isDelivered }: { end: UpstreamEnd | undefined; isDelivered: boolean }): Outcome {
  if (!end) return isDelivered ? 'interrupted' : 'failed'
  return end.outcome
}
