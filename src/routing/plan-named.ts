import { isPriced } from '../catalog/blended-price.ts'
import type { Model } from '../catalog/types.ts'
import { chooseFallbacks } from './choose-fallbacks.ts'
import { decisionOf, cheapestOf, orderOf, pricedOf, type RoutePlan } from './decision.ts'
import { emptyPool } from './empty-pool.ts'
import { countHits } from './ranking/count-hits.ts'
import { takesInput } from './filters/fits.ts'
import type { Row } from './table/endpoint-row.ts'
import { shelfOf } from './table/endpoint-table.ts'
import { codeOf, PASSES } from './table/filter-reasons.ts'
import type { CodeAt, Demand } from './filters/filter-endpoints.ts'
import { UNORDERED } from './filters/route-question.ts'
import { keptOf, placesWith, rankShelf, filtersFor, type RouteSetting } from './route-setting.ts'

const CONTEXT = codeOf('context_length')

/** Places of one model's providers, between those of the models before and after it. */
const PLACES = UNORDERED + 1

/**
 * The model that was asked for by name, wherever it is sold; behind it the others of the caller's list, in its order. What is unknown
 * of them is the provider's to refuse, unless the caller wants it known.
 *
 * @throws see planRoute.
 */
export function planNamed({ models, ...setting }: RouteSetting & { models: readonly Model[] }): RoutePlan {
  const { wanted, preferences, strategy, question, table } = setting
  const [asked] = models
  if (!asked) throw new RangeError('No model was named.')
  const sets = models.map((model, index) => setOf({ model, isFirst: index === 0, setting }))
  const shelf = shelfOf(sets.flatMap(({ rows }) => rows).toSorted((a, b) => a.place - b.place))
  const codes = new Map(
    sets.flatMap(({ rows, codeAt }) => rows.map(({ number }) => [number, codeAt(number)])),
  )
  const codeAt: CodeAt = (number) => codes.get(number) ?? PASSES
  const ranking = rankShelf(setting, { shelf, codeAt, hasFloor: false })
  if (!ranking) {
    const hits = countHits({ rows: shelf.rows, codeAt })
    throw emptyPool({ hits, unsupported: unsupportedOf(setting, asked) })
  }
  const placeOfModel = new Map(models.map(({ id }, index) => [id, index]))
  const placeOf = (row: Row) =>
    (placeOfModel.get(row.model.id) ?? 0) * PLACES +
    (question.providerPlaces?.[row.providerIndex] ?? UNORDERED)
  const ordered = orderOf(ranking, placesWith({ ...setting, placeOf }))
  const [first] = ordered
  if (!first) throw new RangeError('Nobody was ranked.')
  const plan =
    keptOf(setting, ordered) ??
    chooseFallbacks({
      ordered,
      isNamed: true,
      spreads: strategy.spreads && models.length === 1,
      allowFallbacks: preferences.allowFallbacks !== false,
    })
  const own = (table.rowsOfModel.get(asked.id) ?? []).map(({ endpoint }) => endpoint).filter(isPriced)
  return {
    ...(setting.kept ? { isQuoted: true as const } : {}),
    model: first.row.model,
    candidates: [pricedOf(first.row), ...plan.slice(1).map(({ row }) => pricedOf(row))],
    strategy: strategy.name,
    reason: reasonOf({ wanted, asked, chosen: first.row.model }),
    decision: decisionOf({
      setting,
      considered: shelf.rows.length,
      ranking,
      ordered: [first, ...ordered.slice(1)],
      told: cheapestOf(own.filter(({ providerId }) => setting.isReachable(providerId))),
    }),
  }
}

function demandFor({ isFirst, setting }: { isFirst: boolean; setting: RouteSetting }): Demand {
  if (setting.preferences.requireParameters === true) return 'able'
  return isFirst ? 'nothing' : 'not-denied'
}

/** What sells one of the models, and what is against each. */
function setOf({ model, isFirst, setting }: { model: Model; isFirst: boolean; setting: RouteSetting }) {
  const rows = setting.table.rowsOfModel.get(model.id) ?? []
  const codeAt = filtersFor(setting, demandFor({ isFirst, setting }))
  const fitting = rows.filter(({ number }) => codeAt(number) === PASSES)
  // Those that take so much, unless none does: then the model's own refusal says what would fit.
  const roomy = fitting.filter(({ endpoint }) => takesInput({ endpoint, needs: setting.needs }))
  const cramped = roomy.length > 0 ? fitting.filter((row) => !roomy.includes(row)) : []
  const leftOut = new Set(cramped.map(({ number }) => number))
  return { rows, codeAt: (number: number) => (leftOut.has(number) ? CONTEXT : codeAt(number)) }
}

const unsupportedOf = ({ table, unsupportedAt = () => [] }: RouteSetting, model: Model) =>
  (table.rowsOfModel.get(model.id) ?? []).flatMap(({ endpoint }) => unsupportedAt(endpoint))[0]

const reasonOf = ({ wanted, asked, chosen }: { wanted: string; asked: Model; chosen: Model }) =>
  chosen.id === asked.id
    ? `${wanted} was asked for by name`
    : `${chosen.id} is next in models, since ${asked.id} cannot answer`
