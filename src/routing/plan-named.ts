import { isPriced } from '../catalog/blended-price.ts'
import type { Model } from '../catalog/types.ts'
import { chooseFallbacks } from './choose-fallbacks.ts'
import { baselinesOf, cheapestOf, orderOf, pricedOf, type RoutePlan } from './decision.ts'
import { emptyPool } from './empty-pool.ts'
import { createTally, type Passed } from './filter-candidates.ts'
import { takesInput } from './fits.ts'
import type { Row } from './endpoint-table.ts'
import { type Demand, UNORDERED } from './route-question.ts'
import { awakeOf, filterRows, keptOf, placesWith, rankPassed, type RouteSetting } from './route-setting.ts'

/** Places of one model's providers, between those of the models before and after it. */
const PLACES = UNORDERED + 1

/**
 * The model that was asked for by name, wherever it is sold; behind it the others of the caller's list, in its order. What is unknown
 * of them is the provider's to refuse, unless the caller wants it known.
 *
 * @throws see planRoute.
 */
export function planNamed({ models, ...setting }: RouteSetting & { models: readonly Model[] }): RoutePlan {
  const { wanted, preferences, strategy, question, expected, table } = setting
  const [asked] = models
  if (!asked) throw new RangeError('No model was named.')
  const tally = createTally()
  const sets = models.map((model, index) => {
    const rows = table.rowsOfModel.get(model.id) ?? []
    const demand = demandFor({ isFirst: index === 0, setting })
    const filtered = filterRows(setting, { rows, demand, tally })
    return { rows, demand, ...filtered }
  })
  const filters = tally.list()
  const rows = sets.flatMap((one) => one.rows)
  const well = sets.flatMap(({ passed }) => withRoom(passed, setting))
  const resting = sets.flatMap((one) => one.resting)
  if (well.length === 0 && resting.length === 0)
    throw emptyPool({ hits: filters, unsupported: unsupportedOf(setting, asked) })
  const passed = awakeOf(setting, { passed: well, resting })
  const ranking = rankPassed(setting, { passed, hasFloor: false, tally })
  const placeOfModel = new Map(models.map(({ id }, index) => [id, index]))
  const placeOf = (row: Row) =>
    (placeOfModel.get(row.model.id) ?? 0) * PLACES + (question.providerPlaces[row.providerIndex] ?? UNORDERED)
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
    candidates: [pricedOf(first), ...plan.slice(1).map((one) => pricedOf(one))],
    strategy: strategy.name,
    reason: reasonOf({ wanted, asked, chosen: first.row.model }),
    decision: {
      strategy,
      expected,
      reference: ranking.reference,
      considered: rows.length,
      passed: ranking.passed,
      filters: tally.list(),
      ranked: ordered,
      best: ranking.best,
      baselines: baselinesOf({
        ranking,
        chosen: first,
        told: cheapestOf(own.filter(({ providerId }) => setting.isReachable(providerId))),
      }),
    },
  }
}

function demandFor({ isFirst, setting }: { isFirst: boolean; setting: RouteSetting }): Demand {
  if (setting.preferences.requireParameters === true) return 'able'
  return isFirst ? 'nothing' : 'not-denied'
}

/** Those that take so much, unless none does: then the model's own refusal says what would fit. */
function withRoom(passed: readonly Passed[], { needs }: RouteSetting): readonly Passed[] {
  const fitting = passed.filter(({ row: { endpoint } }) => takesInput({ endpoint, needs }))
  return fitting.length > 0 ? fitting : passed
}

const unsupportedOf = ({ table, unsupportedAt = () => [] }: RouteSetting, model: Model) =>
  (table.rowsOfModel.get(model.id) ?? []).flatMap(({ endpoint }) => unsupportedAt(endpoint))[0]

const reasonOf = ({ wanted, asked, chosen }: { wanted: string; asked: Model; chosen: Model }) =>
  chosen.id === asked.id
    ? `${wanted} was asked for by name`
    : `${chosen.id} is next in models, since ${asked.id} cannot answer`
