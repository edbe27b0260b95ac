import { takeProbe, afterSuccess, circuitStateAt } from '../../routing/health/circuit.ts'
import type { EndpointHealth, HealthView } from '../../routing/health/endpoint-health.ts'
import {
  type AttemptEnd,
  type EndpointState,
  joined,
  NEW_ENDPOINT,
  type SharedState,
  stateAfter,
} from '../../routing/health/endpoint-state.ts'
import { healthAt, holdsUntilMs, retryAtOf } from '../../routing/health/health-at.ts'
import { type HealthQuery, type HeldHealth, keepHealth } from '../../routing/health/kept-health.ts'
import { nearestPace, sizeClassOf, slowStartMs } from '../../routing/health/pace.ts'
import { type CacheSighting, createPromptCaches } from '../../routing/health/prompt-caches.ts'
import { afterAttempt, afterCall, attemptsLeft, FULL_AT_START } from '../../routing/health/retry-budget.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { HealthRow } from '../ports.ts'

/** Whether an endpoint may be asked now: as usual, as the one probe of its half-open circuit, or not before a time. */
export type Entrance =
  | { readonly kind: 'usual' | 'probe' }
  | { readonly kind: 'wait'; readonly retryAtMs: number }

export type AttemptReport = AttemptEnd & { readonly endpointId: string; readonly providerId: string }

/** What one instance knows of its endpoints, and the budget for more than one attempt. Nothing here waits. */
export type HealthWatch = HealthView & {
  /** Tokens of a conversation that an endpoint is expected to read from its cache; 0 where nothing is known. */
  readonly cachedTokensAt: (query: { readonly sessionKey: string; readonly endpointId: string }) => number
  /** What an answer's usage said of its endpoint's cache. */
  readonly noteCache: (sighting: Omit<CacheSighting, 'nowMs'>) => void
  /** Whether it may be asked, without asking. @param mayProbe whether this call could go on elsewhere if a probe fails. */
  readonly enter: (query: { readonly endpointId: string; readonly mayProbe: boolean }) => Entrance
  /** The first content has come: a half-open circuit need not wait for the end of a long answer. */
  readonly answered: (endpointId: string) => void
  readonly take: (report: AttemptReport) => void
  /** When a first token is too late to be waited for; undefined where too little is known. */
  readonly slowStartMs: (query: {
    readonly endpointId: string
    readonly inputTokens: number
  }) => number | undefined
  readonly budget: {
    readonly addCall: () => void
    readonly left: () => number
    /** False where there is none left. */
    readonly spend: () => boolean
  }
  /** What has changed since it was last asked for, to be told to the others. */
  readonly changes: () => readonly HealthRow[]
  /** Begins anew, as after a start that finds nothing. */
  readonly forget: () => void
  /** What the others have told, or this instance's predecessor. */
  readonly learn: (rows: readonly HealthRow[]) => void
  readonly list: () => readonly { readonly endpointId: string; readonly health: EndpointHealth }[]
}

/** Of an endpoint that nobody has asked; until something happens there it stays so. */
const PRIORS: HeldHealth = {
  health: healthAt({ state: NEW_ENDPOINT, inputTokens: 0, nowMs: 0 }),
  holdsUntilMs: Infinity,
}

/**
 * Opens the memory of one instance.
 *
 * @param instance its id, under which the others find what it tells.
 * @param onAttempt told of every attempt, for the metrics.
 */
