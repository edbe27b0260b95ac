import type { Row } from './endpoint-table.ts'
import { codeOf, type FilterReason, PASSES, REASON_NAMES } from './filter-reasons.ts'
import type { EndpointHealth, HealthView } from './health/endpoint-health.ts'
import { type Demand, reasonAgainst, type RouteQuestion } from './route-question.ts'

/** An endpoint that passed, with what is known of its health. */
export type Passed = { readonly row: Row; readonly health: EndpointHealth }

/** How many endpoints failed each filter, and the first few of them by name. */
export type FilterTally = {
  readonly hit: (code: number, row: Row) => void
  readonly list: () => readonly FilterHit[]
}

export type FilterHit = {
  readonly code: FilterReason
  readonly count: number
  /** All of them, where they are few. */
  readonly endpoints?: readonly string[]
}

/** As many are named. */
const FEW = 3

export function createTally(): FilterTally {
  const counts = new Uint32Array(REASON_NAMES.length + 1)
  const named: (string[] | undefined)[] = []
  return {
    hit(code, { endpoint }) {
      const seen = counts[code] ?? 0
      counts[code] = seen + 1
      if (seen === 0) named[code] = [endpoint.id]
      else if (seen < FEW) named[code]?.push(endpoint.id)
    },
    list: () =>
      REASON_NAMES.flatMap((reason, index) => {
        const count = counts[index + 1] ?? 0
        const endpoints = named[index + 1] ?? []
        if (count === 0) return []
        return [{ code: reason, count, ...(count <= FEW ? { endpoints } : {}) }]
      }),
  }
}

const [PRICE_CAP, CIRCUIT_OPEN] = [codeOf('price_cap'), codeOf('circuit_open')]

export type Filtered = {
  readonly passed: readonly Passed[]
  /** Nothing is against these but that they have just failed. */
  readonly resting: readonly Passed[]
}

/**
 * The hard filters: what is left may answer the request. Every other endpoint is counted once, under the first reason that is against
 * it.
 *
 * @param isWithinCap whether an endpoint's own ceiling is within the one that was signed; absent where nothing was.
 * @param inputTokens as expected: health is known by size of the input.
 */
export function filterCandidates({
  rows,
  question,
  demand,
  health,
  inputTokens,
  isWithinCap,
  kept,
  tally,
}: {
  rows: readonly Row[]
  question: RouteQuestion
  demand: Demand
  health: HealthView
  inputTokens: number
  isWithinCap?: ((row: Row) => boolean) | undefined
  /** Of the plan that was quoted: their health keeps none of them out. */
  kept?: ReadonlySet<Row> | undefined
  tally: FilterTally
}): Filtered {
  const kind = question.needs.kind ?? 'chat'
  const passed: Passed[] = []
  const resting: Passed[] = []
  for (const row of rows) {
    // What does something else altogether was never a candidate.
    if (row.kind !== kind) continue
    const code = reasonAgainst(row, question, demand)
    if (code !== PASSES) {
      tally.hit(code, row)
      continue
    }
    if (isWithinCap && !isWithinCap(row)) {
      tally.hit(PRICE_CAP, row)
      continue
    }
    const { endpointId, providerId } = row
    const found = health.of({ endpointId, providerId, inputTokens })
    const isResting = found.circuit === 'open' || found.retryAtMs !== undefined
    if (isResting && !kept?.has(row)) {
      tally.hit(CIRCUIT_OPEN, row)
      resting.push({ row, health: found })
    } else passed.push({ row, health: found })
  }
  return { passed, resting }
}
