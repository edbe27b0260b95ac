import { expect } from 'vitest'
import { post } from '../../../support/chat.ts'
import { decodeBase64, type WirePayment } from '../../../support/stock-payer.ts'

type Offer = WirePayment['accepted']
/** A quote as it is on the wire. */
export type Quote = {
  readonly id: string
  readonly model: string
  readonly endpoint: string
  readonly estimate: string
  readonly ceiling: string
  readonly output_cap: number
  readonly expires_at: string
  readonly hint?: string
  readonly accepts: readonly Offer[]
  readonly alternatives: readonly {
    readonly model: string
    readonly ceiling: string
    readonly estimate: string
    readonly offers: readonly {
      scheme: string
      network: string
      asset: string
      symbol: string
      amount: string
    }[]
  }[]
  readonly plan: readonly Record<string, string>[]
}
type Priced = {
  readonly estimate_usd: string
  readonly ceiling_usd: string
  readonly output_cap: number
  hint?: string
}

export type Quotes = ReturnType<typeof quotesOf>

/** Asks the server at an address for quotes, and for the 402s that they must agree with. */
export function quotesOf(url: () => string) {
  const at = (path: string) => `${url()}${path}`
  const quoteFor = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(at(`/v1/quotes?for=${path}`), post(body, headers))
  const readQuote = async (path: string, body: string) => (await (await quoteFor(path, body)).json()) as Quote

  /** The 402 of the same request. */
  const demandOf = async (path: string, body: string) => readDemand(await fetch(at(path), post(body)))

  async function readDemand(response: Response) {
    const { error } = (await response.json()) as { error: Priced }
    expect({ status: response.status, error }).toMatchObject({ status: 402 })
    const required = decodeBase64(response.headers.get('payment-required') ?? '') as {
      accepts: Offer[]
      resource: object
    }
    return { error, ...required }
  }

  return { at, quoteFor, readQuote, demandOf, readDemand }
}

/** Offers without the quote, which is another one each time. */
export const bare = (offers: readonly Offer[]) =>
  offers.map(({ extra, ...offer }) => {
    const { quote, ...rest } = extra
    expect(typeof quote).toBe('string')
    return { ...offer, extra: rest }
  })
