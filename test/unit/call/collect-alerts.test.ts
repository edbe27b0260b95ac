import { expect, test } from 'vitest'
import { collectAlerts } from '../../../src/call/alerts/collect-alerts.ts'
import { newEvent } from '../../../src/governance/alerts/coalesce.ts'
import type { AlertEvent } from '../../../src/governance/alerts/events.ts'
import { LIMITS } from '../../../src/lib/limits.ts'

const limited = (scope_id: string, cause: string) =>
  newEvent({
    type: 'rate.limited',
    organizationId: 'acme',
    cause: [cause],
    atMs: 1,
    data: { scope: 'key', scope_id, metric: 'requests', limit: '60' },
  })

/** A collector whose clock and database are the test's. */
function world() {
  let [atMs, isAway] = [0, false]
  const stored: AlertEvent[] = []
  const dropped: AlertEvent[] = []
  let wakes = 0
  const collector = collectAlerts({
    store: {
      append: async (events) => {
        if (isAway) throw new Error('The database is away.')
        stored.push(...events)
      },
    },
    nowMs: () => atMs,
    onWaiting: () => (wakes += 1),
    onDropped: (event) => dropped.push(event),
  })
  return {
    collector,
    stored,
    dropped,
    wakes: () => wakes,
    setAway: (away: boolean) => (isAway = away),
    at: (ms: number) => (atMs = ms),
  }
}

test('the first goes out at once, the rest of its minute as one', async () => {
  const { collector, stored, wakes, at } = world()
  for (let count = 0; count < 10; count += 1) collector.note(limited('k1', `c${count}`))
  expect(wakes()).toBeGreaterThan(0)
  await collector.write()
  expect(stored).toMatchObject([{ count: 1 }])
  at(LIMITS.alertCoalesceMs + 1)
  await collector.write()
  expect(stored).toMatchObject([{ count: 1 }, { count: 9 }])
  await collector.write()
  expect(stored).toHaveLength(2)
})

test('a database that is away loses nothing, and the end of a process writes what has collected', async () => {
  const { collector, stored, setAway } = world()
  setAway(true)
  collector.note(limited('k1', 'a'))
  await expect(collector.write()).rejects.toThrow()
  collector.note(limited('k1', 'b'))
  collector.note(limited('k2', 'c'))
  setAway(false)
  await collector.writeAll()
  expect(stored.map(({ id }) => id)).toEqual([
    limited('k1', 'a').id,
    limited('k2', 'c').id,
    limited('k1', 'b').id,
  ])
})

test('however many things there are to tell of, memory has an end, and room comes back', async () => {
  const { collector, stored, dropped, at } = world()
  for (let count = 0; count < LIMITS.alertsCounted + 10; count += 1)
    collector.note(limited(`k${count}`, `c${count}`))
  expect(dropped).toHaveLength(10)
  await collector.write()
  expect(stored).toHaveLength(LIMITS.alertsCounted)
  at(LIMITS.alertCoalesceMs + 1)
  collector.note(limited('new', 'new'))
  await collector.write()
  expect(stored).toHaveLength(LIMITS.alertsCounted + 1)
  expect(dropped).toHaveLength(10)
})

test('what waits for a database that stays away has an end as well', async () => {
  const { collector, dropped, stored, setAway, at } = world()
  setAway(true)
  for (let round = 0; round < 4; round += 1) {
    at(round * LIMITS.alertCoalesceMs + 1)
    for (let count = 0; count < LIMITS.alertsCounted; count += 1)
      collector.note(limited(`k${round} ${count}`, `c${round} ${count}`))
  }
  expect(dropped).toHaveLength(4 * LIMITS.alertsCounted - LIMITS.alertsWaiting)
  setAway(false)
  await collector.write()
  expect(stored).toHaveLength(LIMITS.alertsWaiting)
})
