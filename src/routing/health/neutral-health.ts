import type { EndpointHealth, HealthView } from './endpoint-health.ts'

/** What is assumed of an endpoint that nobody has measured: the same of every one, so that it decides nothing. */
const ASSUMED: EndpointHealth = {
  firstTokenMs: 800,
  tokensPerSecond: 60,
  availability: 1,
  circuit: 'closed',
  samples: 0,
}

/** Health where none is known. */
export const NEUTRAL_HEALTH: HealthView = { of: () => ASSUMED }
