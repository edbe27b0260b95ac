import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Place } from '../../../src/governance/hierarchy/attribution.ts'
import { enter, leave } from '../../../src/governance/rates/concurrency.ts'
import { giveBackRate, type RateState, takeRate } from '../../../src/governance/rates/gcra.ts'
import { rateHeaders, shortDuration } from '../../../src/governance/rates/rate-headers.ts'
import { rateRefusal, takeRates } from '../../../src/governance/rates/take-rates.ts'

const NOW_MS = 1_795_000_000_000
const MINUTE_MS = 60_000

test('a full bucket gives a minute’s worth at once, then as fast as it fills', () => {
  let state: RateState | undefined
  const take = (nowMs: number, amount = 1) => {
    const step = takeRate({ state, perMinute: 60, amount, nowMs })
    state = step.state
    return step.verdict
  }
  expect(take(NOW_MS, 60)).toEqual({
    kind: 'admitted',
    perMinute: 60,
    remaining: 0,
    resetMs: MINUTE_MS,
    retryAfterMs: 0,
  })
  expect(take(NOW_MS)).toMatchObject({ kind: 'limited', remaining: 0, retryAfterMs: 1_000 })
  expect(take(NOW_MS + 999)).toMatchObject({ kind: 'limited', retryAfterMs: 1 })
  expect(take(NOW_MS + 1_000)).toMatchObject({ kind: 'admitted', remaining: 0 })
  expect(take(NOW_MS + 31_000, 30)).toMatchObject({ kind: 'admitted', remaining: 0 })
  expect(take(NOW_MS + 10 * MINUTE_MS, 0)).toMatchObject({ remaining: 60, resetMs: 0 })
})

test('more than a full bucket never goes through, nor anything at a limit of zero', () => {
  expect(takeRate({ perMinute: 10, amount: 11, nowMs: NOW_MS }).verdict).toMatchObject({
    kind: 'never',
    retryAfterMs: 0,
    remaining: 10,
  })
  expect(takeRate({ perMinute: 0, amount: 1, nowMs: NOW_MS }).verdict.kind).toBe('never')
  expect(takeRate({ perMinute: 0, amount: 0, nowMs: NOW_MS }).verdict.kind).toBe('admitted')
})

test('a clock that jumps back makes nobody wait longer than a minute, and gives nothing away', () => {
  const { state } = takeRate({ perMinute: 60, amount: 60, nowMs: NOW_MS + 3_600_000 })
  const early = takeRate({ state, perMinute: 60, amount: 1, nowMs: NOW_MS })
  expect(early.verdict).toMatchObject({
    kind: 'limited',
    remaining: 0,
    resetMs: MINUTE_MS,
    retryAfterMs: 1_000,
  })
  expect(takeRate({ state: early.state, perMinute: 60, amount: 1, nowMs: NOW_MS + 1_000 }).verdict.kind).toBe(
    'admitted',
  )
})

test('rates that no whole nanosecond divides are a little slower, never faster', () => {
  const perMinute = 700_000_001
  const { state } = takeRate({ perMinute, amount: perMinute, nowMs: NOW_MS })
  const { remaining } = takeRate({ state, perMinute, amount: 0, nowMs: NOW_MS + MINUTE_MS / 2 }).verdict
  expect(remaining).toBeLessThanOrEqual(perMinute / 2)
  expect(remaining).toBeGreaterThan(0.49 * perMinute)
})

test('what is given back can be taken again, and no more than that', () => {
  const taken = takeRate({ perMinute: 1_000, amount: 1_000, nowMs: NOW_MS })
  const state = giveBackRate({ state: taken.state, perMinute: 1_000, amount: 400 })
  expect(takeRate({ state, perMinute: 1_000, amount: 0, nowMs: NOW_MS }).verdict.remaining).toBe(400)
  expect(takeRate({ state, perMinute: 1_000, amount: 401, nowMs: NOW_MS }).verdict.kind).toBe('limited')
  const late = giveBackRate({ state, perMinute: 1_000, amount: 1_000 })
  expect(takeRate({ state: late, perMinute: 1_000, amount: 0, nowMs: NOW_MS }).verdict.remaining).toBe(1_000)
})

