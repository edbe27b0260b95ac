import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WindowKind } from '../../../src/governance/budgets/types.ts'
import { windowOf } from '../../../src/governance/budgets/window-of.ts'
import { isTimeZone } from '../../../src/governance/zone-time.ts'

const HOUR_MS = 3_600_000
const at = (iso: string) => Date.parse(iso)
const windowAt = (window: WindowKind, timeZone: string, iso: string) =>
  windowOf({ budget: { window, timeZone }, atMs: at(iso) })
const hoursOf = (window: WindowKind, timeZone: string, iso: string) => {
  const { fromMs, resetsAtMs } = windowAt(window, timeZone, iso)
  return ((resetsAtMs ?? Infinity) - fromMs) / HOUR_MS
}

test.each([
  ['day', 'UTC', '2026-11-27T01:28:08Z', 'day:2026-11-27', '2026-11-27T00:00Z', '2026-11-28T00:00Z'],
  ['week', 'UTC', '2026-11-29T23:59:59Z', 'week:2026-11-23', '2026-11-23T00:00Z', '2026-11-30T00:00Z'],
  ['week', 'UTC', '2026-11-30T00:00:00Z', 'week:2026-11-30', '2026-11-30T00:00Z', '2026-12-07T00:00Z'],
  ['month', 'UTC', '2026-12-31T12:00:00Z', 'month:2026-12-01', '2026-12-01T00:00Z', '2027-01-01T00:00Z'],
  ['month', 'UTC', '2028-02-29T12:00:00Z', 'month:2028-02-01', '2028-02-01T00:00Z', '2028-03-01T00:00Z'],
  ['quarter', 'UTC', '2026-11-27T00:00:00Z', 'quarter:2026-10-01', '2026-10-01T00:00Z', '2027-01-01T00:00Z'],
  [
    'hour',
    'Asia/Kathmandu',
    '2026-11-27T01:28:08Z',
    'hour:2026-11-27T01',
    '2026-11-27T01:00Z',
    '2026-11-27T02:00Z',
  ],
  [
    'day',
    'Asia/Kathmandu',
    '2026-11-27T18:30:00Z',
    'day:2026-11-28',
    '2026-11-27T18:15Z',
    '2026-11-28T18:15Z',
  ],
  [
    'month',
    'Europe/Berlin',
    '2026-03-31T22:30:00Z',
    'month:2026-04-01',
    '2026-03-31T22:00Z',
    '2026-04-30T22:00Z',
  ],
  [
    'quarter',
    'America/New_York',
    '2026-01-01T04:59:59Z',
    'quarter:2025-10-01',
    '2025-10-01T04:00Z',
    '2026-01-01T05:00Z',
  ],
] as const)('the %s in %s at %s', (window, zone, iso, id, from, to) => {
  expect(windowAt(window, zone, iso)).toEqual({
    id,
    fromMs: at(from),
    slotFromMs: at(from),
    resetsAtMs: at(to),
  })
})

test('days have 23 and 25 hours where the clocks change, and weeks and months with them', () => {
  expect(hoursOf('day', 'Europe/Berlin', '2026-03-29T12:00Z')).toBe(23)
  expect(hoursOf('day', 'Europe/Berlin', '2026-10-25T12:00Z')).toBe(25)
  expect(hoursOf('week', 'Europe/Berlin', '2026-03-29T12:00Z')).toBe(167)
  expect(hoursOf('month', 'Europe/Berlin', '2026-10-25T12:00Z')).toBe(31 * 24 + 1)
  expect(hoursOf('day', 'Australia/Lord_Howe', '2026-10-04T03:00Z')).toBe(23.5)
  expect(hoursOf('month', 'Australia/Lord_Howe', '2026-04-10T00:00Z')).toBe(30 * 24 + 0.5)
})

test('where clocks pass over midnight the day begins right after; where they show it twice, at the first', () => {
  // Cairo goes from 24 April, 00:00, to 01:00.
  expect(windowAt('day', 'Africa/Cairo', '2026-04-24T09:00Z')).toMatchObject({
    id: 'day:2026-04-24',
    fromMs: at('2026-04-23T22:00Z'),
    resetsAtMs: at('2026-04-24T21:00Z'),
  })
  // Havana goes from 1 November, 01:00, back to 00:00.
  expect(windowAt('day', 'America/Havana', '2026-11-01T12:00Z')).toMatchObject({
    id: 'day:2026-11-01',
    fromMs: at('2026-11-01T04:00Z'),
    resetsAtMs: at('2026-11-02T05:00Z'),
  })
  // St John's went from 7 November, 00:01, back to 23:01 of the 6th: that hour is the 7th's, which had begun.
  expect(windowAt('day', 'America/St_Johns', '2010-11-07T03:00Z')).toMatchObject({
    id: 'day:2010-11-07',
    fromMs: at('2010-11-07T02:30Z'),
    resetsAtMs: at('2010-11-08T03:30Z'),
  })
  // Apia had no 30 December in 2011.
  expect(windowAt('day', 'Pacific/Apia', '2011-12-30T09:59:59Z').id).toBe('day:2011-12-29')
  expect(windowAt('day', 'Pacific/Apia', '2011-12-30T10:00:00Z')).toMatchObject({
    id: 'day:2011-12-31',
    fromMs: at('2011-12-30T10:00Z'),
  })
})

