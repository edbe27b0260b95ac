import { Counter, Gauge, type Registry } from 'prom-client'
import type { AttemptReport } from '../call/serve/watch-health.ts'
import type { EndpointHealth } from '../routing/health/endpoint-health.ts'

const CIRCUIT_VALUES: Readonly<Record<EndpointHealth['circuit'], number>> = {
  closed: 0,
  'half-open': 1,
  open: 2,
}

type Seen = readonly { readonly endpointId: string; readonly health: EndpointHealth }[]

/** What is known of endpoints: attempts as they end, the rest at intervals. */
export function createHealthMetrics({ registers }: { registers: Registry[] }) {
  const attempts = new Counter({
    name: 'turnpike_attempts_total',
    help: 'Attempts at endpoints, the first of each call and all others, by how they ended.',
    labelNames: ['endpoint', 'outcome'],
    registers,
  })
  const circuits = new Gauge({
    name: 'turnpike_endpoint_circuit',
    help: 'Circuit of an endpoint: 0 closed, 1 half-open, 2 open.',
    labelNames: ['endpoint'],
    registers,
  })
  const availability = new Gauge({
    name: 'turnpike_endpoint_availability',
    help: 'From 0 to 1: decayed success times headroom; 0 while it is not asked.',
    labelNames: ['endpoint'],
    registers,
  })
  const budget = new Gauge({
    name: 'turnpike_retry_budget_attempts',
    help: 'Extra attempts that this instance may make at the moment.',
    registers,
  })
  return {
    countAttempt: ({ endpointId: endpoint, outcome }: AttemptReport) => attempts.inc({ endpoint, outcome }),
    setHealth({ endpoints, retryAttemptsLeft }: { endpoints: Seen; retryAttemptsLeft: number }) {
      for (const { endpointId: endpoint, health } of endpoints) {
        circuits.set({ endpoint }, CIRCUIT_VALUES[health.circuit])
        availability.set({ endpoint }, health.availability)
      }
      budget.set(retryAttemptsLeft)
    },
  }
}

export type HealthMetrics = ReturnType<typeof createHealthMetrics>
