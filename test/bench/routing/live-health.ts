import { watchHealth } from '../../../src/call/serve/watch-health.ts'
import type { Endpoint } from '../../../src/catalog/types.ts'
import type { HealthView } from '../../../src/routing/health/endpoint-health.ts'
import { createRandom } from '../random.ts'

/** Attempts at each endpoint before anything is measured. */
const ATTEMPTS = 24
/** Of all size classes. */
const INPUT_TOKENS = [800, 5_000, 30_000, 90_000]

/** The health that a server keeps, with every endpoint known, each with a pace and a share of failures of its own. */
export function liveHealth({ endpoints, seed }: { endpoints: readonly Endpoint[]; seed: number }): {
  readonly health: HealthView
  /** One attempt more there, which ends as such an endpoint's do. */
  readonly report: (endpoint: Endpoint | undefined) => void
} {
  const { integer } = createRandom(seed)
  const random = () => integer(0, 999_999) / 1e6
  const watch = watchHealth({ instance: 'bench', nowMs: Date.now })
  const natures = new Map(
    endpoints.map(({ id }) => [
      id,
      {
        firstTokenMs: 200 + random() * 1_800,
        tokensPerSecond: 20 + random() * 180,
        failures: random() < 0.01 ? 0.9 : random() * 0.1,
      },
    ]),
  )
  function report(endpoint: Endpoint | undefined): void {
    const nature = endpoint && natures.get(endpoint.id)
    if (!nature) throw new Error('A plan has an endpoint that is known.')
    const isFailed = random() < nature.failures
    watch.take({
      endpointId: endpoint.id,
      providerId: endpoint.providerId,
      outcome: isFailed ? 'failed' : 'completed',
      inputTokens: INPUT_TOKENS[integer(0, INPUT_TOKENS.length - 1)] ?? 0,
      ...(isFailed
        ? {}
        : {
            firstTokenMs: nature.firstTokenMs * (0.5 + random()),
            tokensPerSecond: nature.tokensPerSecond * (0.5 + random()),
          }),
    })
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) for (const endpoint of endpoints) report(endpoint)
  return { health: watch, report }
}
