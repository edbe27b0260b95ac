import { blendedPrice, byPrice, isPriced } from '../catalog/blended-price.ts'
import type { Catalog, Endpoint, Fact, Model, ModelKind, PriceBuckets } from '../catalog/types.ts'
import { dearestInputPicoUsd, dearestOutputPicoUsd } from '../pricing/cost.ts'
import { bucketsUpTo } from '../pricing/tier.ts'

/** What a token costs at an endpoint in pico-USD; exact, being far below 2^53. */
export type TokenPrices = {
  readonly inputPicoUsd: number
  readonly outputPicoUsd: number
  readonly cacheReadPicoUsd: number
}

/** Prices of inputs above a length. */
export type PriceTier = TokenPrices & { readonly aboveInputTokens: number }

/**
 * One endpoint as the router sees it: what a decision looks at, as plain numbers and flags. What is looked at of every candidate comes
 * first, so that it lies together in memory.
 */
export type Row = TokenPrices & {
  /** Of the endpoint in the price book: the same on every server that has the same one. */
  readonly place: number
  /** Of the endpoint and its model, once more: those come in many shapes, and looking into hundreds of them per call takes time. */
  readonly endpointId: string
  readonly providerId: string
  readonly modelIndex: number
  readonly providerIndex: number
  /** Endpoints that are spoken to in one way have one index. */
  readonly dialectIndex: number
  readonly isPriced: boolean
  readonly isFree: boolean
  /** Of the model, or less where this provider takes less; 0 where it is unknown. */
  readonly contextTokens: number
  readonly tools: Fact
  /** Absent where it has none of its own. */
  readonly ownMarginBps: number | undefined
  /** Absent where the price is the same for every length. */
  readonly tiers: readonly PriceTier[] | undefined
  readonly endpoint: Endpoint
  readonly model: Model
  readonly region: string
  readonly kind: ModelKind
  readonly modalitiesKnown: boolean
  readonly takesImages: boolean
  readonly takesAudio: boolean
  readonly structuredOutput: Fact
  readonly reasoning: Fact
  /** Of a typical call, to compare endpoints by one number. */
  readonly blendedPicoUsd: number
  /** The dearest ways to bill a token, over every tier. */
  readonly dearestInputPicoUsd: number
  readonly dearestOutputPicoUsd: number
}

/** Some endpoints in the table's order, and the same by model. */
export type Shelf = {
  readonly rows: readonly Row[]
  readonly groups: readonly (readonly Row[])[]
  /** Of each group, and which group a model's index has. */
  readonly models: readonly Model[]
  readonly groupOf: Int32Array
}

export type EndpointTable = {
  /** Cheapest first, those without a price last: where scores are equal the order decides. */
  readonly rows: readonly Row[]
  readonly shelfOf: (kind: ModelKind) => Shelf
  readonly rowsOfModel: ReadonlyMap<string, readonly Row[]>
  readonly models: readonly Model[]
  readonly providerIds: readonly string[]
  /** One endpoint for each way of being spoken to. */
  readonly dialectSamples: readonly Endpoint[]
  /** USD per million tokens, three of input to one of output, at a model's cheapest endpoint. */
  readonly usdPerMillionOf: (modelId: string) => number
}

const tables = new WeakMap<Catalog, EndpointTable>()

/** The catalogue as a table for decisions, made once: a catalogue never changes. */
export function endpointTable(catalog: Catalog): EndpointTable {
  const table = tables.get(catalog) ?? buildTable(catalog)
  tables.set(catalog, table)
  return table
}

/** Gives every new name the next number. */
function numbering(): { readonly of: (name: string) => number; readonly names: () => readonly string[] } {
  const numbers = new Map<string, number>()
  return {
    of(name) {
      const known = numbers.get(name) ?? numbers.size
      numbers.set(name, known)
      return known
    },
    names: () => [...numbers.keys()],
  }
}

const takes = ({ inputModalities }: Model, modality: 'image' | 'audio') =>
  inputModalities !== 'unknown' && inputModalities.includes(modality)

