import type { Row } from '../table/endpoint-row.ts'
import type { EndpointTable } from '../table/endpoint-table.ts'

/** What comes before any score: the smaller place is tried first. */
export type PlaceOf = (row: Row) => number

/**
 * The first few of many, in order: by the place that they were given, then by score, then by the table's order.
 *
 * @param score by index of the candidate. @param modelIndex only of this model.
 * @returns their indices.
 */
export function topOf({
  table: { columns, rowAt },
  candidates,
  score,
  most,
  placeOf,
  modelIndex,
}: {
  table: EndpointTable
  /** Numbers of the table. */
  candidates: readonly number[]
  score: Float64Array
  most: number
  placeOf?: PlaceOf | undefined
  modelIndex?: number
}): readonly number[] {
  const givenTo = (index: number) => (placeOf ? placeOf(rowAt[candidates[index]!]!) : 0)
  const isBefore = (one: number, other: number): boolean => {
    const given = givenTo(one) - givenTo(other)
    if (given !== 0) return given < 0
    const ahead = score[one]! - score[other]!
    const { place } = columns
    return ahead === 0 ? place[candidates[one]!]! < place[candidates[other]!]! : ahead > 0
  }
  const top: number[] = []
  for (let index = 0; index < candidates.length; index += 1) {
    if (modelIndex !== undefined && columns.modelIndex[candidates[index]!] !== modelIndex) continue
    if (top.length === most && !isBefore(index, top[most - 1]!)) continue
    if (top.length < most) top.push(index)
    let to = top.length - 1
    for (; to > 0 && isBefore(index, top[to - 1]!); to -= 1) top[to] = top[to - 1]!
    top[to] = index
  }
  return top
}
