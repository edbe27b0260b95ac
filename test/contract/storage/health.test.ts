import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { shareHealth } from '../../../src/app/watch/share-health.ts'
import type { HealthRow } from '../../../src/call/ports.ts'
import { watchHealth } from '../../../src/call/serve/watch-health.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { createLog } from '../../../src/telemetry/log.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { KINDS, useStorage } from './stores.ts'

const NOW_MS = 1_700_000_000_000

/** What an instance knows after an answer, a refusal for its rate, and an outage. */
function rowsOf(instance: string, nowMs = NOW_MS): readonly HealthRow[] {
  const watch = watchHealth({ instance, nowMs: () => nowMs })
  const about = { providerId: 'p', inputTokens: 3_000 }
  watch.take({
    ...about,
    endpointId: 'well',
    outcome: 'completed',
    firstTokenMs: 321.5,
    tokensPerSecond: 61.25,
  })
  watch.take({ ...about, endpointId: 'limited', outcome: 'limited', retryAfterMs: 7_000 })
  for (let index = 0; index < LIMITS.circuitFailures; index += 1)
    watch.take({ ...about, endpointId: 'down', outcome: 'failed' })
  return watch.changes()
}

describe.each(KINDS)('health in %s', (kind) => {
  const storage = useStorage(kind)
  const rowsFrom = async (instance: string, sinceMs = 0) =>
    (await storage().health.listSince({ sinceMs })).filter((row) => row.instance === instance)

  test('what is put is read as it was', async () => {
    const rows = rowsOf('one')
    await storage().health.put(rows)
    const read = await rowsFrom('one')
    const byId = (all: readonly HealthRow[]) => new Map(all.map((row) => [row.endpointId, row]))
    expect(byId(read)).toEqual(byId(rows))
    const learned = watchHealth({ instance: 'two', nowMs: () => NOW_MS })
    learned.learn(read)
    const of = (endpointId: string) => learned.of({ endpointId, inputTokens: 3_000 })
    expect(of('well')).toMatchObject({ firstTokenMs: 321.5, tokensPerSecond: 61.25, samples: 1 })
    expect(of('limited').retryAtMs).toBe(NOW_MS + 7_000)
    expect(of('down').circuit).toBe('open')
  })

  test('an instance has one row for an endpoint, the newest, whatever the order of arrival', async () => {
    await storage().health.put(rowsOf('three', NOW_MS + 1_000))
    await storage().health.put(rowsOf('three', NOW_MS))
    const rows = await rowsFrom('three')
    expect(rows).toHaveLength(3)
    expect(rows.map(({ atMs }) => atMs)).toEqual([NOW_MS + 1_000, NOW_MS + 1_000, NOW_MS + 1_000])
    expect(await rowsFrom('three', NOW_MS + 1_001)).toEqual([])
  })

  test('rows of those that have long been gone are deleted', async () => {
    await storage().health.put(rowsOf('four'))
    await storage().health.put(rowsOf('five', NOW_MS + LIMITS.healthKeptMs + 1_000_000))
    expect(await rowsFrom('four')).toEqual([])
    await storage().health.put([])
    expect(await rowsFrom('five')).toHaveLength(3)
  })

  test('two instances over one database know as one, and a start begins with what was known before it', async () => {
    const log = createLog({ level: 'silent' })
    const open = () => shareHealth({ storage: storage(), metrics: createMetrics(), log, everyMs: 20 })
    const [here, there] = [await open(), await open()]
    const ask = { endpointId: 'shared', providerId: 'p', inputTokens: 10 }
    const circuitAt = ({ watch }: typeof here) => watch.of(ask).circuit
    for (let index = 0; index < LIMITS.circuitFailures; index += 1)
      here.watch.take({ ...ask, outcome: 'failed' })
    expect(circuitAt(there)).toBe('closed')
    await waitUntil({ what: 'the other has heard', isSo: () => circuitAt(there) === 'open' })
    here.watch.take({ ...ask, endpointId: 'limited too', outcome: 'limited', retryAfterMs: 60_000 })
    await waitUntil({
      what: 'Retry-After holds there',
      isSo: () => there.watch.enter({ endpointId: 'limited too', mayProbe: true }).kind === 'wait',
    })
    // What was learned last is told at the end.
    here.watch.take({ ...ask, endpointId: 'last', outcome: 'completed', firstTokenMs: 77 })
    await here.close()
    await there.close()
    const again = await open()
    expect(circuitAt(again)).not.toBe('closed')
    expect(again.watch.of({ ...ask, endpointId: 'last' })).toMatchObject({
      firstTokenMs: 77,
      samples: expect.closeTo(1, 1) as number,
    })
    expect(again.watch.enter({ endpointId: 'limited too', mayProbe: true })).toMatchObject({ kind: 'wait' })
    await again.close()
  })

  test('what a database that was away was not told, it is told when it is back', async () => {
    let isAway = true
    const { health } = storage()
    const flaky = {
      health: {
        ...health,
        put: (rows: readonly HealthRow[]) => (isAway ? Promise.reject(new Error('away')) : health.put(rows)),
      },
    }
    const log = createLog({ level: 'silent' })
    const shared = await shareHealth({ storage: flaky, metrics: createMetrics(), log, everyMs: 10 })
    shared.watch.take({ endpointId: 'untold', providerId: 'p', inputTokens: 10, outcome: 'completed' })
    await sleep(60)
    isAway = false
    await waitUntil({
      what: 'it is told',
      isSo: async () =>
        (await health.listSince({ sinceMs: 0 })).some(({ endpointId }) => endpointId === 'untold'),
    })
    await shared.close()
  })
})
