import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  coalesce,
  coalesceKey,
  type Collecting,
  flushCollected,
  newEvent,
} from '../../../src/governance/alerts/coalesce.ts'
import { type AlertEvent, EVENT_TYPES, eventBody } from '../../../src/governance/alerts/events.ts'
import { LIMITS } from '../../../src/lib/limits.ts'

const refused = (atMs: number, changes: { key_id?: string; cause?: string } = {}) =>
  newEvent({
    type: 'budget.refused',
    organizationId: 'acme',
    cause: [changes.cause ?? `call-${atMs}`],
    atMs,
    data: {
      budget_id: 'b1',
      scope: 'key',
      scope_id: 'k1',
      metric: 'usd',
      window: 'month:2026-11-01',
      limit: '50',
      spent: '50',
      held: '0',
      needed: '0.01',
      resets_at: null,
      mode: 'hard',
      principal_id: 'ann',
      key_id: changes.key_id ?? 'k1',
    },
  })

test('one cause is one event, and a webhook’s id has no dot in it', () => {
  const threshold = (percent: number) =>
    newEvent({
      type: 'budget.threshold',
      organizationId: 'acme',
      cause: ['b1', 'acme', 'month:2026-11-01', String(percent)],
      atMs: 1,
      data: {
        budget_id: 'b1',
        scope: 'organization',
        scope_id: 'acme',
        metric: 'usd',
        window: 'month:2026-11-01',
        limit: '100',
        spent: '80',
        resets_at: null,
        percent,
      },
    })
  expect(threshold(80).id).toBe(threshold(80).id)
  expect(threshold(80).id).not.toBe(threshold(95).id)
  expect(threshold(80).id).toMatch(/^evt_[\w-]+$/)
  expect(coalesceKey(threshold(80))).toBeUndefined()
})

test('what is counted together is told apart by what it is about', () => {
  expect(coalesceKey(refused(1))).toBe(coalesceKey(refused(2)))
  expect(coalesceKey(refused(1))).not.toBe(coalesceKey(refused(1, { key_id: 'k2' })))
  for (const { means } of Object.values(EVENT_TYPES)) expect(means.length).toBeGreaterThan(10)
})

test('a burst is two deliveries: the first at once, the rest counted when the minute is over', () => {
  let open: Collecting | undefined
  const sent: AlertEvent[] = []
  for (let index = 0; index < 1_000; index += 1) {
    const step = coalesce({ open, event: refused(index * 10) })
    open = step.open
    if (step.emit) sent.push(step.emit)
  }
  if (!open) throw new Error('nothing collects')
  expect(flushCollected({ open, nowMs: LIMITS.alertCoalesceMs - 1 })).toEqual({ open })
  const flushed = flushCollected({ open, nowMs: LIMITS.alertCoalesceMs })
  if (flushed.emit) sent.push(flushed.emit)
  expect(sent.map(({ count, atMs, lastAtMs }) => ({ count, atMs, lastAtMs }))).toEqual([
    { count: 1, atMs: 0, lastAtMs: 0 },
    { count: 999, atMs: 10, lastAtMs: 9_990 },
  ])
  expect(sent[0]?.id).not.toBe(sent[1]?.id)
  expect(flushCollected({ open: { sentAtMs: 0 }, nowMs: LIMITS.alertCoalesceMs })).toEqual({})
})

test('what has been counted elsewhere keeps its count', () => {
  const open: Collecting = { sentAtMs: 0, waiting: { ...refused(5), count: 2, lastAtMs: 9 } }
  expect(coalesce({ open, event: { ...refused(7), count: 4 } }).open.waiting).toMatchObject({
    count: 6,
    atMs: 5,
    lastAtMs: 9,
  })
})

test('no event is lost or told twice, and at most two go out in a minute', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 40_000 }), { maxLength: 50 }), (pauses) => {
      let open: Collecting | undefined
      let nowMs = 0
      const sent: { atMs: number; event: AlertEvent }[] = []
      for (const pause of pauses) {
        nowMs += pause
        const step = coalesce({ open, event: refused(nowMs) })
        open = step.open
        if (step.emit) sent.push({ atMs: nowMs, event: step.emit })
      }
      const rest = open && flushCollected({ open, nowMs: nowMs + LIMITS.alertCoalesceMs })
      if (rest?.emit) sent.push({ atMs: nowMs + LIMITS.alertCoalesceMs, event: rest.emit })
      expect(sent.reduce((sum, { event }) => sum + event.count, 0)).toBe(pauses.length)
      for (const [index, { atMs }] of sent.entries()) {
        const before = sent[index - 1]
        if (before) expect(atMs - before.atMs).toBeGreaterThanOrEqual(LIMITS.alertCoalesceMs)
      }
    }),
  )
})

test('a payload is type, time and facts', () => {
  expect(eventBody({ ...refused(0), count: 3, lastAtMs: 5_000 })).toMatchObject({
    type: 'budget.refused',
    timestamp: '1970-01-01T00:00:00.000Z',
    data: { organization_id: 'acme', budget_id: 'b1', count: 3, last_at: '1970-01-01T00:00:05.000Z' },
  })
  expect(eventBody(refused(0)).data).not.toHaveProperty('count')
})
