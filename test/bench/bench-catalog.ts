import { buildCatalog } from '../../src/catalog/build-catalog.ts'
import type { Catalog, Endpoint, Model } from '../../src/catalog/types.ts'
import { UNKNOWN_FACTS } from '../../src/catalog/unknown-facts.ts'
import { catalogOf } from '../../src/app/options/defaults.ts'

/** Sold by the provider that streams at a reader's pace; the others answer at once. */
export const PACED_PROVIDER = 'paced'
export const PACED_MODEL = 'bench/paced'
export const PACED_FREE_MODEL = 'bench/paced-free'
/** What a call costs the machine without a payment. */
export const FREE_MODEL = 'turnpike/free'
/** Cheap, so that ten thousand calls stay below the deposits. */
export const CHEAP_MODEL = 'openai/gpt-5-nano'

const ZERO = { inputPicoUsd: 0n, cacheReadPicoUsd: 0n, cacheWritePicoUsd: 0n, outputPicoUsd: 0n }
const CHEAP_PRICES = {
  inputPicoUsd: 50_000n,
  cacheReadPicoUsd: 5_000n,
  cacheWritePicoUsd: 50_000n,
  outputPicoUsd: 400_000n,
}

const modelOf = (id: string): Model => ({
  ...UNKNOWN_FACTS,
  id,
  name: id,
  contextTokens: 128_000,
  source: 'Turnpike',
  sourceDate: '2026-11-22',
})

const endpointOf = (modelId: string, prices: NonNullable<Endpoint['prices']>): Endpoint => ({
  id: `${PACED_PROVIDER}/${modelId}@local`,
  modelId,
  providerId: PACED_PROVIDER,
  region: 'local',
  upstreamModel: modelId,
  prices,
})

/** The catalogue of dev, and two models of one speed: one that costs, one that does not. */
export function benchCatalog(): Catalog {
  const { models, endpoints } = catalogOf({ simulated: true })
  return buildCatalog({
    models: [...models.values(), modelOf(PACED_MODEL), modelOf(PACED_FREE_MODEL)],
    endpoints: [...endpoints, endpointOf(PACED_MODEL, CHEAP_PRICES), endpointOf(PACED_FREE_MODEL, ZERO)],
  })
}