function buildTable({ models, endpoints }: Catalog): EndpointTable {
  const [modelNumbers, providers, dialects] = [numbering(), numbering(), numbering()]
  const samples: Endpoint[] = []
  const sorted = [
    ...endpoints.filter(isPriced).toSorted(byPrice),
    ...endpoints.filter((one) => !isPriced(one)).toSorted((a, b) => a.id.localeCompare(b.id)),
  ]
  const rows = sorted.flatMap((endpoint, place): Row[] => {
    const model = models.get(endpoint.modelId)
    if (!model) return []
    const dialectIndex = dialects.of(`${endpoint.providerId} ${endpoint.dialect ?? ''}`)
    samples[dialectIndex] ??= endpoint
    const prices = pricesOf(endpoint)
    return [
      {
        place,
        endpointId: endpoint.id,
        providerId: endpoint.providerId,
        modelIndex: modelNumbers.of(model.id),
        providerIndex: providers.of(endpoint.providerId),
        dialectIndex,
        isPriced: prices.isPriced,
        isFree: prices.isFree,
        inputPicoUsd: prices.inputPicoUsd,
        outputPicoUsd: prices.outputPicoUsd,
        cacheReadPicoUsd: prices.cacheReadPicoUsd,
        contextTokens: contextOf({ endpoint, model }),
        tools: model.tools,
        ownMarginBps: endpoint.marginBps,
        tiers: prices.tiers,
        endpoint,
        model,
        region: endpoint.region,
        kind: model.kind,
        modalitiesKnown: model.inputModalities !== 'unknown',
        takesImages: takes(model, 'image'),
        takesAudio: takes(model, 'audio'),
        structuredOutput: model.structuredOutput,
        reasoning: model.reasoning,
        blendedPicoUsd: prices.blendedPicoUsd,
        dearestInputPicoUsd: prices.dearestInputPicoUsd,
        dearestOutputPicoUsd: prices.dearestOutputPicoUsd,
      },
    ]
  })
  const rowsOfModel = Map.groupBy(rows, ({ model }) => model.id)
  const known = modelNumbers.names().flatMap((id) => models.get(id) ?? [])
  const usdPerMillion = new Map(
    [...rowsOfModel].map(([id, [cheapest]]) => [
      id,
      cheapest ? (cheapest.inputPicoUsd * 3 + cheapest.outputPicoUsd) / 4e6 : 0,
    ]),
  )
  const byKind = Map.groupBy(rows, ({ kind }) => kind)
  const [chat, embedding] = [shelfOf(byKind.get('chat') ?? []), shelfOf(byKind.get('embedding') ?? [])]
  return {
    rows,
    shelfOf: (kind) => (kind === 'chat' ? chat : embedding),
    rowsOfModel,
    models: known,
    providerIds: providers.names(),
    dialectSamples: samples,
    usdPerMillionOf: (modelId) => usdPerMillion.get(modelId) ?? 0,
  }
}

export function shelfOf(rows: readonly Row[]): Shelf {
  const groups = [...Map.groupBy(rows, ({ modelIndex }) => modelIndex).values()]
  const firsts = groups.flatMap(([first]) => first ?? [])
  const groupOf = new Int32Array(1 + Math.max(0, ...firsts.map(({ modelIndex }) => modelIndex)))
  for (const [index, { modelIndex }] of firsts.entries()) groupOf[modelIndex] = index
  return { rows, groups, models: firsts.map(({ model }) => model), groupOf }
}

function contextOf({ endpoint, model }: { endpoint: Endpoint; model: Model }): number {
  if (model.contextTokens === 'unknown') return 0
  return Math.min(model.contextTokens, endpoint.contextTokens ?? Infinity)
}

const NO_PRICES = {
  isPriced: false,
  isFree: false,
  inputPicoUsd: 0,
  outputPicoUsd: 0,
  cacheReadPicoUsd: 0,
  tiers: undefined,
  blendedPicoUsd: 0,
  dearestInputPicoUsd: 0,
  dearestOutputPicoUsd: 0,
}

function pricesOf(endpoint: Endpoint) {
  if (!isPriced(endpoint)) return NO_PRICES
  const { prices } = endpoint
  const all = bucketsUpTo({ prices, inputBoundTokens: Number.MAX_SAFE_INTEGER })
  const blended = blendedPrice(endpoint)
  return {
    isPriced: true,
    isFree: blended === 0n,
    ...tokenPrices(prices),
    tiers: prices.tiers?.map((tier) => ({
      aboveInputTokens: tier.aboveInputTokens,
      ...tokenPrices(tier),
    })),
    blendedPicoUsd: Number(blended),
    dearestInputPicoUsd: Math.max(...all.map((buckets) => Number(dearestInputPicoUsd(buckets)))),
    dearestOutputPicoUsd: Math.max(...all.map((buckets) => Number(dearestOutputPicoUsd(buckets)))),
  }
}

const tokenPrices = ({ inputPicoUsd, outputPicoUsd, cacheReadPicoUsd }: PriceBuckets): TokenPrices => ({
  inputPicoUsd: Number(inputPicoUsd),
  outputPicoUsd: Number(outputPicoUsd),
  cacheReadPicoUsd: Number(cacheReadPicoUsd),
})
