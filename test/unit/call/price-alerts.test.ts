import { expect, test } from 'vitest'
import { pricesFact } from '../../../src/call/alerts/price-alerts.ts'
import type { Endpoint, Prices } from '../../../src/catalog/types.ts'

const pricesOf = (inputPicoUsd: bigint, outputPicoUsd: bigint): Prices => ({
  inputPicoUsd,
  cacheReadPicoUsd: inputPicoUsd,
  cacheWritePicoUsd: inputPicoUsd,
  outputPicoUsd,
})
const endpointOf = (name: string, prices?: Prices): Endpoint => ({
  id: `acme/${name}@eu`,
  modelId: `acme/${name}`,
  providerId: 'acme',
  region: 'eu',
  upstreamModel: name,
  ...(prices ? { prices } : {}),
})
const catalogOf = (priceBook: string, ...endpoints: Endpoint[]) => ({ priceBook, endpoints })
const start = (
  catalog: ReturnType<typeof catalogOf>,
  before?: Parameters<typeof pricesFact>[0]['before'],
  atMs = 1,
) => pricesFact({ before, catalog, atMs })

const first = catalogOf('pb-1', endpointOf('writer', pricesOf(150_000n, 600_000n)), endpointOf('mute'))

test('the first start tells nothing, nor does one with the same prices', () => {
  const fact = start(first)
  expect(fact?.events).toEqual([])
  expect(start(first, fact?.value)).toBeUndefined()
})

test('an endpoint at another price is one alert, with what was and what is', () => {
  const second = catalogOf(
    'pb-2',
    endpointOf('writer', pricesOf(200_000n, 600_000n)),
    endpointOf('mute', pricesOf(1_000_000n, 2_500_000n)),
    endpointOf('new', pricesOf(1n, 1n)),
  )
  const fact = start(second, start(first)?.value, 2)
  expect(fact?.events.map(({ data }) => data)).toEqual([
    {
      model: 'acme/writer',
      provider: 'acme',
      price_book: 'pb-2',
      input_was: '0.15',
      input_is: '0.2',
      output_was: '0.6',
      output_is: '0.6',
    },
    {
      model: 'acme/mute',
      provider: 'acme',
      price_book: 'pb-2',
      input_was: null,
      input_is: '1',
      output_was: null,
      output_is: '2.5',
    },
  ])
})

test('up, down and up again are three alerts; what only another bucket changes is none', () => {
  const dear = catalogOf('pb-2', endpointOf('writer', pricesOf(200_000n, 600_000n)))
  const ids = new Set<string>()
  let fact = start(first)
  for (const [index, catalog] of [dear, first, dear].entries()) {
    fact = start(catalog, fact?.value, index + 2)
    for (const { id } of fact?.events ?? []) ids.add(id)
  }
  expect(ids.size).toBe(3)
  const cached = endpointOf('writer', { ...pricesOf(200_000n, 600_000n), cacheReadPicoUsd: 1n })
  expect(start(catalogOf('pb-3', cached), fact?.value, 9)?.events).toEqual([])
})
