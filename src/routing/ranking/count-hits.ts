import type { CandidatePool, PoolOptions } from './candidate-pool.ts'
import type { Row } from '../table/endpoint-row.ts'
import type { CodeAt } from '../filters/filter-endpoints.ts'
import { codeOf, type FilterReason, PASSES, REASON_NAMES } from '../table/filter-reasons.ts'

export type FilterHit = {
  readonly code: FilterReason
  readonly count: number
  /** All of them, where they are few. */
  readonly endpoints?: readonly string[]
}

/** As many are named. */
const FEW = 3

/** How many endpoints each filter keeps out, and the first few of them by name. An endpoint is counted once, under its code. */
export function countHits({ rows, codeAt }: { rows: readonly Row[]; codeAt: CodeAt }): readonly FilterHit[] {
  const byCode = Map.groupBy(rows, ({ number }) => codeAt(number))
  return REASON_NAMES.flatMap((code, index) => {
    const out = byCode.get(index + 1 + PASSES) ?? []
    if (out.length === 0) return []
    const endpoints = out.length <= FEW ? { endpoints: out.map(({ endpointId }) => endpointId) } : {}
    return [{ code, count: out.length, ...endpoints }]
  })
}

const [MIN_QUALITY, FLOOR, CIRCUIT_OPEN] = [codeOf('min_quality'), codeOf('floor'), codeOf('circuit_open')]

/** Of a choice every endpoint once: what the hard filters say, else its health, else its quality. Keeps what it needs until it is asked. */
export function hitsOf(
  { candidates, resting, sheet: { ofModel } }: CandidatePool,
  { setting: { table }, shelf, codeAt, minQuality = 0 }: PoolOptions,
): () => readonly FilterHit[] {
  const isPoor = minQuality > 0 ? ofModel.quality.map((own) => (own < minQuality ? 1 : 0)) : undefined
  return () => {
    const [passed, notNow] = [new Set(candidates), new Set(resting)]
    return countHits({
      rows: shelf.rows,
      codeAt(number) {
        const code = codeAt(number)
        if (code !== PASSES || passed.has(number)) return code
        if (notNow.has(number)) return CIRCUIT_OPEN
        const group = shelf.groupById.get(table.rowAt[number]!.model.id) ?? 0
        return isPoor?.[group] === 1 ? MIN_QUALITY : FLOOR
      },
    })
  }
}
