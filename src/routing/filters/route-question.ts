import { type Choice } from './context-exceeded.ts'
import type { EndpointTable } from '../table/endpoint-table.ts'
import { codeOf, PASSES } from '../table/filter-reasons.ts'
import type { RouteNeeds } from './fits.ts'
import { matcherOf } from '../overrides/match-models.ts'
import type { Preferences } from '../overrides/merge-overrides.ts'

/** One request as a filter sees it: what is the same for a provider or a model is looked up once, not once an endpoint. */
export type RouteQuestion = {
  readonly needs: RouteNeeds
  readonly roomTokens: number
  readonly marginBps: number
  /** By index: what is against a provider, a model, a dialect or a region; {@link PASSES} where nothing is. */
  readonly providerCodes: readonly number[]
  readonly modelCodes: readonly number[] | undefined
  readonly dialectCodes: readonly number[] | undefined
  /** Place in `provider.order`; {@link UNORDERED} where it has none. */
  readonly providerPlaces: readonly number[] | undefined
  readonly regionCodes: readonly number[] | undefined
  /** Pico-USD per token, margin included. */
  readonly maxInputPicoUsd: number
  readonly maxOutputPicoUsd: number
  readonly zdr: boolean
  readonly denyCollection: boolean
}

export const UNORDERED = 255

const [NOT_REACHABLE, NOT_ALLOWED, IGNORED] = [
  codeOf('not_reachable'),
  codeOf('provider_not_allowed'),
  codeOf('provider_ignored'),
]
const [MODEL_NOT_ALLOWED, MODEL_EXCLUDED] = [codeOf('model_not_allowed'), codeOf('model_excluded')]
const [UNSUPPORTED, REGION] = [codeOf('unsupported_field'), codeOf('region')]

const USD_PER_MILLION = 1_000_000

/** Prepares the filters for one request. */
export function routeQuestion({
  table,
  needs,
  preferences,
  isReachable,
  unsupportedAt,
  marginBps,
}: Pick<Choice, 'isReachable' | 'unsupportedAt'> & {
  table: EndpointTable
  needs: RouteNeeds
  preferences: Preferences
  /** The server's, where an endpoint has none of its own. */
  marginBps: number
}): RouteQuestion {
  const { providerOrder, maxPrice, regions } = preferences
  return {
    needs,
    roomTokens: needs.inputBoundTokens + (needs.callerOutputCap ?? 1),
    marginBps,
    providerPlaces: providerOrder && table.providerIds.map((id) => placeIn(providerOrder, id)),
    providerCodes: table.providerIds.map((id) =>
      isReachable(id) ? providerCode(id, preferences) : NOT_REACHABLE,
    ),
    modelCodes: modelCodesOf(table, preferences),
    dialectCodes:
      unsupportedAt &&
      table.dialectSamples.map((endpoint) => (unsupportedAt(endpoint).length > 0 ? UNSUPPORTED : PASSES)),
    regionCodes: regions && table.regions.map((region) => (regions.includes(region) ? PASSES : REGION)),
    maxInputPicoUsd: (maxPrice?.promptUsd ?? Infinity) * USD_PER_MILLION,
    maxOutputPicoUsd: (maxPrice?.completionUsd ?? Infinity) * USD_PER_MILLION,
    zdr: preferences.zdr === true,
    denyCollection: preferences.dataCollection === 'deny',
  }
}

function placeIn(order: readonly string[], id: string): number {
  const place = order.indexOf(id)
  return place < 0 ? UNORDERED : Math.min(place, UNORDERED - 1)
}

function providerCode(
  id: string,
  { providerOnly, providerIgnore, providerOrder, allowFallbacks }: Preferences,
): number {
  if (providerOnly && !providerOnly.includes(id)) return NOT_ALLOWED
  // An order without fallbacks is a list of all that may be asked.
  if (allowFallbacks === false && providerOrder && !providerOrder.includes(id)) return NOT_ALLOWED
  return providerIgnore?.includes(id) ? IGNORED : PASSES
}

function modelCodesOf(
  { models }: EndpointTable,
  { allowedModels = [], excludedModels = [] }: Preferences,
): readonly number[] | undefined {
  if (allowedModels.length === 0 && excludedModels.length === 0) return undefined
  const allowed = allowedModels.map(matcherOf)
  const isExcluded = matcherOf(excludedModels)
  return models.map(({ id }) => {
    if (!allowed.every((isAllowed) => isAllowed(id))) return MODEL_NOT_ALLOWED
    return isExcluded(id) ? MODEL_EXCLUDED : PASSES
  })
}
