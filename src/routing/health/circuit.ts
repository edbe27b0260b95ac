import { LIMITS } from '../../lib/limits.ts'

/**
 * A breaker. Closed, it lets everything through; open, nothing until its time is over; then it is half-open and lets one probe
 * through, which closes it or opens it for longer.
 */
export type Circuit = {
  readonly failuresInRow: number
  /** 0 while it is closed; milliseconds since 1970. */
  readonly openUntilMs: number
  /** Openings without a quiet time between them: each is twice as long as the one before. */
  readonly openings: number
  /** When it last opened or closed: of two instances the later one is right. */
  readonly changedAtMs: number
  /** When the probe went out; 0 where none is under way. */
  readonly probeSinceMs: number
}

export type CircuitState = 'closed' | 'open' | 'half-open'

export const CLOSED_CIRCUIT: Circuit = {
  failuresInRow: 0,
  openUntilMs: 0,
  openings: 0,
  changedAtMs: 0,
  probeSinceMs: 0,
}

type At = { readonly circuit: Circuit; readonly nowMs: number }

export function circuitStateAt({ circuit: { openUntilMs }, nowMs }: At): CircuitState {
  if (openUntilMs === 0) return 'closed'
  return nowMs < openUntilMs ? 'open' : 'half-open'
}

/** How long it stays open at first, and at most. */
export type OpenTimes = { readonly firstMs: number; readonly mostMs: number }

const ENDPOINT_TIMES: OpenTimes = { firstMs: LIMITS.circuitOpenMs, mostMs: LIMITS.circuitOpenMaxMs }

function opened({ circuit, nowMs, times = ENDPOINT_TIMES }: At & { times?: OpenTimes }): Circuit {
  const wasQuiet =
    circuit.openUntilMs === 0 && nowMs - circuit.changedAtMs > Math.max(LIMITS.circuitForgetMs, times.mostMs)
  const openings = wasQuiet ? 1 : circuit.openings + 1
  const openMs = Math.min(times.firstMs * 2 ** (openings - 1), times.mostMs)
  return { failuresInRow: 0, openUntilMs: nowMs + openMs, openings, changedAtMs: nowMs, probeSinceMs: 0 }
}

/**
 * What a failure does. While it is open, a failure is one of a call that was under way before, and says nothing new.
 *
 * @param isBad the endpoint fails more often than not, whatever the order.
 */
export function afterFailure({
  circuit,
  nowMs,
  isBad = false,
  times = ENDPOINT_TIMES,
}: At & { isBad?: boolean; times?: OpenTimes }): Circuit {
  const state = circuitStateAt({ circuit, nowMs })
  if (state === 'open') return circuit
  if (state === 'half-open') return opened({ circuit, nowMs, times })
  const failuresInRow = circuit.failuresInRow + 1
  if (failuresInRow >= LIMITS.circuitFailures || isBad) return opened({ circuit, nowMs, times })
  return { ...circuit, failuresInRow }
}

/** What a whole answer does; the same words from a half-open endpoint's probe are enough to close it. */
export function afterSuccess({ circuit, nowMs }: At): Circuit {
  const state = circuitStateAt({ circuit, nowMs })
  if (state === 'closed') return circuit.failuresInRow === 0 ? circuit : { ...circuit, failuresInRow: 0 }
  if (state === 'open' || circuit.probeSinceMs === 0) return circuit
  return { ...circuit, failuresInRow: 0, openUntilMs: 0, changedAtMs: nowMs, probeSinceMs: 0 }
}

/** A probe that says neither: its caller hung up, or the request was at fault. Another call may be one. */
export const afterNothing = ({ circuit }: { circuit: Circuit }): Circuit =>
  circuit.probeSinceMs === 0 ? circuit : { ...circuit, probeSinceMs: 0 }

/** The circuit with its probe under way; undefined where there may be none. */
export function takeProbe({ circuit, nowMs }: At): Circuit | undefined {
  if (circuitStateAt({ circuit, nowMs }) !== 'half-open') return undefined
  const isProbed = circuit.probeSinceMs > 0 && nowMs - circuit.probeSinceMs < LIMITS.circuitProbeMs
  return isProbed ? undefined : { ...circuit, probeSinceMs: nowMs }
}
