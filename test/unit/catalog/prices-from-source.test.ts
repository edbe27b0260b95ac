import { calcPrice } from '@pydantic/genai-prices'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { CatalogFile, EndpointRow, PriceRow } from '../../../src/catalog/catalog-file.ts'
import { ENDPOINTS } from '../../../src/catalog/models.ts'
import type { Usage } from '../../../src/chat/usage.ts'
import { costOf } from '../../../src/pricing/cost.ts'

const path = new URL('../../../src/catalog/data/catalog.json', import.meta.url)
const file: CatalogFile = JSON.parse(readFileSync(path, 'utf8'))
const priced = ENDPOINTS.filter(({ prices }) => prices)

/** The source's names of our providers, written a second time. */
const SOURCE_PROVIDERS: Readonly<Record<string, string>> = { bedrock: 'aws', xai: 'x-ai', 'z-ai': 'zai' }

const sourceProvider = ({ providerId, upstreamModel }: (typeof ENDPOINTS)[number]) =>
  providerId === 'huggingface'
    ? `huggingface_${upstreamModel.split(':').at(-1)}`
    : (SOURCE_PROVIDERS[providerId] ?? providerId)

/** The dearest of the hours in which some providers charge by the clock. */
const PEAK = new Date(`${file.date}T02:00:00Z`)

/** Below and above every tier of the source. */
const CALLS = [
  { input: 1_000, cacheRead: 0, cacheWrite: 0, output: 500 },
  { input: 90_000, cacheRead: 30_000, cacheWrite: 20_000, output: 2_000 },
  { input: 600_000, cacheRead: 100_000, cacheWrite: 50_000, output: 4_000 },
] as const

test('every price is that of the source, as its own calculator charges three calls', () => {
  const wrong = priced.flatMap((endpoint) => {
    const { id, providerId, upstreamModel, prices } = endpoint
    const name = providerId === 'huggingface' ? upstreamModel.replace(/:[^:]*$/, '') : upstreamModel
    return CALLS.flatMap(({ input, cacheRead, cacheWrite, output }) => {
      const usage = {
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: cacheRead,
        cache_write_tokens: cacheWrite,
      }
      const told = calcPrice(usage, name, { providerId: sourceProvider(endpoint), timestamp: PEAK })
      if (!told || !prices) return [`${id}: the source does not know it`]
      const ours = costOf({
        usage: {
          inputUncached: input - cacheRead - cacheWrite,
          cacheRead,
          cacheWrite,
          cacheWriteHour: 0,
          outputText: output,
          reasoning: 0,
          images: 0,
          audio: 0,
        },
        prices,
      })
      const difference = Number(ours) - told.total_price * 1e12
      // Up to one pico-USD a token is the rounding up; below zero only the float's last digits.
      const isEqual = difference >= -told.total_price * 1e3 - 1 && difference <= input + output
      return isEqual ? [] : [`${id}: ${ours} against ${told.total_price * 1e12}`]
    })
  })
  expect(wrong).toEqual([])
})

/** A generator with a seed, so that a failure comes back. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Cost straight from a row of the file, as docs/MODELS.md describes it: written a second time. */
function expectedPicoUsd(row: EndpointRow, usage: Usage): bigint {
  const prices = row.prices
  if (!prices) throw new RangeError(`${row.id} has no price.`)
  const input = usage.inputUncached + usage.cacheRead + usage.cacheWrite + usage.cacheWriteHour + usage.audio
  let chosen: PriceRow = prices
  for (const tier of prices.tiers ?? []) if (input > tier.above) chosen = tier
  const cacheRead = chosen.cacheRead ?? chosen.input
  const cacheWrite = chosen.cacheWrite ?? chosen.input
  const { reasoning = chosen.output } = chosen
  const dearest = Math.max(
    chosen.input,
    chosen.output,
    cacheRead,
    cacheWrite,
    chosen.cacheWriteHour ?? 0,
    reasoning,
    chosen.image ?? 0,
    chosen.audio ?? 0,
  )
  const parts: readonly (readonly [number, number])[] = [
    [usage.inputUncached, chosen.input],
    [usage.cacheRead, cacheRead],
    [usage.cacheWrite, cacheWrite],
    [usage.cacheWriteHour, chosen.cacheWriteHour ?? dearest],
    [usage.outputText, chosen.output],
    [usage.reasoning, reasoning],
    [usage.images, chosen.image ?? dearest],
    [usage.audio, chosen.audio ?? dearest],
  ]
  return parts.reduce((sum, [tokens, price]) => sum + BigInt(tokens) * BigInt(price), 0n)
}

test('10,000 random usages cost exactly what a calculation from the file says', () => {
  const random = randomOf(20_261_126)
  const rows = new Map(file.endpoints.map((row) => [row.id, row]))
  let tiered = 0
  for (let round = 0; round < 10_000; round += 1) {
    const endpoint = priced[random(priced.length)]
    const row = rows.get(endpoint?.id ?? '')
    if (!endpoint?.prices || !row) throw new RangeError('An endpoint is not in the file.')
    const size = 10 ** (1 + random(6))
    const usage: Usage = {
      inputUncached: random(size),
      cacheRead: random(size),
      cacheWrite: random(size),
      cacheWriteHour: random(3) === 0 ? random(size) : 0,
      outputText: random(size),
      reasoning: random(size),
      images: random(3) === 0 ? random(size) : 0,
      audio: random(3) === 0 ? random(size) : 0,
    }
    if (endpoint.prices.tiers) tiered += 1
    const seen = `${endpoint.id} ${costOf({ usage, prices: endpoint.prices })}`
    expect(seen).toBe(`${endpoint.id} ${expectedPicoUsd(row, usage)}`)
  }
  expect(tiered).toBeGreaterThan(300)
})
