import type { EndpointHealth, HealthView } from '../../../src/routing/health/endpoint-health.ts'
import { type QualityView, shareOf } from '../../../src/routing/quality/quality-view.ts'
import { createRandom } from '../random.ts'

/** Every endpoint with a health of its own, as after some hours of traffic. */
export function inventedHealth(endpointIds: readonly string[], seed: number): HealthView {
  const { integer } = createRandom(seed)
  const random = () => integer(0, 999_999) / 1e6
  const known = new Map<string, EndpointHealth>(
    endpointIds.map((id) => [
      id,
      {
        firstTokenMs: 200 + random() * 1_800,
        tokensPerSecond: 20 + random() * 180,
        availability: 0.9 + random() * 0.1,
        circuit: random() < 0.01 ? 'open' : 'closed',
        samples: 100,
      },
    ]),
  )
  return {
    of({ endpointId }) {
      const health = known.get(endpointId)
      if (!health) throw new Error(`Nothing is known of ${endpointId}.`)
      return health
    },
  }
}

/** A quality per model. */
export function inventedQuality(modelIds: readonly string[], seed: number): QualityView {
  const { integer } = createRandom(seed)
  const random = () => integer(0, 999_999) / 1e6
  const known = new Map(
    modelIds.map((id) => {
      const [prior, prompt] = [1 + random() * 1.5, random() - 0.5]
      const quality = shareOf(prior + prompt)
      return [id, { quality, sd: 0.02 + random() * 0.06, gate: 1, terms: { prior, prompt } }]
    }),
  )
  return {
    of({ model }) {
      const estimate = known.get(model.id)
      if (!estimate) throw new Error(`Nothing is known of ${model.id}.`)
      return estimate
    },
  }
}
