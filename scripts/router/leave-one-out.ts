import { UNKNOWN_FACTS } from '../../src/catalog/unknown-facts.ts'
import type { Endpoint, Model } from '../../src/catalog/types.ts'
import { canonicalName } from '../../src/routing/quality/canonical-name.ts'
import { type CatalogQualityView, createQualityView } from '../../src/routing/quality/create-quality-view.ts'
import type { Predictor } from '../../src/routing/quality/predictor.ts'
import { readFeatures } from '../../src/routing/quality/read-features.ts'
import { assemble, gateBounds } from './assemble.ts'
import { type Dataset, subsetOf } from './dataset.ts'
import type { Pool } from './pools.ts'
import { questionOf, type Row } from './read-rows.ts'
import { TRAIN_OPTIONS, trainParts } from './train-parts.ts'

/** Mean quality and mean cost (USD) of the router's choices and of the one model that priors alone would take. */
export type LeftOutFigures = {
  readonly quality: number
  readonly cost: number
  readonly staticQuality: number
  readonly staticCost: number
  /** Mean of the gate over the rows: how strange they were found. */
  readonly gate: number
}

/** Less is enough to see whether a stranger is harmed: five predictors have to be trained. */
const OPTIONS = {
  ...TRAIN_OPTIONS,
  networks: 1,
  linearEpochs: 5,
  network: { ...TRAIN_OPTIONS.network, epochs: 2 },
}

/** How much better than the static choice a cheaper model has to look, in quality: a guess about strangers is a guess. */
const MARGIN = 0.2

/** So many letters and digits tell a question from others where a source is left out. */
const QUESTION_LENGTH = 70

/** A predictor of all sources but one, and without every question that the one shares with them. */
export function trainWithout({ data, source }: { data: Dataset; source: string }): Predictor {
  const shared = new Set(
    data.rows.filter((row) => row.source === source).map((row) => questionOf(row, QUESTION_LENGTH)),
  )
  const rest = subsetOf(data, (row) => row.source !== source && !shared.has(questionOf(row, QUESTION_LENGTH)))
  const parts = trainParts({ data: rest, isMember: () => true, options: OPTIONS })
  const predictor = assemble({ data: rest, parts, mixes: new Map(), rank: OPTIONS.rank })
  return { ...predictor, ...gateBounds({ predictor, data: rest }) }
}

/**
 * What routing does on a source that nothing was learned from: it starts from the static choice of the priors and leaves it for a
 * cheaper model where that looks better.
 */
export function leftOutFigures({
  predictor,
  pool,
  data,
  rows,
  margin = MARGIN,
}: {
  predictor: Predictor
  pool: Pool
  /** Training rows: what models cost elsewhere tells their price tier. */
  data: Dataset
  rows: readonly Row[]
  margin?: number
}): LeftOutFigures {
  const mine = rows.filter(
    ({ source, outcomes }) => source === pool.source && pool.models.every((model) => outcomes.has(model)),
  )
  const costs = pool.models.map((model) => meanCost(mine, model))
  const { view, modelOf } = viewOf({ predictor, pool, rows: data.rows })
  const models = pool.models.map(modelOf)
  const priors = models.map((model) => view.of({ model }).quality)
  const chosen = [...models.keys()].toSorted((a, b) => priors[b]! - priors[a]! || costs[a]! - costs[b]!)[0]!
  const sums = { quality: 0, cost: 0, staticQuality: 0, staticCost: 0, gate: 0 }
  for (const { prompt, outcomes } of mine) {
    const features = readFeatures({ text: prompt })
    const estimates = models.map((model) => view.of({ model, features }))
    let pick = chosen
    let most = estimates[chosen]!.quality + margin
    estimates.forEach(({ quality: expected }, index) => {
      if (costs[index]! >= costs[chosen]! || expected <= most) return
      most = expected
      pick = index
    })
    const usd = (index: number) => outcomes.get(pool.models[index]!)!.costUsd ?? costs[index]!
    sums.quality += outcomes.get(pool.models[pick]!)!.quality
    sums.cost += usd(pick)
    sums.staticQuality += outcomes.get(pool.models[chosen]!)!.quality
    sums.staticCost += usd(chosen)
    sums.gate += estimates[chosen]!.gate
  }
  const mean = (sum: number) => sum / mine.length
  return {
    quality: mean(sums.quality),
    cost: mean(sums.cost),
    staticQuality: mean(sums.staticQuality),
    staticCost: mean(sums.staticCost),
    gate: mean(sums.gate),
  }
}

function meanCost(rows: readonly Row[], model: string): number {
  const costs = rows.flatMap(({ outcomes }) => outcomes.get(model)?.costUsd ?? [])
  return costs.reduce((sum, cost) => sum + cost, 0) / Math.max(1, costs.length)
}

const familyOf = (name: string) => /^[a-z]+/.exec(name)?.[0] ?? 'other'

/** A catalogue of the models of all rows, with prices from what they cost: as a server would know them. */
function viewOf({ predictor, pool, rows }: { predictor: Predictor; pool: Pool; rows: readonly Row[] }): {
  view: CatalogQualityView
  modelOf: (name: string) => Model
} {
  const totals = new Map<string, { usd: number; tokens: number }>()
  for (const { prompt, outcomes } of rows) {
    for (const [model, { costUsd }] of outcomes) {
      const name = canonicalName(model)
      const total = totals.get(name) ?? { usd: 0, tokens: 0 }
      if (costUsd !== undefined)
        totals.set(name, { usd: total.usd + costUsd, tokens: total.tokens + prompt.length / 4 + 200 })
      else totals.set(name, total)
    }
  }
  const modelOf = (name: string): Model => {
    const canonical = canonicalName(name)
    return {
      ...UNKNOWN_FACTS,
      id: `${familyOf(canonical)}/${canonical}`,
      name,
      kind: 'chat',
      contextTokens: 'unknown',
      createdAt: 0,
      source: pool.source,
      sourceDate: '',
    }
  }
  const models = new Map([...totals.keys(), ...pool.models].map(modelOf).map((model) => [model.id, model]))
  const endpoints = [...totals].flatMap(([name, { usd, tokens }]): Endpoint[] => {
    if (usd <= 0) return []
    const price = BigInt(Math.round((usd / tokens) * 1e12))
    const prices = {
      inputPicoUsd: price,
      cacheReadPicoUsd: price,
      cacheWritePicoUsd: price,
      outputPicoUsd: price,
    }
    const { id } = modelOf(name)
    return [{ id, modelId: id, providerId: 'any', region: 'any', upstreamModel: name, prices }]
  })
  return { view: createQualityView({ catalog: { models, endpoints }, predictor }), modelOf }
}
