import type { Endpoint, Model, Prices } from './types.ts'

/** USD per million tokens is millionths of a USD per token: 1e6 pico-USD a token for each USD. */
const PICO_PER_TOKEN = 1_000_000

type Row = readonly [
  id: string,
  name: string,
  contextTokens: number,
  inputUsdPerMillion: number,
  cacheReadUsdPerMillion: number,
  outputUsdPerMillion: number,
]

const SOURCE = '@pydantic/genai-prices 0.1.8'
const SOURCE_DATE = '2026-11-22'

/** A first handful; `vendor/model` is sold by the provider of the vendor's name. */
const ROWS: readonly Row[] = [
  ['openai/gpt-5', 'GPT-5', 400_000, 1.25, 0.125, 10],
  ['openai/gpt-5-mini', 'GPT-5 mini', 400_000, 0.25, 0.025, 2],
  ['openai/gpt-5-nano', 'GPT-5 nano', 400_000, 0.05, 0.005, 0.4],
  ['openai/gpt-4.1-mini', 'GPT-4.1 mini', 1_000_000, 0.4, 0.1, 1.6],
  ['openai/gpt-4.1-nano', 'GPT-4.1 nano', 1_000_000, 0.1, 0.025, 0.4],
  ['openai/gpt-4o-mini', 'GPT-4o mini', 128_000, 0.15, 0.075, 0.6],
  ['xai/grok-3-mini', 'Grok 3 Mini', 131_072, 0.3, 0.075, 0.5],
  ['xai/grok-4-0709', 'Grok 4', 256_000, 3, 0.75, 15],
]

const picoUsd = (usdPerMillion: number) => BigInt(Math.round(usdPerMillion * PICO_PER_TOKEN))

const pricesOf = ([, , , input, cacheRead, output]: Row): Prices => ({
  inputPicoUsd: picoUsd(input),
  cacheReadPicoUsd: picoUsd(cacheRead),
  cacheWritePicoUsd: picoUsd(input),
  outputPicoUsd: picoUsd(output),
})

export const MODELS: readonly Model[] = ROWS.map(([id, name, contextTokens]) => ({
  id,
  name,
  contextTokens,
  createdAt: 0,
  source: SOURCE,
  sourceDate: SOURCE_DATE,
}))

export const ENDPOINTS: readonly Endpoint[] = ROWS.map((row) => {
  const [vendor = '', upstreamModel = ''] = row[0].split('/')
  return {
    id: `${vendor}/${upstreamModel}@global`,
    modelId: row[0],
    providerId: vendor,
    region: 'global',
    upstreamModel,
    prices: pricesOf(row),
  }
})
