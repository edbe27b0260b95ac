import type { Endpoint, Model } from './types.ts'

export const SIMULATED_PROVIDER = 'simulated'

/** A model of price zero: what a call costs the machine without a payment, for benchmarks and first steps. */
const FREE_MODEL: Model = {
  id: 'turnpike/free',
  name: 'Turnpike free (simulated)',
  contextTokens: 128_000,
  createdAt: 0,
  source: 'Turnpike',
  sourceDate: '2026-11-22',
}

const ZERO = { inputPicoUsd: 0n, cacheReadPicoUsd: 0n, cacheWritePicoUsd: 0n, outputPicoUsd: 0n }

/**
 * The catalogue of dev and demo: every model as it is priced, each answered by the simulated provider, and one model of
 * price zero.
 */
export function simulateCatalog({
  models,
  endpoints,
}: {
  models: readonly Model[]
  endpoints: readonly Endpoint[]
}): { models: readonly Model[]; endpoints: readonly Endpoint[] } {
  const freeEndpoint = { modelId: FREE_MODEL.id, region: 'local', upstreamModel: FREE_MODEL.id, prices: ZERO }
  return {
    models: [...models, FREE_MODEL],
    endpoints: [
      ...endpoints.map((endpoint) => ({
        ...endpoint,
        id: `${SIMULATED_PROVIDER}/${endpoint.modelId}@local`,
        providerId: SIMULATED_PROVIDER,
        region: 'local',
      })),
      { ...freeEndpoint, id: `${SIMULATED_PROVIDER}/free@local`, providerId: SIMULATED_PROVIDER },
    ],
  }
}
