import { boundedTerm } from '../../src/routing/quality/quality-view.ts'
import { predictQuality } from '../../src/routing/quality/predict-quality.ts'
import type { Predictor } from '../../src/routing/quality/predictor.ts'
import { readFeatures } from '../../src/routing/quality/read-features.ts'
import { headOdds, type PromptReading, readPrompt } from '../../src/routing/quality/read-prompt.ts'
import type { QualityEstimate } from '../../src/routing/quality/quality-view.ts'
import { headOf } from './dataset.ts'
import { apgrOf, calibrationError } from './measures.ts'
import { outcomeOf, poolRows, referenceOf, TARGETS } from './operating-points.ts'
import { type Pair, PAIRS, POOLS } from './pools.ts'
import type { Row } from './read-rows.ts'

/** What a predictor says of rows: each is read once, each head is asked for by name. */
export type Estimator = (row: number, head: string) => QualityEstimate

/**
 * Estimates by the heads of the trained file themselves: the prior is the head's own mean, so this measures the learned part.
 *
 * @param hasGate false: as if every prompt were like those of training, to tell what the gate costs.
 */
export function createEstimator({
  predictor,
  rows,
  hasGate = true,
}: {
  predictor: Predictor
  rows: readonly Row[]
  hasGate?: boolean
}): Estimator {
  const indexOf = new Map(predictor.heads.map(({ name }, index) => [name, index]))
  const readings: PromptReading[] = rows.map(({ prompt }) => {
    const reading = readPrompt({ predictor, features: readFeatures({ text: prompt }) })
    return hasGate ? reading : { ...reading, gate: 1 }
  })
  return (row, name) => {
    const head = indexOf.get(name)
    if (head === undefined) throw new RangeError(`The trained file has never seen ${name}.`)
    const { base: general, domainBases: byDomain } = predictor.heads[head]!
    const reading = readings[row]!
    const { odds, base } = headOdds({ predictor, reading, head })
    const prior = { kind: 'measured', general, byDomain, sd: 0, ability: 0 } as const
    return predictQuality({ prior, reading, promptTerm: boundedTerm(odds - base) })
  }
}

/** NaN where the rows have none of the pair. */
export function pairApgr({
  pair,
  rows,
  estimate,
}: {
  pair: Pair
  rows: readonly Row[]
  estimate: Estimator
}): number {
  const outcomes = rows.flatMap(({ source, outcomes: all }, row) => {
    const strong = all.get(pair.strong)
    const weak = all.get(pair.weak)
    if (source !== pair.source || !strong || !weak) return []
    const gain =
      estimate(row, headOf(source, pair.strong)).quality - estimate(row, headOf(source, pair.weak)).quality
    return [{ gain, strong: strong.quality, weak: weak.quality }]
  })
  return apgrOf(outcomes)
}

export type PoolFigures = { readonly quality: number; readonly saving: number }

type Measured = {
  readonly predictor: Predictor
  readonly rows: readonly Row[]
  readonly estimate: Estimator
}

/** Every pool at the points that training has fixed. */
export function poolFigures({
  predictor,
  rows,
  estimate,
}: Measured): Readonly<Record<string, { pools: Readonly<Record<string, PoolFigures>>; meanSaving: number }>> {
  const { costs, points } = predictor.operating
  const figures = TARGETS.map((target) => {
    const pools = POOLS.flatMap((pool) => {
      const mine = poolRows({ pool, rows, costs, predict: (row, head) => estimate(row, head).quality })
      const point = points[pool.name]
      if (mine.length === 0 || !point) return []
      const { quality, saving } = outcomeOf({
        rows: mine,
        best: pool.models.indexOf(point.best),
        lambda: point.lambdas[target] ?? 0,
        referenceUsd: referenceOf(pool, costs),
      })
      return [[pool.name, { quality, saving }] as const]
    })
    const meanSaving = pools.reduce((sum, [, { saving }]) => sum + saving, 0) / pools.length
    return [target, { pools: Object.fromEntries(pools), meanSaving }] as const
  })
  return Object.fromEntries(figures)
}

/** ECE over every outcome of the rows that the file has a head for. */
export function calibrationOf({ predictor, rows, estimate }: Measured): number {
  const known = new Set(predictor.heads.map(({ name }) => name))
  return calibrationError(
    rows.flatMap(({ source, outcomes }, row) =>
      [...outcomes].flatMap(([model, { quality }]) => {
        const head = headOf(source, model)
        return known.has(head) ? [{ predicted: estimate(row, head).quality, observed: quality }] : []
      }),
    ),
  )
}

/** APGR of every pair by its name. */
export const apgrFigures = (rows: readonly Row[], estimate: Estimator): Readonly<Record<string, number>> =>
  Object.fromEntries(PAIRS.map((pair) => [pair.name, pairApgr({ pair, rows, estimate })]))