test('in any minute at most a bucket and what fills meanwhile goes through; who waits as told is let in', () => {
  const call = fc.record({ afterMs: fc.nat({ max: 20_000 }), amount: fc.nat({ max: 40 }) })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.array(call, { maxLength: 60, size: 'max' }),
      (perMinute, calls) => {
        let state: RateState | undefined
        let nowMs = NOW_MS
        const taken: { atMs: number; amount: number }[] = []
        for (const { afterMs, amount } of calls) {
          nowMs += afterMs
          const step = takeRate({ state, perMinute, amount, nowMs })
          if (step.verdict.kind === 'admitted') taken.push({ atMs: nowMs, amount })
          else {
            expect(step.state.fullAgainNs >= (state?.fullAgainNs ?? 0n)).toBe(true)
            const { kind, retryAfterMs } = step.verdict
            const later = takeRate({ state: step.state, perMinute, amount, nowMs: nowMs + retryAfterMs })
            const sooner = takeRate({ state: step.state, perMinute, amount, nowMs: nowMs + retryAfterMs - 1 })
            expect([later.verdict.kind, sooner.verdict.kind]).toEqual(
              kind === 'never' ? ['never', 'never'] : ['admitted', 'limited'],
            )
          }
          state = step.state
        }
        for (const [first, { atMs }] of taken.entries()) {
          let sum = 0
          const tooMuch = taken.slice(first).find((later) => {
            sum += later.amount
            return sum > perMinute + ((later.atMs - atMs) * perMinute) / MINUTE_MS + 1e-6
          })
          expect(tooMuch).toBeUndefined()
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('a call under way has one place until it ends, or until it must have ended', () => {
  const at = { limit: 2, nowMs: NOW_MS, untilMs: NOW_MS + 100 }
  const one = enter({ ...at, leases: [], id: 'a' })
  const again = enter({ ...at, leases: one.leases, id: 'a' })
  expect(again.leases).toHaveLength(1)
  const two = enter({ ...at, leases: again.leases, id: 'b' })
  const full = enter({ ...at, leases: two.leases, id: 'c', nowMs: NOW_MS + 10, untilMs: NOW_MS + 900 })
  expect(full).toEqual({ isAdmitted: false, leases: two.leases, retryAfterMs: 90 })
  const left = leave({ leases: leave({ leases: two.leases, id: 'a' }), id: 'a' })
  expect(enter({ ...at, leases: left, id: 'c' }).isAdmitted).toBe(true)
  expect(enter({ ...at, leases: two.leases, id: 'c', nowMs: NOW_MS + 100 })).toMatchObject({
    isAdmitted: true,
    leases: [{ id: 'c' }],
  })
})

const ACME: Place = { level: 'organization', id: 'acme' }
const KEY: Place = { level: 'key', id: 'k1' }
const call = {
  callId: 'c1',
  amounts: { requests: 1, tokens: 500 },
  nowMs: NOW_MS,
  untilMs: NOW_MS + 1_000,
  concurrency: [],
} as const

test('a call takes its share of every rate, or of none', () => {
  const requests = { place: ACME, metric: 'requests', perMinute: 10 } as const
  const tokens = { place: KEY, metric: 'tokens', perMinute: 700 } as const
  const concurrency = [{ place: KEY, limit: 1, leases: [] }]
  const first = takeRates({ ...call, rates: [requests, tokens], concurrency })
  expect(first.isAdmitted).toBe(true)
  expect(rateHeaders(first.verdicts)).toEqual({
    'x-ratelimit-limit-requests': '10',
    'x-ratelimit-remaining-requests': '9',
    'x-ratelimit-reset-requests': '6s',
    'x-ratelimit-limit-tokens': '700',
    'x-ratelimit-remaining-tokens': '200',
    'x-ratelimit-reset-tokens': '42.858s',
  })
  const second = takeRates({ ...call, callId: 'c2', rates: first.rates, concurrency: first.concurrency })
  expect(second).toMatchObject({
    isAdmitted: false,
    rates: first.rates,
    concurrency: first.concurrency,
    binding: { place: KEY, metric: 'concurrent', kind: 'limited', retryAfterMs: 25_715 },
  })
  // What is told is how things stand: the request that was not taken is not missing.
  expect(second.verdicts.map(({ remaining }) => remaining)).toEqual([9, 200])
})

test('a refusal by rate is 429 with how long to wait, and 400 where waiting does not help', () => {
  const rates = [
    { place: ACME, metric: 'requests', perMinute: 1 },
    { place: KEY, metric: 'tokens', perMinute: 499 },
  ] as const
  const never = takeRates({ ...call, rates })
  expect(never.binding).toMatchObject({ place: KEY, metric: 'tokens', kind: 'never' })
  if (!never.binding) throw new Error('it was admitted')
  expect(rateRefusal({ binding: never.binding, verdicts: never.verdicts }).code).toBe('request_above_rate')
  const once = takeRates({ ...call, rates: rates.slice(0, 1) })
  const { binding, verdicts } = takeRates({ ...call, rates: once.rates })
  if (!binding) throw new Error('it was admitted')
  const error = rateRefusal({ binding, verdicts })
  expect(error.code).toBe('rate_limit_exceeded')
  expect(error.message).toBe('The limit on requests per minute of the organization acme is reached.')
  expect(error.details).toMatchObject({
    retryAfterMs: MINUTE_MS,
    headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m0s' },
  })
  const crowded = takeRates({
    ...call,
    rates: [],
    concurrency: [{ place: KEY, limit: 1, leases: [{ id: 'x', untilMs: NOW_MS + 600_000 }] }],
  })
  if (!crowded.binding) throw new Error('it was admitted')
  expect(rateRefusal({ binding: crowded.binding, verdicts: [] }).details.retryAfterMs).toBe(1_000)
})

test('of nested limits the headers tell the tightest, in OpenAI’s words', () => {
  const verdict = (perMinute: number, remaining: number) =>
    ({ kind: 'admitted', perMinute, remaining, resetMs: 17, retryAfterMs: 0, metric: 'requests' }) as const
  expect(rateHeaders([verdict(1_000, 4), verdict(10, 9)])).toEqual({
    'x-ratelimit-limit-requests': '1000',
    'x-ratelimit-remaining-requests': '4',
    'x-ratelimit-reset-requests': '17ms',
  })
  expect([0, 17, 1_000, 8_640, 60_000, 90_951, 360_000, 3_660_000].map(shortDuration)).toEqual([
    '0ms',
    '17ms',
    '1s',
    '8.64s',
    '1m0s',
    '1m30.951s',
    '6m0s',
    '1h1m0s',
  ])
})
