import { exactExp } from '../../src/routing/quality/exact-math.ts'
import type { OperatingPoints } from '../../src/routing/quality/predictor.ts'
import { headOf } from './dataset.ts'
import { type Pool, POOLS } from './pools.ts'
import type { Row } from './read-rows.ts'

/** Shares of the best single model's quality that are aimed at; half a point less still counts as met. */
export const TARGETS = ['98', '95'] as const
const SLACK = 0.005

/**
 * How many standard errors above its target a point has to be: rows that nobody has seen will differ. A test has some 28 rows
 * for every 100 of training (a fifth of all against seven tenths).
 */
const [CAUTION, TEST_SHARE] = [1.7, 0.28]

/**
 * The least distance from each target, however many rows there are: what is drawn anew differs by more than chance, and the more so
 * the more calls are moved.
 */
const LEAST_MARGIN = { 98: 0.013, 95: 0.025 }

/** 0, then 400 steps from 0.001 to 100. */
const LAMBDAS = [
  0,
  ...Array.from({ length: 401 }, (_, step) => exactExp(2.302585092994046 * (step / 80 - 3))),
]

/** One prompt of a pool: what was predicted of each of its models, what it is expected to cost, and what it did. */
export type PoolRow = {
  readonly predicted: Float64Array
  readonly expectedUsd: Float64Array
  readonly quality: Float64Array
  readonly costUsd: Float64Array
}

export type CostLines = OperatingPoints['costs']

/** Least squares of cost over the prompt's length, for every head that has costs. */
export function fitCosts(rows: readonly Row[]): CostLines {
  const sums = new Map<string, { n: number; x: number; y: number; xx: number; xy: number }>()
  for (const { source, prompt, outcomes } of rows) {
    const x = prompt.length
    for (const [model, { costUsd: y }] of outcomes) {
      if (y === undefined) continue
      const head = headOf(source, model)
      const sum = sums.get(head) ?? { n: 0, x: 0, y: 0, xx: 0, xy: 0 }
      sums.set(head, { n: sum.n + 1, x: sum.x + x, y: sum.y + y, xx: sum.xx + x * x, xy: sum.xy + x * y })
    }
  }
  return Object.fromEntries(
    [...sums].map(([head, { n, x, y, xx, xy }]) => {
      const spread = xx - (x * x) / n
      const slope = spread > 0 ? (xy - (x * y) / n) / spread : 0
      return [head, [(y - slope * x) / n, slope] as const]
    }),
  )
}

/** Rows with an outcome of every model of the pool; a cost that is missing is the expected one. */
export function poolRows({
  pool,
  rows,
  costs,
  predict,
}: {
  pool: Pool
  rows: readonly Row[]
  costs: CostLines
  /** Quality from 0 to 1 of a model at a row (its index). */
  predict: (row: number, head: string) => number
}): readonly PoolRow[] {
  return rows.flatMap(({ source, prompt, outcomes }, row) => {
    if (source !== pool.source || pool.models.some((model) => !outcomes.has(model))) return []
    const expectedUsd = Float64Array.from(pool.models, (model) => {
      const [fixed, slope] = costs[headOf(source, model)] ?? [0, 0]
      return Math.max(0, fixed + slope * prompt.length)
    })
    return [
      {
        predicted: Float64Array.from(pool.models, (model) => predict(row, headOf(source, model))),
        expectedUsd,
        quality: Float64Array.from(pool.models, (model) => outcomes.get(model)!.quality),
        costUsd: Float64Array.from(
          pool.models,
          (model, i) => outcomes.get(model)!.costUsd ?? expectedUsd[i]!,
        ),
      },
    ]
  })
}

const meanOf = (rows: readonly PoolRow[], pick: (row: PoolRow) => number) =>
  rows.reduce((sum, row) => sum + pick(row), 0) / rows.length

/** The model with the best mean quality; the cheaper of two. */
export function bestSingle(rows: readonly PoolRow[], models: readonly string[]): number {
  const quality = models.map((_, model) => meanOf(rows, (row) => row.quality[model]!))
  const cost = models.map((_, model) => meanOf(rows, (row) => row.costUsd[model]!))
  return [...models.keys()].toSorted((a, b) => quality[b]! - quality[a]! || cost[a]! - cost[b]!)[0]!
}

/** The model that a row goes to: the most quality, less lambda times the cost over the dearest model's mean cost. */
export function choose({ predicted, expectedUsd }: PoolRow, lambda: number, referenceUsd: number): number {
  let chosen = 0
  let most = -Infinity
  for (let model = 0; model < predicted.length; model += 1) {
    const worth = predicted[model]! - (lambda * expectedUsd[model]!) / referenceUsd
    if (worth > most) {
      most = worth
      chosen = model
    }
  }
  return chosen
}

/** Quality and saving of a lambda, as shares of the best single model's; and the standard error of the quality. */
export function outcomeOf({
  rows,
  best,
  lambda,
  referenceUsd,
}: {
  rows: readonly PoolRow[]
  best: number
  lambda: number
  referenceUsd: number
}): { readonly quality: number; readonly saving: number; readonly error: number } {
  const picks = rows.map((row) => choose(row, lambda, referenceUsd))
  const single = meanOf(rows, (row) => row.quality[best]!)
  const losses = rows.map((row, index) => row.quality[picks[index]!]! - row.quality[best]!)
  const loss = losses.reduce((sum, value) => sum + value, 0) / rows.length
  const variance = losses.reduce((sum, value) => sum + (value - loss) ** 2, 0) / rows.length
  const cost = rows.reduce((sum, row, index) => sum + row.costUsd[picks[index]!]!, 0) / rows.length
  return {
    quality: 1 + loss / single,
    saving: 1 - cost / meanOf(rows, (row) => row.costUsd[best]!),
    error: Math.sqrt(variance / rows.length) / single,
  }
}

/** What the cost of a pool's choices is measured by: the dearest model's cost of a prompt of a thousand characters. */
export const referenceOf = (pool: Pool, costs: CostLines): number =>
  Math.max(
    1e-12,
    ...pool.models.map((model) => {
      const [fixed, slope] = costs[headOf(pool.source, model)] ?? [0, 0]
      return fixed + slope * 1_000
    }),
  )

/** Fixes every pool's points on predictions that were made without the rows' own questions. */
export function fixOperatingPoints({
  rows,
  costs,
  predict,
}: {
  rows: readonly Row[]
  costs: CostLines
  predict: (row: number, head: string) => number
}): OperatingPoints {
  const points = POOLS.flatMap((pool) => {
    const mine = poolRows({ pool, rows, costs, predict })
    if (mine.length === 0) return []
    const best = bestSingle(mine, pool.models)
    const referenceUsd = referenceOf(pool, costs)
    const outcomes = LAMBDAS.map((lambda) => ({
      lambda,
      ...outcomeOf({ rows: mine, best, lambda, referenceUsd }),
    }))
    const lambdas = TARGETS.map((target) => {
      const least = Number(target) / 100 - SLACK
      const safe = outcomes.filter(
        ({ quality, error }) =>
          quality >= least + Math.max(LEAST_MARGIN[target], (CAUTION * error) / Math.sqrt(TEST_SHARE)),
      )
      const cheapest = safe.toSorted((a, b) => b.saving - a.saving)[0]
      return [target, cheapest?.lambda ?? 0] as const
    })
    return [[pool.name, { best: pool.models[best]!, lambdas: Object.fromEntries(lambdas) }] as const]
  })
  return { costs, points: Object.fromEntries(points) }
}
