import type { Catalog, Endpoint } from '../../catalog/types.ts'
import { newEvent } from '../../governance/alerts/coalesce.ts'
import type { AlertEvent } from '../../governance/alerts/events.ts'
import { formatUsd } from '../../lib/money.ts'

const TOKENS_PER_MILLION = 1_000_000n

type PriceText = string | null

/** The prices of a start: input and output of each endpoint, in USD per million tokens. */
export type PricesFact = {
  readonly priceBook: string
  readonly atMs: number
  readonly prices: Readonly<Record<string, readonly [input: PriceText, output: PriceText]>>
}

const perMillion = (picoUsd: bigint | undefined): PriceText =>
  picoUsd === undefined ? null : formatUsd(picoUsd * TOKENS_PER_MILLION)

const pricesOf = ({ prices }: Endpoint) =>
  [perMillion(prices?.inputPicoUsd), perMillion(prices?.outputPicoUsd)] as const

/**
 * What a start with this catalogue makes of the prices of the start before: one alert for each endpoint that was and is sold, at another
 * price. Of instances that start together the first finds a difference.
 *
 * @param before undefined: the first start.
 * @returns undefined where the price book is the same.
 */
export function pricesFact({
  before,
  catalog: { priceBook, endpoints },
  atMs,
}: {
  before: PricesFact | undefined
  catalog: Pick<Catalog, 'priceBook' | 'endpoints'>
  atMs: number
}): { readonly value: PricesFact; readonly events: readonly AlertEvent[] } | undefined {
  if (before?.priceBook === priceBook) return undefined
  const prices = Object.fromEntries(endpoints.map((endpoint) => [endpoint.id, pricesOf(endpoint)]))
  const events = endpoints.flatMap(({ id, modelId, providerId }) => {
    const [was, is] = [before?.prices[id], prices[id]]
    if (!before || !was || !is || (was[0] === is[0] && was[1] === is[1])) return []
    return [
      newEvent({
        type: 'price.changed',
        organizationId: null,
        // A price may go up, down, and up again: each is a change of the prices that were stored at some time.
        cause: [id, priceBook, String(before.atMs)],
        data: {
          model: modelId,
          provider: providerId,
          price_book: priceBook,
          input_was: was[0],
          input_is: is[0],
          output_was: was[1],
          output_is: is[1],
        },
        atMs,
      }),
    ]
  })
  return { value: { priceBook, atMs, prices }, events }
}
