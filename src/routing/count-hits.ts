import type { Row } from './endpoint-table.ts'
import { type FilterReason, PASSES, REASON_NAMES } from './filter-reasons.ts'

export type FilterHit = {
  readonly code: FilterReason
  readonly count: number
  /** All of them, where they are few. */
  readonly endpoints?: readonly string[]
}

/** As many are named. */
const FEW = 3

/** How many endpoints each filter keeps out, and the first few of them by name. An endpoint is counted once, under its code. */
export function countHits({
  rows,
  codeAt,
}: {
  rows: readonly Row[]
  codeAt: (row: Row) => number
}): readonly FilterHit[] {
  const byCode = Map.groupBy(rows, codeAt)
  return REASON_NAMES.flatMap((code, index) => {
    const out = byCode.get(index + 1 + PASSES) ?? []
    if (out.length === 0) return []
    const endpoints = out.length <= FEW ? { endpoints: out.map(({ endpointId }) => endpointId) } : {}
    return [{ code, count: out.length, ...endpoints }]
  })
}
