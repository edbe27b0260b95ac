import { LIMITS } from '../lib/limits.ts'
import { isNearInPrice } from './near-in-price.ts'
import type { Ranked } from './ranking/rank-candidates.ts'

/** Those of one model that may step in for its first, which is at their head (near-in-price.ts). */
function nearOf(ofModel: readonly Ranked[]): readonly Ranked[] {
  const priced = ofModel.filter(({ row }) => row.isPriced)
  const [first] = priced
  return first
    ? priced.filter((one) => one === first || isNearInPrice({ first: first.row, one: one.row }))
    : []
}

/** Whether another model's endpoint would leave the ceiling about where it is. */
const isAboutAsDear = ({ row }: Ranked, first: Ranked): boolean =>
  row.isPriced &&
  first.row.isPriced &&
  row.blendedPicoUsd * 100 <= first.row.blendedPicoUsd * LIMITS.failoverModelPricePercent

/**
 * The order of trial: the best candidate, others that sell the same model, then other models that cost about as much. The caller signs
 * for the dearest of them, so who is far dearer does not step in.
 *
 * @param ordered best first. @param isNamed the caller has listed the models: all of them step in, in that order, at their price.
 */
export function chooseFallbacks({
  ordered,
  isNamed,
  spreads,
  allowFallbacks,
}: {
  ordered: readonly Ranked[]
  isNamed: boolean
  spreads: boolean
  allowFallbacks: boolean
}): readonly Ranked[] {
  const [first] = ordered
  if (!first) return []
  if (!allowFallbacks) return [first]
  const models = [...Map.groupBy(ordered, ({ row }) => row.modelIndex).values()]
  const [own = [], ...others] = models
  const same = nearOf(own)
  const further = others.flatMap((ofModel) => {
    if (isNamed) return nearOf(ofModel)
    const [best] = ofModel
    return best && isAboutAsDear(best, first) ? [best] : []
  })
  const limited = isNamed ? further : further.slice(0, LIMITS.planModels - 1)
  const plan = [...same.slice(0, LIMITS.planEndpoints - limited.length), ...limited]
  return (spreads ? spread(plan) : plan).slice(0, LIMITS.planEndpoints)
}

/** Each next one at a provider that has not been asked yet, else in another region, else as it was. */
function spread(plan: readonly Ranked[]): readonly Ranked[] {
  const left = [...plan]
  const taken: Ranked[] = []
  while (left.length > 0) {
    const providers = new Set(taken.map(({ row }) => row.endpoint.providerId))
    const regions = new Set(taken.map(({ row }) => row.endpoint.region))
    const elsewhere = left.findIndex(({ row }) => !providers.has(row.endpoint.providerId))
    const afar = left.findIndex(({ row }) => !regions.has(row.endpoint.region))
    const at = elsewhere >= 0 ? elsewhere : Math.max(afar, 0)
    taken.push(...left.splice(at, 1))
  }
  return taken
}
