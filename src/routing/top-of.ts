import type { Row } from './endpoint-table.ts'

/** What comes before any score: the smaller place is tried first. */
export type PlaceOf = (row: Row) => number

/**
 * The first few of many, in order: by the place that they were given, then by score, then by the table's order.
 *
 * @param score by index of the candidate. @param modelIndex only of this model.
 * @returns their indices.
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
}): readonly number[] {
  const isBefore = (one: number, other: number): boolean => {
    const given = placeOf ? placeOf(candidates[one]!) - placeOf(candidates[other]!) : 0
    if (given !== 0) return given < 0
    const ahead = score[one]! - score[other]!
    return ahead === 0 ? candidates[one]!.place < candidates[other]!.place : ahead > 0
  }
  const top: number[] = []
  for (let index = 0; index < candidates.length; index += 1) {
    if (modelIndex !== undefined && candidates[index]!.modelIndex !== modelIndex) continue
    if (top.length === most && !isBefore(index, top[most - 1]!)) continue
    if (top.length < most) top.push(index)
    let to = top.length - 1
    for (; to > 0 && isBefore(index, top[to - 1]!); to -= 1) top[to] = top[to - 1]!
    top[to] = index
  }
  return top
}
