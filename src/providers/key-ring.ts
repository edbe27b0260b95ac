import type { WeightedKey } from './read-keys.ts'

/** A key that was refused is not taken before this long; one that was told to wait, not before it was told. */
const REFUSED_MS = 600_000
const LIMITED_MS = 5_000

export type KeyRing = {
  /** The next key by turns and weights, none that rests or was tried; undefined where there is none left. */
  readonly take: (tried: ReadonlySet<string>) => string | undefined
  /** What a provider said to a key: 401 and 403 are about the key, 429 about its rate. */
  readonly refuse: (refusal: { key: string; status: number; retryAfterMs?: number | undefined }) => void
}

type Row = WeightedKey & { credit: number; restsUntilMs: number }

/**
 * Takes a provider's keys in turns: smooth weighted round robin (nginx's), so that a key of weight 3 among one of weight 1 comes
 * three times in four and never four times in a row. While every key rests the one that rests shortest is taken: a provider is never
 * given up for its keys' sake.
 */
export function createKeyRing({
  keys,
  nowMs,
}: {
  keys: readonly WeightedKey[]
  nowMs: () => number
}): KeyRing {
  const rows: Row[] = keys.map((key) => ({ ...key, credit: 0, restsUntilMs: 0 }))

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
      const left = rows.filter(({ key }) => !tried.has(key))
      const awake = left.filter(({ restsUntilMs }) => restsUntilMs <= nowMs())
      if (awake.length > 0) return turn(awake)?.key
      // Resting keys are for those who have tried none yet.
      if (tried.size > 0) return undefined
      return left.toSorted((a, b) => a.restsUntilMs - b.restsUntilMs)[0]?.key
    },
    refuse({ key, status, retryAfterMs }) {
      const row = rows.find((one) => one.key === key)
      if (row) row.restsUntilMs = nowMs() + (status === 429 ? (retryAfterMs ?? LIMITED_MS) : REFUSED_MS)
    },
  }
}
