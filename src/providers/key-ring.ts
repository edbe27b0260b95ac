import {
  afterFailure,
  afterSuccess,
  type Circuit,
  circuitStateAt,
  CLOSED_CIRCUIT,
  type OpenTimes,
  takeProbe,
} from '../routing/health/circuit.ts'
import type { WeightedKey } from './read-keys.ts'

/** A key that is refused rests so long at first, and at most; a refusal is rarely a moment's. */
const REFUSED_TIMES: OpenTimes = { firstMs: 10_000, mostMs: 600_000 }
/** One that is told to wait and not how long. */
const LIMITED_MS = 5_000

export type KeyRing = {
  /**
   * The next key by turns and weights, none that rests or was tried; undefined where there is none left. A key that was refused and has
   * rested comes back with one request, which decides about the others.
   */
  readonly take: (tried: ReadonlySet<string>) => string | undefined
  /** What a provider said to a key: 401 and 403 are about the key, 429 about its rate. */
  readonly refuse: (refusal: { key: string; status: number; retryAfterMs?: number | undefined }) => void
  /** A provider took the key, whatever it said of the request. */
  readonly accept: (key: string) => void
}

type Row = WeightedKey & { credit: number; circuit: Circuit; waitUntilMs: number }

/**
 * Takes a provider's keys in turns: smooth weighted round robin (nginx's), so that a key of weight 3 among one of weight 1 comes
 * three times in four and never four times in a row. Each has a circuit of its own, opened by one refusal. While every key rests the
 * one that rests shortest is taken: a provider is never given up for its keys' sake.
 */
export function createKeyRing({
  keys,
  nowMs,
}: {
  keys: readonly WeightedKey[]
  nowMs: () => number
}): KeyRing {
  const rows: Row[] = keys.map((key) => ({ ...key, credit: 0, circuit: CLOSED_CIRCUIT, waitUntilMs: 0 }))
  const restsUntilMs = ({ circuit, waitUntilMs }: Row) => Math.max(circuit.openUntilMs, waitUntilMs)

  function isAwake({ circuit, waitUntilMs }: Row, atMs: number): boolean {
    if (waitUntilMs > atMs) return false
    const isClosed = circuitStateAt({ circuit, nowMs: atMs }) === 'closed'
    return isClosed || takeProbe({ circuit, nowMs: atMs }) !== undefined
  }

  function turn(awake: readonly Row[]): Row | undefined {
    let best: Row | undefined
    let total = 0
    for (const row of awake) {
      row.credit += row.weight
      total += row.weight
      if (!best || row.credit > best.credit) best = row
    }
    if (best) best.credit -= total
    return best
  }

  return {
    take(tried) {
      const atMs = nowMs()
      const left = rows.filter(({ key }) => !tried.has(key))
      const awake = left.filter((row) => isAwake(row, atMs))
      // Resting keys are for those who have tried none yet.
      if (awake.length === 0 && tried.size > 0) return undefined
      const row = turn(awake) ?? left.toSorted((a, b) => restsUntilMs(a) - restsUntilMs(b))[0]
      if (row) row.circuit = takeProbe({ circuit: row.circuit, nowMs: atMs }) ?? row.circuit
      return row?.key
    },
    refuse({ key, status, retryAfterMs }) {
      const row = rows.find((one) => one.key === key)
      if (!row) return
      const atMs = nowMs()
      if (status === 429) {
        row.waitUntilMs = atMs + (retryAfterMs ?? LIMITED_MS)
        row.circuit = afterSuccess({ circuit: row.circuit, nowMs: atMs })
      } else
        row.circuit = afterFailure({ circuit: row.circuit, nowMs: atMs, isBad: true, times: REFUSED_TIMES })
    },
    accept(key) {
      const row = rows.find((one) => one.key === key)
      if (row) row.circuit = afterSuccess({ circuit: row.circuit, nowMs: nowMs() })
    },
  }
}