export function watchHealth({
  instance,
  nowMs,
  onAttempt = () => {},
}: {
  instance: string
  nowMs: () => number
  onAttempt?: (report: AttemptReport) => void
}): HealthWatch {
  const states = new Map<string, EndpointState>()
  const changed = new Set<string>()
  /** By endpoint, then by instance. */
  const told = new Map<string, Map<string, HealthRow>>()
  const others = new Map<string, SharedState>()
  let promptCaches = createPromptCaches()
  let budget = FULL_AT_START

  const stateOf = (endpointId: string) => states.get(endpointId) ?? NEW_ENDPOINT
  function read({ endpointId, inputTokens, nowMs: atMs }: HealthQuery): HeldHealth {
    const state = states.get(endpointId)
    const other = others.get(endpointId)
    if (!state && !other) return PRIORS
    const at = { state: state ?? NEW_ENDPOINT, nowMs: atMs }
    return { health: healthAt({ ...at, others: other, inputTokens }), holdsUntilMs: holdsUntilMs(at) }
  }
  const kept = keepHealth(read)
  const of: HealthView['of'] = (query) => read({ ...query, nowMs: nowMs() }).health
  function set(endpointId: string, state: EndpointState): void {
    states.set(endpointId, state)
    changed.add(endpointId)
    kept.touch(endpointId)
  }

  /** Circuit and wait of whoever knows better become our own: there is one circuit, whoever opened it. */
  function adopt(endpointId: string, { circuit, waitUntilMs }: SharedState): void {
    const own = stateOf(endpointId)
    const isLater = circuit.changedAtMs > own.circuit.changedAtMs
    if (!isLater && waitUntilMs <= own.waitUntilMs) return
    states.set(endpointId, {
      ...own,
      circuit: isLater ? { ...circuit, probeSinceMs: 0, failuresInRow: 0 } : own.circuit,
      waitUntilMs: Math.max(own.waitUntilMs, waitUntilMs),
    })
  }

  function addUp(endpointId: string): void {
    const atMs = nowMs()
    kept.touch(endpointId)
    const rows = told.get(endpointId) ?? new Map<string, HealthRow>()
    for (const [from, row] of rows) if (atMs - row.atMs > LIMITS.healthKeptMs) rows.delete(from)
    const [first, ...rest] = rows.values()
    if (!first) {
      others.delete(endpointId)
      return
    }
    const all = rest.reduce<SharedState>((one, other) => joined({ one, other, nowMs: atMs }), first)
    others.set(endpointId, all)
    adopt(endpointId, all)
  }

  return {
    cachedTokensAt: (query) => promptCaches.cachedTokensAt({ ...query, nowMs: nowMs() }),
    noteCache: (sighting) => promptCaches.note({ ...sighting, nowMs: nowMs() }),
    of,
    ofAll: (query) => kept.at({ ...query, nowMs: nowMs() }),
    enter({ endpointId, mayProbe }) {
      const state = stateOf(endpointId)
      const atMs = nowMs()
      const retryAtMs = retryAtOf({ state, nowMs: atMs })
      if (retryAtMs > 0) return { kind: 'wait', retryAtMs }
      if (circuitStateAt({ circuit: state.circuit, nowMs: atMs }) === 'closed') return { kind: 'usual' }
      const circuit = mayProbe ? takeProbe({ circuit: state.circuit, nowMs: atMs }) : undefined
      if (!circuit) return { kind: 'wait', retryAtMs: atMs + LIMITS.circuitOpenMs }
      states.set(endpointId, { ...state, circuit })
      return { kind: 'probe' }
    },
    answered(endpointId) {
      const state = stateOf(endpointId)
      if (state.circuit.probeSinceMs === 0) return
      const circuit = afterSuccess({ circuit: state.circuit, nowMs: nowMs() })
      set(endpointId, { ...state, circuit })
    },
    take(report) {
      const { endpointId } = report
      set(endpointId, stateAfter({ state: stateOf(endpointId), end: report, nowMs: nowMs() }))
      onAttempt(report)
    },
    slowStartMs({ endpointId, inputTokens }) {
      const sizeClass = sizeClassOf(inputTokens)
      return slowStartMs(nearestPace({ paces: stateOf(endpointId).paces, sizeClass }))
    },
    budget: {
      addCall() {
        budget = afterCall(budget)
      },
      left: () => attemptsLeft(budget),
      spend() {
        const left = afterAttempt(budget)
        budget = left ?? budget
        return left !== undefined
      },
    },
    changes() {
      const atMs = nowMs()
      const rows = [...changed].map((endpointId): HealthRow => {
        const { success, paces, circuit, waitUntilMs } = stateOf(endpointId)
        return { endpointId, instance, atMs, success, paces, circuit, waitUntilMs }
      })
      changed.clear()
      return rows
    },
    forget() {
      for (const known of [states, changed, told, others]) known.clear()
      kept.forget()
      promptCaches = createPromptCaches()
      budget = FULL_AT_START
    },
    learn(rows) {
      const touched = new Set<string>()
      for (const row of rows) {
        if (row.instance === instance) continue
        const byInstance = told.get(row.endpointId) ?? new Map<string, HealthRow>()
        told.set(row.endpointId, byInstance.set(row.instance, row))
        touched.add(row.endpointId)
      }
      for (const endpointId of touched) addUp(endpointId)
    },
    list: () =>
      [...new Set([...states.keys(), ...others.keys()])].map((endpointId) => ({
        endpointId,
        health: of({ endpointId, inputTokens: 0 }),
      })),
  }
}
