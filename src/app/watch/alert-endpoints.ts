import { type EndpointFact, endpointAlert, endpointFact } from '../../call/alerts/endpoint-alerts.ts'
import type { AlertSink, OutboxStore } from '../../call/outbox-ports.ts'
import type { HealthRow } from '../../call/ports.ts'
import type { AttemptReport } from '../../call/serve/watch-health.ts'
import type { Catalog } from '../../catalog/types.ts'

export type EndpointAlerts = {
  /** Remembers how attempts end badly. */
  readonly take: (report: AttemptReport) => void
  /** Told with the rows that this instance shares: who first shares a change tells of it. */
  readonly tell: (rows: readonly HealthRow[]) => Promise<void>
}

/** Tells of endpoints that go down and come back: once, however many instances see it. */
export function alertEndpoints({
  outbox,
  sink,
  catalog,
}: {
  outbox: Pick<OutboxStore, 'changeFact'>
  sink: AlertSink
  catalog: Pick<Catalog, 'endpoints'>
}): EndpointAlerts {
  const reasons = new Map<string, string>()
  const toldAtMs = new Map<string, number>()

  async function tellOf(row: HealthRow): Promise<void> {
    const { endpointId, circuit } = row
    if (circuit.changedAtMs === 0 || toldAtMs.get(endpointId) === circuit.changedAtMs) return
    const endpoint = catalog.endpoints.find(({ id }) => id === endpointId)
    let change: { before: EndpointFact | undefined; after: EndpointFact } | undefined
    await outbox.changeFact({
      key: `endpoint:${endpointId}`,
      decide: (stored) => {
        const before = stored as EndpointFact | undefined
        const after = endpointFact({ before, circuit })
        change = after && { before, after }
        return after && { value: after, events: [] }
      },
    })
    toldAtMs.set(endpointId, circuit.changedAtMs)
    if (!change || !endpoint) return
    const alert = endpointAlert({
      ...change,
      row,
      model: endpoint.modelId,
      provider: endpoint.providerId,
      reasonCode: reasons.get(endpointId) ?? 'failed',
    })
    // Through the count of a minute: an endpoint that comes and goes is no flood.
    if (alert) sink.note(alert)
  }

  return {
    take({ endpointId, outcome }) {
      if (outcome === 'failed' || outcome === 'interrupted' || outcome === 'late')
        reasons.set(endpointId, outcome)
    },
    async tell(rows) {
      for (const row of rows) await tellOf(row)
    },
  }
}
