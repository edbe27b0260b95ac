import type { Endpoint } from '../../catalog/types.ts'
import type { StreamPart, UpstreamEnd } from '../../chat/types.ts'
import { inputTokens, outputTokens } from '../../chat/usage.ts'
import type { ErrorCode } from '../../lib/errors/registry.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { AttemptOutcome } from '../../routing/health/endpoint-state.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { AdmittedCall } from '../types.ts'
import { expectedInputTokens } from '../plan/expected-input.ts'

export type PartSink = (part: StreamPart) => void | Promise<void>

/** How one attempt ended; `hasContent` tells whether the caller has something of it. */
export type Attempted = {
  readonly endpoint: Endpoint
  readonly end?: UpstreamEnd
  readonly failure?: TurnpikeError
  readonly hasContent: boolean
}

type Attempting = {
  readonly call: AdmittedCall
  readonly endpoint: Endpoint
  /** In the upstream's dialect. */
  readonly body: string
  /** Aborted when the caller hangs up or the call's time is over. */
  readonly signal: AbortSignal
  readonly onPart: PartSink
  /** Whether another endpoint could step in for one that starts too slowly. */
  readonly canStepIn: () => boolean
  readonly dependencies: CallDependencies
}

/** Tokens of an answer from which its speed is worth remembering. */
const SPEED_TOKENS = 20

/** One attempt. Opening chunks wait for the first content, so that a failed attempt leaves no trace with the caller. */
export async function tryEndpoint(attempting: Attempting): Promise<Attempted> {
  const { call, endpoint, body, onPart, dependencies } = attempting
  const { upstreams, health, clock } = dependencies
  const { request } = call
  const startedAtMs = clock.nowMs()
  const late = watchStart(attempting)
  const preamble: StreamPart[] = []
  let hasContent = false
  const handOn: PartSink = (part) => {
    if (part.type === 'preamble' && !hasContent) {
      preamble.push(part)
      return undefined
    }
    if (!hasContent && (part.type === 'content' || part.type === 'finish')) {
      hasContent = true
      late.settle()
      health.answered(endpoint.id)
    }
    for (const held of preamble.splice(0)) void onPart(held)
    return onPart(part)
  }
  const ended = await send(async () =>
    upstreams.dispatch({
      endpoint,
      body,
      ...(request.kind === undefined ? {} : { kind: request.kind }),
      stream: request.stream,
      requestId: call.requestId,
      signal: late.signal,
      onPart: handOn,
    }),
  )
  late.settle()
  const isLate = late.isLate() && !hasContent
  const attempted: Attempted = isLate
    ? { endpoint, hasContent, failure: new TurnpikeError('upstream_timeout', { extra: { phase: 'start' } }) }
    : { endpoint, hasContent, ...ended }
  report({ ...attempting, attempted, isLate, durationMs: clock.nowMs() - startedAtMs })
  return attempted
}

async function send(dispatch: () => Promise<UpstreamEnd>): Promise<Pick<Attempted, 'end' | 'failure'>> {
  try {
    const end = await dispatch()
    return {
      end,
      ...(end.outcome === 'interrupted' ? { failure: new TurnpikeError('upstream_interrupted') } : {}),
    }
  } catch (error) {
    if (error instanceof TurnpikeError) return { failure: error }
    return { failure: new TurnpikeError('upstream_error', { cause: error }) }
  }
}

/**
 * A stream whose first token is far later than this endpoint's ever are is given up for another one, as if it had failed. What the
 * endpoint bills for it is our cost, which is why the retry budget bounds it, and why nothing is given up before its usual times are
 * known.
 */
function watchStart({ call, endpoint, signal, canStepIn, dependencies: { health, clock } }: Attempting) {
  const query = { endpointId: endpoint.id, inputTokens: expectedInputTokens(call) }
  const lateMs = call.request.stream && canStepIn() ? health.slowStartMs(query) : undefined
  if (lateMs === undefined) return { signal, settle: () => undefined, isLate: () => false }
  const settled = new AbortController()
  const own = new AbortController()
  const hangUp = () => own.abort()
  signal.addEventListener('abort', hangUp, { once: true })
  if (signal.aborted) hangUp()
  let isLate = false
  async function wait(): Promise<void> {
    await clock.sleep(lateMs ?? 0, settled.signal)
    if (settled.signal.aborted || signal.aborted || !canStepIn()) return
    isLate = true
    own.abort()
  }
  void wait()
  return {
    signal: own.signal,
    settle: () => {
      settled.abort()
    },
    isLate: () => isLate,
  }
}

const OUTCOMES: Partial<Record<ErrorCode, AttemptOutcome>> = {
  upstream_error: 'failed',
  upstream_timeout: 'failed',
  upstream_interrupted: 'interrupted',
  upstream_rate_limited: 'limited',
  upstream_rejected: 'rejected',
}

function report({
  call,
  signal,
  attempted: { endpoint, end, failure, hasContent },
  isLate,
  durationMs,
  dependencies: { health },
}: Attempting & { attempted: Attempted; isLate: boolean; durationMs: number }): void {
  const { usage, firstContentMs, headroom } = end ?? {}
  const isSeen = call.request.stream && hasContent && firstContentMs !== undefined
  const tokens = usage ? outputTokens(usage) : 0
  const streamedMs = durationMs - (firstContentMs ?? 0)
  const { retryAfterMs } = failure?.details ?? {}
  health.take({
    endpointId: endpoint.id,
    providerId: endpoint.providerId,
    outcome: outcomeOf(),
    inputTokens: usage ? inputTokens(usage) : expectedInputTokens(call),
    ...(isSeen ? { firstTokenMs: firstContentMs } : {}),
    ...(isLate ? { firstTokenMs: durationMs } : {}),
    ...(isSeen && tokens >= SPEED_TOKENS && streamedMs > 0
      ? { tokensPerSecond: (tokens * 1_000) / streamedMs }
      : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(headroom ? { headroom } : {}),
  })

  function outcomeOf(): AttemptOutcome {
    if (isLate) return 'late'
    if (signal.aborted) return 'aborted'
    if (failure) return OUTCOMES[failure.code] ?? 'rejected'
    return end?.outcome ?? 'aborted'
  }
}
