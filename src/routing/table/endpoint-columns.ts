import { factsOf } from './endpoint-facts.ts'
import type { PriceTier, Row } from './endpoint-row.ts'

/**
 * What a decision looks at of hundreds of endpoints, by number. A few arrays lie together in memory; the rows, one object each, do not,
 * and to read a thing of each of them takes several times as long.
 */
export type EndpointColumns = {
  readonly place: Int32Array
  readonly modelIndex: Int32Array
  readonly providerIndex: Int32Array
  /** Endpoints that are spoken to in one way have one index. */
  readonly dialectIndex: Int32Array
  readonly regionIndex: Int32Array
  /** Bits (endpoint-facts.ts). */
  readonly facts: Int32Array
  /** Of the model, or less where this provider takes less; Infinity where it is unknown. */
  readonly contextTokens: Float64Array
  readonly inputPicoUsd: Float64Array
  readonly outputPicoUsd: Float64Array
  readonly cacheReadPicoUsd: Float64Array
  /** NaN where it has none of its own. */
  readonly ownMarginBps: Float64Array
  readonly tiers: readonly (readonly PriceTier[] | undefined)[]
}

/** @param rows by number. @param indexOf what stands for a dialect or a region. */
export function endpointColumns(
  rows: readonly Row[],
  indexOf: { readonly dialect: (row: Row) => number; readonly region: (row: Row) => number },
): EndpointColumns {
  const integers = (of: (row: Row) => number) => Int32Array.from(rows, of)
  const numbers = (of: (row: Row) => number) => Float64Array.from(rows, of)
  return {
    place: integers(({ place }) => place),
    modelIndex: integers(({ modelIndex }) => modelIndex),
    providerIndex: integers(({ providerIndex }) => providerIndex),
    dialectIndex: integers(indexOf.dialect),
    regionIndex: integers(indexOf.region),
    facts: integers(factsOf),
    contextTokens: numbers(contextOf),
    inputPicoUsd: numbers(({ inputPicoUsd }) => inputPicoUsd),
    outputPicoUsd: numbers(({ outputPicoUsd }) => outputPicoUsd),
    cacheReadPicoUsd: numbers(({ cacheReadPicoUsd }) => cacheReadPicoUsd),
    ownMarginBps: numbers(({ ownMarginBps }) => ownMarginBps ?? NaN),
    tiers: rows.map(({ tiers }) => tiers),
  }
}

function contextOf({ endpoint, model }: Row): number {
  if (model.contextTokens === 'unknown') return Infinity
  return Math.min(model.contextTokens, endpoint.contextTokens ?? Infinity)
}
