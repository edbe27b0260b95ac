import { calcPrice, findProvider } from '@pydantic/genai-prices'
import type { EndpointRow } from '../../src/catalog/catalog-file.ts'
import type { ModelKind } from '../../src/catalog/types.ts'
import { entriesOf } from './capability-rows.ts'
import { modelIdOf } from './model-names.ts'
import { type Offer, priceRowOf } from './price-rows.ts'
import type { Seller } from './sellers.ts'
import { isBilledBeyondTokens, kindOf } from './sold.ts'

/** What one seller sells: a row of the catalogue, and what it says of the model. */
export type ReadOffer = {
  readonly endpoint: EndpointRow
  readonly kind: ModelKind
  readonly name: string
  /** The seller's vendor made the model: what it says of the model counts first. */
  readonly isVendor: boolean
  /** The source that has the offer. */
  readonly source: 'genai-prices' | 'tokenlens'
}

/** The price source's offer of a name, also where it prices one provider as another. */
const pricedAs = (name: string, provider: string): Offer | undefined =>
  calcPrice({ input_tokens: 1 }, name, { providerId: provider })?.model

/** What the source matches whole; its own id of an offer need not be a name that the provider takes. */
const equalsIn = (match: Offer['match']): readonly string[] =>
  'or' in match ? match.or.flatMap(equalsIn) : 'equals' in match ? [match.equals] : []

function upstreamOf({ match, id }: Offer): string {
  const names = equalsIn(match)
  if (names.some((name) => name.toLowerCase() === id.toLowerCase())) return id
  return names.find((name) => name.endsWith(`/${id}`)) ?? id
}

type Listed = {
  readonly id: string
  readonly name: string
  readonly upstream: string
  readonly offer?: Offer
}

function listedBy({ prices, listedBy: list }: Seller): readonly Listed[] {
  if (list !== undefined) {
    return entriesOf(list).map(({ id, name }) => {
      const offer = prices === undefined ? undefined : pricedAs(id, prices)
      return { id, name, upstream: id, ...(offer ? { offer } : {}) }
    })
  }
  const offers = prices === undefined ? [] : (findProvider({ providerId: prices })?.models ?? [])
  return offers
    .filter(({ deprecated }) => !deprecated)
    .map((offer) => ({ id: offer.id, name: offer.name ?? offer.id, upstream: upstreamOf(offer), offer }))
}

/**
 * Everything that a seller sells and the catalogue takes. A free offer is left out: a price of zero is no price that a
 * stranger may use up.
 */
export function readOffers({ seller, date }: { seller: Seller; date: string }): readonly ReadOffer[] {
  const { provider, region = 'global', suffix = '' } = seller
  return listedBy(seller).flatMap((listed): ReadOffer[] => {
    const kind = kindOf(listed.id)
    if (!kind || seller.only?.test(listed.id) === false || seller.skip?.test(listed.id)) return []
    const priced = listed.offer && !isBilledBeyondTokens(listed.id)
    const prices = priced ? priceRowOf({ offer: listed.offer, date }) : undefined
    if (prices && prices.input === 0 && prices.output === 0) return []
    const upstream = (seller.upstream?.[listed.id] ?? listed.upstream) + suffix
    const model = modelIdOf({ name: listed.id, seller })
    const context = listed.offer?.context_window
    return [
      {
        kind,
        name: listed.name,
        isVendor: seller.vendor !== undefined && model.startsWith(`${seller.vendor}/`),
        source: listed.offer ? 'genai-prices' : 'tokenlens',
        endpoint: {
          id: `${provider}/${upstream}@${region}`,
          model,
          provider,
          region,
          upstream,
          ...(context === undefined ? {} : { context }),
          ...(prices ? { prices, priceSource: 'genai-prices' } : {}),
        },
      },
    ]
  })
}
