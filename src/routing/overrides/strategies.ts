import type { RoutingOverrides, Sort, StrategyName, Weights } from '../../chat/routing/overrides.ts'

/** What is taken for the time of an answer. */
export type LatencyMeasure = 'answer' | 'first-token' | 'throughput'

/** How candidates are compared. A request's override is the same record with changed numbers. */
export type Strategy = {
  readonly name: string
  readonly weights: Weights
  /** Share of the best cautious quality below which a candidate is out. */
  readonly floor: number
  /** Standard deviations by which an estimate of quality is taken down. */
  readonly caution: number
  readonly latency: LatencyMeasure
  /** Whether those that step in are looked for at other providers and regions first. */
  readonly spreads: boolean
}

const usual = { latency: 'answer', spreads: false } as const

/** One row per strategy. Weights are points of quality: 0.1 of cost means that a tenth of quality is worth the reference's whole cost. */
export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  balanced: {
    ...usual,
    name: 'balanced',
    weights: { quality: 1, cost: 0.1, latency: 0.05, availability: 0.3 },
    floor: 0.97,
    caution: 0.5,
  },
  cost: {
    ...usual,
    name: 'cost',
    weights: { quality: 1, cost: 0.4, latency: 0.02, availability: 0.2 },
    floor: 0.93,
    caution: 0.3,
  },
  latency: {
    ...usual,
    name: 'latency',
    weights: { quality: 1, cost: 0.05, latency: 0.4, availability: 0.3 },
    floor: 0.95,
    caution: 0.3,
  },
  availability: {
    ...usual,
    name: 'availability',
    weights: { quality: 1, cost: 0.05, latency: 0.05, availability: 2 },
    floor: 0.95,
    caution: 0.5,
    spreads: true,
  },
}

const NOTHING: Weights = { quality: 0, cost: 0, latency: 0, availability: 0 }
const sorted = { floor: 0, caution: 0, spreads: false } as const

/** OpenRouter's `provider.sort`: one side of the choice, and nothing else. */
export const SORT_STRATEGIES: Readonly<Record<Sort, Strategy>> = {
  price: { ...sorted, name: 'price', weights: { ...NOTHING, cost: 1 }, latency: 'answer' },
  throughput: { ...sorted, name: 'throughput', weights: { ...NOTHING, latency: 1 }, latency: 'throughput' },
  latency: { ...sorted, name: 'latency', weights: { ...NOTHING, latency: 1 }, latency: 'first-token' },
}

/** A call to a model by its name, where nobody has said how to choose among its sellers. */
const PINNED = 'pinned'

/**
 * The strategy of a call: the one that was named, with the numbers that were changed.
 *
 * @param isNamed whether the model was asked for by its name.
 */
export function strategyOf({
  overrides: { strategy, sort, weights, floor, caution },
  isNamed,
}: {
  overrides: Pick<RoutingOverrides, 'strategy' | 'sort' | 'weights' | 'floor' | 'caution'>
  isNamed: boolean
}): Strategy {
  const base = sort === undefined ? STRATEGIES[strategy ?? 'balanced'] : SORT_STRATEGIES[sort]
  const isChosen = sort !== undefined || strategy !== undefined
  const name = isNamed && !isChosen ? PINNED : base.name
  if (!isNamed && !weights && floor === undefined && caution === undefined) return base
  return {
    ...base,
    name,
    weights: { ...base.weights, ...weights },
    floor: floor ?? base.floor,
    caution: caution ?? base.caution,
  }
}
