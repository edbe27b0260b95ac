import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import type { Catalog, Endpoint, Model } from '../../../src/catalog/types.ts'
import { UNKNOWN_FACTS } from '../../../src/catalog/unknown-facts.ts'
import type { EndpointHealth, HealthView } from '../../../src/routing/health/endpoint-health.ts'
import type { RouteNeeds } from '../../../src/routing/filters/fits.ts'
import type { QualityView } from '../../../src/routing/quality/quality-view.ts'
import { shareOf } from '../../../src/routing/quality/quality-view.ts'

/** A model with its sellers: provider and price of a token in pico-USD. */
export type Shelved = {
  readonly id: string
  readonly sellers: Readonly<Record<string, number>>
  readonly facts?: Partial<Model>
  readonly endpoint?: Partial<Endpoint>
}

export function shelfOf(models: readonly Shelved[]): Catalog {
  return buildCatalog({
    models: models.map(({ id, facts }) => ({
      ...UNKNOWN_FACTS,
      id,
      name: id,
      source: 'a test',
      sourceDate: '2026-11-26',
      contextTokens: 100_000,
      inputModalities: ['text'],
      ...facts,
    })),
    endpoints: models.flatMap(({ id, sellers, endpoint }) =>
      Object.entries(sellers).map(([providerId, price]): Endpoint => {
        const picoUsd = BigInt(price)
        return {
          id: `${providerId}/${id}@local`,
          modelId: id,
          providerId,
          region: 'local',
          upstreamModel: id,
          prices: {
            inputPicoUsd: picoUsd,
            cacheReadPicoUsd: picoUsd / 10n,
            cacheWritePicoUsd: picoUsd,
            outputPicoUsd: picoUsd,
          },
          ...endpoint,
        }
      }),
    ),
  })
}

export const WELL: EndpointHealth = {
  firstTokenMs: 500,
  tokensPerSecond: 100,
  availability: 1,
  circuit: 'closed',
  samples: 10,
}

/** A short question, and nothing beyond text. */
export const PLAIN_NEEDS: RouteNeeds = { inputBoundTokens: 400 }

/** Everybody is well but for what is said of an endpoint. */
export const healthOf = (known: Readonly<Record<string, Partial<EndpointHealth>>>): HealthView => ({
  of: ({ endpointId }) => ({ ...WELL, ...known[endpointId] }),
})

/** Log-odds by model; 0 for others. */
export const qualityOf = (
  known: Readonly<Record<string, { prior: number; prompt?: number; sd?: number }>>,
): QualityView => ({
  of({ model }) {
    const { prior, prompt = 0, sd = 0 } = known[model.id] ?? { prior: 0 }
    return { quality: shareOf(prior + prompt), sd, gate: 1, terms: { prior, prompt } }
  },
})
