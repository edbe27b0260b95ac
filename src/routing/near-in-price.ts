import { LIMITS } from '../lib/limits.ts'
import type { Row } from './table/endpoint-row.ts'

/**
 * Whether one of the other candidates may step in for the first. The caller signs for the dearest of a plan, and open weights are sold
 * for 1 and for 18 at once: one host at 18 would make every ceiling 18 times what the call will cost.
 */
export function isNearInPrice({
  first,
  one,
}: {
  first: Pick<Row, 'blendedPicoUsd'>
  one: Pick<Row, 'blendedPicoUsd'>
}): boolean {
  const most = first.blendedPicoUsd * LIMITS.failoverPriceFactor
  return most === 0 || one.blendedPicoUsd <= most
}
