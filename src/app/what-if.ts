import { candidateFields } from '../call/plan/explanation-fields.ts'
import type { RoutingOverrides, StrategyName, Weights } from '../chat/routing/overrides.ts'
import { explainCandidates, type ExplainedCandidate } from '../routing/explanation.ts'
import { cautiousQuality } from '../routing/ranking/score.ts'
import { STRATEGIES } from '../routing/overrides/strategies.ts'
import type { ShownExplanation } from './explain-route.ts'

/** Another way to choose: a strategy of its own, or single weights in the place of those that were. */
export type WhatIf =
  | { readonly strategy: StrategyName }
  | { readonly strategy?: undefined; readonly weights: Partial<Weights> }

/** The other way that a strategy's name or a JSON object of weights stands for; undefined where it is neither. */
export function readWhatIf(text: string): WhatIf | undefined {
  if (isStrategy(text)) return { strategy: text }
  try {
    const told: unknown = JSON.parse(text)
    const entries = Object.entries(typeof told === 'object' && told !== null ? told : {})
    // Below zero a weight would look for what is bad, and nobody has kept the figures of those.
    const isGood = entries.every(
      ([name, weight]) =>
        Object.hasOwn(STRATEGIES.balanced.weights, name) && Number.isFinite(weight) && weight >= 0,
    )
    return isGood && entries.length > 0
      ? { weights: Object.fromEntries(entries) as Partial<Weights> }
      : undefined
  } catch {
    return undefined
  }
}

const isStrategy = (text: string): text is StrategyName => Object.hasOwn(STRATEGIES, text)

/** What a request says of its choice, changed. A strategy leaves nothing of what was said before it. */
export function choosingBy(other: WhatIf): (said: RoutingOverrides) => RoutingOverrides {
  if (other.strategy === undefined)
    return (said) => ({ ...said, weights: { ...said.weights, ...other.weights } })
  return ({ sort: _sort, weights: _weights, floor: _floor, caution: _caution, ...said }) => ({
    ...said,
    strategy: other.strategy,
  })
}

/** What a what-if has come to, and how far it could look. */
export type Replayed = {
  /** Best first. */
  readonly candidates: readonly ReturnType<typeof candidateFields>[]
  /** Of those that had passed the filters: how many could have come first here. The others' figures are not in the explanation. */
  readonly compared: number
  readonly passed: number
  /** Endpoints that the floor of that choice kept out, where this one's is lower: they might be ahead, and have no figures. */
  readonly belowFloor: number
}

const PICO = 1e12

type Replayable = Pick<ShownExplanation, 'candidates' | 'reference' | 'strategy' | 'passed'> & {
  readonly others?: ShownExplanation['others']
  readonly uncompared?: number
  readonly filters?: readonly { readonly code: string; readonly count: number }[]
}

/**
 * Compares the candidates of an explanation once more, by the figures of that moment and under other weights. Whoever had passed may come
 * first: those that are neither shown nor among the others are worse than one of these in everything. Explanations of earlier versions,
 * and choices among very many, say how many were left out.
 */
export function replay({ explanation, other }: { explanation: Replayable; other: WhatIf }): Replayed {
  const { candidates, others = [], reference, strategy, passed, filters = [] } = explanation
  const { uncompared = passed - candidates.length } = explanation
  const { weights, caution, floor } =
    other.strategy === undefined
      ? { ...strategy, weights: { ...strategy.weights, ...other.weights } }
      : STRATEGIES[other.strategy]
  const again = explainCandidates({
    candidates: [...candidates, ...others].map(({ endpoint, model, inputs }) => ({
      endpoint,
      model,
      inputs: {
        quality: inputs.quality,
        sd: inputs.sd,
        costPicoUsd: inputs.price_usd * PICO,
        latencyMs: inputs.latency_ms,
        availability: inputs.availability,
        cachedPicoUsd: inputs.cache_saving_usd * PICO,
      },
    })),
    reference: { costPicoUsd: reference.price_usd * PICO, latencyMs: reference.latency_ms },
    strategy: { weights, caution },
  })
  const reliableOf = ({ inputs: { quality, sd } }: ExplainedCandidate) =>
    cautiousQuality(quality, sd, caution)
  const most = Math.max(...again.map(reliableOf))
  const least = floor > strategy.floor ? Math.min(most, floor * most) : -Infinity
  return {
    candidates: again
      .filter((one) => reliableOf(one) >= least)
      .toSorted((a, b) => b.score - a.score)
      .map(candidateFields),
    compared: passed - uncompared,
    passed,
    belowFloor: floor < strategy.floor ? (filters.find(({ code }) => code === 'floor')?.count ?? 0) : 0,
  }
}
