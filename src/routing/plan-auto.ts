import { isPriced, type PricedEndpoint } from '../catalog/blended-price.ts'
import { formatUsd } from '../lib/money.ts'
import { chooseFallbacks } from './choose-fallbacks.ts'
import { contextExceeded } from './filters/context-exceeded.ts'
import { decisionOf, cheapestOf, orderOf, pricedOf, type RoutePlan } from './decision.ts'
import { emptyPool } from './empty-pool.ts'
import { countHits } from './ranking/count-hits.ts'
import type { Row } from './table/endpoint-row.ts'
import { type Shelf, shelfOf } from './table/endpoint-table.ts'
import { PASSES } from './table/filter-reasons.ts'
import type { Ranked } from './ranking/rank-candidates.ts'
import { UNORDERED } from './filters/route-question.ts'
import { keptOf, placesWith, rankShelf, filtersFor, type RouteSetting } from './route-setting.ts'
import { tryChallenger } from './try-challenger.ts'

/** Nothing is taken on trust of a model that is chosen for the caller. */
const DEMAND = 'known'

/** The best-scored endpoint of all, and who may step in for it. @throws see planRoute. */
export function planAuto(setting: RouteSetting): RoutePlan {
  const { preferences, strategy, question } = setting
  const shelf = shelfFor(setting)
  const ranking = rankShelf(setting, { shelf, codeAt: filtersFor(setting, DEMAND), hasFloor: true })
  if (!ranking) throw nobody(setting, shelf)
  const { providerOrder, allowFallbacks } = preferences
  const placeOf = (row: Row) => question.providerPlaces?.[row.providerIndex] ?? UNORDERED
  const byScore = orderOf(ranking, placesWith({ ...setting, placeOf: providerOrder ? placeOf : undefined }))
  const trial = mayExplore(setting)
    ? tryChallenger({ ordered: byScore, strategy, seed: setting.explorationSeed, site: setting.site })
    : undefined
  const ordered = trial?.ordered ?? byScore
  const [first] = ordered
  if (!first) throw new RangeError('Nobody was ranked.')
  const { spreads } = strategy
  const plan =
    keptOf(setting, ordered) ??
    chooseFallbacks({ ordered, isNamed: false, spreads, allowFallbacks: allowFallbacks !== false })
  return {
    ...(setting.kept ? { isQuoted: true as const } : {}),
    model: first.row.model,
    candidates: [pricedOf(first.row), ...plan.slice(1).map(({ row }) => pricedOf(row))],
    strategy: strategy.name,
    reason: trial
      ? `${first.row.model.id} is ${trial.exploration.reason}`
      : reasonOf({ ordered, passed: ranking.passed, strategy: strategy.name }),
    decision: {
      ...decisionOf({
        setting,
        considered: shelf.rows.length,
        ranking,
        ordered: [first, ...ordered.slice(1)],
        told: toldBaseline(setting),
      }),
      ...(trial ? { insteadOf: trial.exploration.insteadOf } : {}),
    },
  }
}

/** A plan that was quoted is kept, a price that was signed is not tried anew, and an order of the caller's own is followed. */
const mayExplore = ({ kept, isWithinCap, preferences: { providerOrder, allowFallbacks } }: RouteSetting) =>
  !kept && !isWithinCap && !providerOrder && allowFallbacks !== false

/** All endpoints, or those of the models that were listed beside `auto`. */
function shelfFor({ table, needs, preferences: { models }, catalog }: RouteSetting): Shelf {
  const all = table.shelfOf(needs.kind ?? 'chat')
  if (!models) return all
  const ids = new Set(models.map((name) => catalog.aliases?.get(name) ?? name))
  return shelfOf(all.rows.filter(({ model }) => ids.has(model.id)))
}

/** Where all that stands in the way is the length of the input, what has room for it is told. */
function nobody(setting: RouteSetting, { rows }: Shelf) {
  const question = { ...setting.question, roomTokens: 0 }
  const withoutLength = filtersFor({ ...setting, question }, DEMAND)
  return rows.some(({ number }) => withoutLength(number) === PASSES)
    ? contextExceeded(setting)
    : emptyPool({ hits: countHits({ rows, codeAt: filtersFor(setting, DEMAND) }) })
}

function toldBaseline({
  table,
  preferences: { baseline },
  catalog,
}: RouteSetting): PricedEndpoint | undefined {
  if (baseline === undefined) return undefined
  const rows = table.rowsOfModel.get(catalog.aliases?.get(baseline) ?? baseline) ?? []
  return cheapestOf(rows.map(({ endpoint }) => endpoint).filter(isPriced))
}

/** Figures of a few digits: for people, and short enough for one line. */
export function reasonOf({
  ordered: [first, next],
  passed,
  strategy,
}: {
  ordered: readonly Ranked[]
  passed: number
  strategy: string
}): string {
  if (!first) return ''
  const { quality, costPicoUsd } = first.inputs
  const cost = formatUsd(BigInt(Math.round(costPicoUsd / 1e6)) * 1_000_000n)
  const ahead = next ? `, ${leadOf(first.score - next.score)} ${next.row.endpoint.id}` : ''
  return `${first.row.model.id} scores best of ${passed} by ${strategy}: quality ${quality.toFixed(2)}, about $${cost}${ahead}`
}

const leadOf = (margin: number) => (margin === 0 ? 'level with' : `${margin.toPrecision(2)} ahead of`)
