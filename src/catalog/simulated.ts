import type { UpstreamDialect } from '../chat/dialect-limits.ts'
import { byPrice, isPriced } from './blended-price.ts'
import { PROVIDERS } from './providers.ts'
import type { Endpoint, Model } from './types.ts'
import { UNKNOWN_FACTS } from './unknown-facts.ts'

export const SIMULATED_PROVIDER = 'simulated'

/** A model of price zero: what a call costs the machine without a payment, for benchmarks and first steps. */
const FREE_MODEL: Model = {
  ...UNKNOWN_FACTS,
  id: 'turnpike/free',
  name: 'Turnpike free (simulated)',
  contextTokens: 128_000,
  inputModalities: ['text'],
  outputModalities: ['text'],
  source: 'Turnpike',
  sourceDate: '2026-11-22',
}

const ZERO = { inputPicoUsd: 0n, cacheReadPicoUsd: 0n, cacheWritePicoUsd: 0n, outputPicoUsd: 0n }

/** The offer of a model that dev shows: its vendor's own, else the cheapest, else one without a price. */
function shownOf(offers: readonly Endpoint[]): Endpoint | undefined {
  const own = offers.find(({ modelId, providerId }) => modelId.startsWith(`${providerId}/`))
  return own?.prices ? own : (offers.filter(isPriced).toSorted(byPrice)[0] ?? offers[0])
}

const DIALECTS: ReadonlyMap<string, UpstreamDialect> = new Map(
  PROVIDERS.map(({ id, dialect }) => [id, dialect]),
)

/** The dialect of the provider whose offer is shown, where it is not the usual one. Embeddings are asked for in OpenAI's only. */
function spokenAs({ providerId }: Endpoint, model: Model | undefined): Pick<Endpoint, 'dialect'> {
  const dialect = model?.kind === 'chat' ? (DIALECTS.get(providerId) ?? 'openai') : 'openai'
  return dialect === 'openai' ? {} : { dialect }
}

/**
 * The catalogue of dev and demo: every model once, at the price of its vendor, each answered by the simulated provider in the
 * dialect of that offer, and one model of price zero.
 */
export function simulateCatalog({
  models,
  endpoints,
}: {
  models: readonly Model[]
  endpoints: readonly Endpoint[]
}): { models: readonly Model[]; endpoints: readonly Endpoint[] } {
  const modelsById = new Map(models.map((model) => [model.id, model]))
  const freeEndpoint = { modelId: FREE_MODEL.id, region: 'local', upstreamModel: FREE_MODEL.id, prices: ZERO }
  return {
    models: [...models, FREE_MODEL],
    endpoints: [
      ...[...Map.groupBy(endpoints, ({ modelId }) => modelId).values()].flatMap((offers) => {
        const shown = shownOf(offers)
        if (!shown) return []
        const id = `${SIMULATED_PROVIDER}/${shown.modelId}@local`
        const dialect = spokenAs(shown, modelsById.get(shown.modelId))
        return [{ ...shown, ...dialect, id, providerId: SIMULATED_PROVIDER, region: 'local' }]
      }),
      { ...freeEndpoint, id: `${SIMULATED_PROVIDER}/free@local`, providerId: SIMULATED_PROVIDER },
    ],
  }
}