const ZONES =
  'UTC Europe/Berlin America/New_York America/Havana Africa/Cairo Asia/Beirut Australia/Lord_Howe Pacific/Apia Pacific/Kiritimati Pacific/Chatham Asia/Kathmandu America/Sao_Paulo America/St_Johns Africa/Casablanca Antarctica/Troll America/Goose_Bay'.split(
    ' ',
  )
const KINDS = ['hour', 'day', 'week', 'month', 'quarter'] as const
const moment = fc.integer({ min: at('2005-01-01T00:00Z'), max: at('2040-01-01T00:00Z') })

/** Worked out anew: the last window of a kind and a zone is remembered, so another one is asked for in between. */
function windowAnew({ budget, atMs }: { budget: { window: WindowKind; timeZone: string }; atMs: number }) {
  windowOf({ budget, atMs: atMs - 20_000 * HOUR_MS })
  return windowOf({ budget, atMs })
}

test('windows cut all time into pieces: every moment is in one, and each begins where the one before ends', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), fc.constantFrom(...KINDS), moment, (timeZone, window, atMs) => {
      const budget = { window, timeZone }
      const found = windowAnew({ budget, atMs })
      const { fromMs, resetsAtMs, id } = found
      if (resetsAtMs === null) throw new Error('a calendar window ends')
      expect(fromMs <= atMs && atMs < resetsAtMs).toBe(true)
      expect(windowAnew({ budget, atMs: fromMs })).toEqual(found)
      expect(windowAnew({ budget, atMs: resetsAtMs - 1 })).toEqual(found)
      const next = windowAnew({ budget, atMs: resetsAtMs })
      expect(next.fromMs).toBe(resetsAtMs)
      expect(next.id).not.toBe(id)
      const before = windowAnew({ budget, atMs: fromMs - 1 })
      expect(before.resetsAtMs).toBe(fromMs)
      expect(before.id).not.toBe(id)
      expect(windowOf({ budget, atMs: before.fromMs })).toEqual(before)
    }),
    { numRuns: 160 },
  )
})

test('a day is named by the date that its clocks show at noon', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), moment, (timeZone, atMs) => {
      const { fromMs, resetsAtMs, id } = windowOf({ budget: { window: 'day', timeZone }, atMs })
      const noonMs = (fromMs + (resetsAtMs ?? 0)) / 2
      const shown = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(noonMs)
      expect(id).toBe(`day:${shown}`)
    }),
    { numRuns: 200 },
  )
})

test('a change of zone moves the edges of a month and not its name, so nothing that was spent is forgotten', () => {
  const names = ['UTC', 'Europe/Berlin', 'Pacific/Apia'].map(
    (zone) => windowAt('month', zone, '2026-11-15T00:00Z').id,
  )
  expect(new Set(names).size).toBe(1)
})

test('total never resets, and a request is a window of its own', () => {
  expect(windowAt('total', 'UTC', '2026-11-27T00:00Z')).toEqual(windowAt('total', 'UTC', '2036-01-01T00:00Z'))
  expect(windowAt('total', 'UTC', '2026-11-27T00:00Z').resetsAtMs).toBeNull()
  expect(windowAt('request', 'UTC', '2026-11-27T00:00Z')).toMatchObject({ id: 'request', resetsAtMs: null })
})

test('a rolling window counts every slot that its last N seconds touch, and lets all of it go in the end', () => {
  const budget = { window: { rollingSeconds: 3_600 }, timeZone: 'UTC' } as const
  fc.assert(
    fc.property(moment, fc.nat({ max: 2 * HOUR_MS }), (atMs, later) => {
      const taken = windowOf({ budget, atMs })
      expect(taken.slotFromMs <= atMs && atMs < taken.slotFromMs + 60_000).toBe(true)
      const asked = windowOf({ budget, atMs: atMs + later })
      const isCounted = taken.slotFromMs >= asked.fromMs
      // Never shorter than it says, and longer by a slot at most.
      if (later <= HOUR_MS) expect(isCounted).toBe(true)
      if (later >= HOUR_MS + 60_000) expect(isCounted).toBe(false)
      const { resetsAtMs } = taken
      if (resetsAtMs === null) throw new Error('a rolling window ends')
      expect(windowOf({ budget, atMs: resetsAtMs }).fromMs > taken.slotFromMs).toBe(true)
      expect(windowOf({ budget, atMs: resetsAtMs - 1 }).fromMs > taken.slotFromMs).toBe(false)
      expect(taken.id).toBe(`rolling-3600:${taken.slotFromMs}`)
    }),
  )
})

test('zones are those of the IANA database', () => {
  expect(
    ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'].filter(isTimeZone),
  ).toHaveLength(4)
  expect(['', '+02:00', 'Mars/Olympus', 'Europe/', '../etc', 'CET '].filter(isTimeZone)).toEqual([])
})
