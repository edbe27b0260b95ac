import { type Choice } from './context-exceeded.ts'
import type { EndpointTable, Row } from './endpoint-table.ts'
import { codeOf, PASSES } from './filter-reasons.ts'
import type { RouteNeeds } from './fits.ts'
import { matcherOf } from './match-models.ts'
import type { Preferences } from './merge-overrides.ts'

/**
 * How much has to be known of a model: everything (it is chosen for the caller), what it is able to, nothing against it, or nothing
 * at all.
 */
export type Demand = 'known' | 'able' | 'not-denied' | 'nothing'

/** One request as a filter sees it: what is the same for a provider or a model is looked up once, not once an endpoint. */
export type RouteQuestion = {
  readonly needs: RouteNeeds
  readonly roomTokens: number
  readonly marginBps: number
  /** By index: what is against a provider or a model, {@link PASSES} where nothing is. */
  readonly providerCodes: readonly number[]
  readonly modelCodes: readonly number[] | undefined
  readonly dialectCodes: readonly number[] | undefined
  /** Place in `provider.order`; {@link UNORDERED} where it has none. */
  readonly providerPlaces: readonly number[] | undefined
  readonly regions: ReadonlySet<string> | undefined
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
const [UNSUPPORTED, UNPRICED, FREE] = [codeOf('unsupported_field'), codeOf('unpriced'), codeOf('free')]
const [CONTEXT, MODALITIES, TOOLS] = [codeOf('context_length'), codeOf('modalities'), codeOf('tools')]
const [STRUCTURED, REASONING, REGION] = [codeOf('structured_output'), codeOf('reasoning'), codeOf('region')]
const [ZDR, COLLECTION, MAX_PRICE] = [codeOf('zdr'), codeOf('data_collection'), codeOf('max_price')]

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
    regions: regions ? new Set(regions) : undefined,
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

/** A fact against a demand: what is unknown passes unless everything has to be known. */
const lacks = (fact: boolean | 'unknown', demand: Demand) =>
  isDemanded(demand) ? fact !== true : fact === false

const isDemanded = (demand: Demand) => demand === 'known' || demand === 'able'

function abilityCode(row: Row, { needs }: RouteQuestion, demand: Demand): number {
  const isJudged = isDemanded(demand) || row.modalitiesKnown
  if (isJudged && needs.images && !row.takesImages) return MODALITIES
  if (isJudged && needs.audio && !row.takesAudio) return MODALITIES
  if (needs.tools && lacks(row.tools, demand)) return TOOLS
  if (needs.structuredOutput && lacks(row.structuredOutput, demand)) return STRUCTURED
  return needs.reasoning && lacks(row.reasoning, demand) ? REASONING : PASSES
}

/**
 * What is against an endpoint, whatever its health and the others are: {@link PASSES}, or the code of the first filter that it fails.
 * Called for every endpoint of every call, so it makes nothing new.
 */
export function reasonAgainst(row: Row, question: RouteQuestion, demand: Demand): number {
  const ofModel = question.modelCodes?.[row.modelIndex] ?? PASSES
  if (ofModel !== PASSES) return ofModel
  const ofProvider = question.providerCodes[row.providerIndex] ?? PASSES
  if (ofProvider !== PASSES) return ofProvider
  if (question.regions && !question.regions.has(row.region)) return REGION
  if (!row.isPriced) return UNPRICED
  if (demand === 'known' && row.isFree) return FREE
  if (demand !== 'nothing') {
    const isUnknown = row.contextTokens === 0
    const isTooSmall = demand !== 'able' && row.contextTokens < question.roomTokens
    if (isUnknown ? demand === 'known' : isTooSmall) return CONTEXT
    const ability = abilityCode(row, question, demand)
    if (ability !== PASSES) return ability
  }
  const ofDialect = question.dialectCodes?.[row.dialectIndex] ?? PASSES
  if (ofDialect !== PASSES) return ofDialect
  if (question.zdr && row.endpoint.dataPolicy?.retention !== false) return ZDR
  if (question.denyCollection && row.endpoint.dataPolicy?.training !== false) return COLLECTION
  return isTooDear(row, question) ? MAX_PRICE : PASSES
}

function isTooDear(row: Row, { maxInputPicoUsd, maxOutputPicoUsd, marginBps }: RouteQuestion): boolean {
  if (maxInputPicoUsd === Infinity && maxOutputPicoUsd === Infinity) return false
  const factor = 10_000 + (row.endpoint.marginBps ?? marginBps)
  return (
    Math.ceil((row.inputPicoUsd * factor) / 10_000) > maxInputPicoUsd ||
    Math.ceil((row.outputPicoUsd * factor) / 10_000) > maxOutputPicoUsd
  )
}
