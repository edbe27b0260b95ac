import { expect, test } from 'vitest'
import { endpointAlert, type EndpointFact, endpointFact } from '../../../src/call/alerts/endpoint-alerts.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { CLOSED_CIRCUIT } from '../../../src/routing/health/circuit.ts'
import { NEW_ENDPOINT } from '../../../src/routing/health/endpoint-state.ts'

const opened = (changedAtMs: number) => ({ ...CLOSED_CIRCUIT, changedAtMs, openUntilMs: changedAtMs + 1_000 })
const closed = (changedAtMs: number) => ({ ...CLOSED_CIRCUIT, changedAtMs })

/** Circuits as instances share them, one after another; what is told of them. */
function tellAll(circuits: readonly ReturnType<typeof opened>[]) {
  let before: EndpointFact | undefined
  return circuits.flatMap((circuit) => {
    const after = endpointFact({ before, circuit })
    if (!after) return []
    const row = {
      ...NEW_ENDPOINT,
      endpointId: 'acme/writer@eu',
      instance: 'i',
      atMs: 0,
      circuit,
      success: { successes: 0, failures: 4.7, atMs: 0 },
    }
    const alert = endpointAlert({ before, after, row, model: 'm', provider: 'p', reasonCode: 'late' })
    before = after
    return alert ? [alert] : []
  })
}

test('many instances whose circuits open are one alert, and so are openings after failed probes', () => {
  const told = tellAll([
    opened(1_000),
    opened(1_200),
    opened(900),
    opened(3_000),
    closed(9_000),
    closed(9_000),
  ])
  expect(told).toMatchObject([
    { type: 'endpoint.down', atMs: 1_000, organizationId: null, data: { failures: 5, reason_code: 'late' } },
    { type: 'endpoint.up', atMs: 9_000, data: { down_ms: 8_000, model: 'm', provider: 'p' } },
  ])
})

test('a circuit that closes late, of an instance that knew less, changes nothing', () => {
  expect(tellAll([opened(1_000), opened(5_000), closed(4_000)]).map(({ type }) => type)).toEqual([
    'endpoint.down',
  ])
  expect(tellAll([closed(1_000)])).toEqual([])
})

test('each time down is another alert, also where nobody was left who saw it come back', () => {
  const ids = tellAll([opened(1_000), closed(2_000), opened(3_000)]).map(({ id }) => id)
  expect(new Set(ids).size).toBe(3)
  const later = 1_000 + LIMITS.healthKeptMs
  expect(tellAll([opened(1_000), opened(later)])).toHaveLength(1)
  expect(tellAll([opened(1_000), opened(later + 1)]).map(({ type }) => type)).toEqual([
    'endpoint.down',
    'endpoint.down',
  ])
})
