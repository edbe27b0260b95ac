import type { Row } from './endpoint-table.ts'

/** What comes before any score: the smaller place is tried first. */
export type PlaceOf = (row: Row) => number

/**
 * The first few of many, in order: by the place that they were given, then by score, then by the table's order.
 *
 * @param score by the candidate's place in the table. @param modelIndex only of this model.
 */
export function topOf({
  candidates,
  score,
  most,
  placeOf,
  modelIndex,
}: {
  candidates: readonly Row[]
  score: Float64Array
  most: number
  placeOf?: PlaceOf | undefined
  modelIndex?: number
}): readonly Row[] {
  const isBefore = (one: Row, other: Row): boolean => {
    const given = placeOf ? placeOf(one) - placeOf(other) : 0
    if (given !== 0) return given < 0
    const ahead = score[one.place]! - score[other.place]!
    return ahead === 0 ? one.place < other.place : ahead > 0
  }
  const top: Row[] = []
  for (const row of candidates) {
    if (modelIndex !== undefined && row.modelIndex !== modelIndex) continue
    if (top.length === most && !isBefore(row, top[most - 1]!)) continue
    if (top.length < most) top.push(row)
    let to = top.length - 1
    for (; to > 0 && isBefore(row, top[to - 1]!); to -= 1) top[to] = top[to - 1]!
    top[to] = row
  }
  return top
}
