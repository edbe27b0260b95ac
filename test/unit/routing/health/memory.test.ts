import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../src/lib/limits.ts'
import {
  addedUp,
  isMostlyFailing,
  NO_SUCCESS,
  successShare,
  withOutcome,
} from '../../../../src/routing/health/decayed-success.ts'
import {
  nearestPace,
  type Pace,
  SIZE_CLASSES,
  sizeClassOf,
  slowStartMs,
  USUAL_PACE,
  withSighting,
} from '../../../../src/routing/health/pace.ts'
import { createPromptCaches } from '../../../../src/routing/health/prompt-caches.ts'
import {
  afterAttempt,
  afterCall,
  attemptsLeft,
  FULL_AT_START,
} from '../../../../src/routing/health/retry-budget.ts'

const NOW_MS = 1_000_000
const outcomes = (text: string, nowMs = NOW_MS) =>
  text
    .split('')
    .reduce((success, letter) => withOutcome({ success, isSuccess: letter === '+', nowMs }), NO_SUCCESS)

test('nobody has asked: nearly certain. Failures count at once, and half as much after each half-life', () => {
  expect(successShare(NO_SUCCESS)).toBeCloseTo(0.99)
  const bad = outcomes('----------')
  expect(successShare(bad)).toBeCloseTo(9.9 / 20)
  const later = withOutcome({ success: bad, isSuccess: true, nowMs: NOW_MS + LIMITS.healthHalfLifeMs })
  expect(later).toMatchObject({ successes: 1, failures: 5 })
  expect(successShare(outcomes('+++++-----', NOW_MS - 100 * LIMITS.healthHalfLifeMs))).toBeCloseTo(14.9 / 20)
})

test('it is mostly failing only where enough has been seen', () => {
  expect(isMostlyFailing(outcomes('-----'))).toBe(false)
  expect(isMostlyFailing(outcomes('++++------'))).toBe(true)
  expect(isMostlyFailing(outcomes('+++++-----'))).toBe(false)
})

test('two memories are added up as of now, in whichever order', () => {
  const [one, other] = [outcomes('+++-'), outcomes('--', NOW_MS + 60_000)]
  const nowMs = NOW_MS + 120_000
  expect(addedUp({ one, other, nowMs })).toEqual(addedUp({ one: other, other: one, nowMs }))
})

test('averages are by the size of the input; what is not known of one size is taken from the nearest', () => {
  expect([10, 2_000, 16_000, 64_000, 9_000_000].map(sizeClassOf)).toEqual([0, 1, 2, 3, 3])
  const paces = Array.from({ length: SIZE_CLASSES }, (): Pace => USUAL_PACE)
  expect(nearestPace({ paces, sizeClass: 2 })).toBe(USUAL_PACE)
  const slow = withSighting({ pace: USUAL_PACE, firstTokenMs: 9_000, tokensPerSecond: 20, nowMs: NOW_MS })
  paces[3] = slow
  expect(nearestPace({ paces, sizeClass: 0 })).toBe(slow)
  const quick = withSighting({ pace: USUAL_PACE, firstTokenMs: 200, nowMs: NOW_MS })
  paces[1] = quick
  expect(nearestPace({ paces, sizeClass: 0 })).toBe(quick)
  expect(nearestPace({ paces, sizeClass: 3 })).toBe(slow)
})

test('an average follows what it sees: nine tenths of a change after some twenty sightings', () => {
  const see = (pace: Pace, firstTokenMs: number, times: number) =>
    Array.from({ length: times }).reduce<Pace>(
      (one) => withSighting({ pace: one, firstTokenMs, tokensPerSecond: 40, nowMs: NOW_MS }),
      pace,
    )
  const steady = see(USUAL_PACE, 300, 30)
  expect(steady.firstTokenMs).toBeCloseTo(300)
  expect(steady.tokensPerSecond).toBeCloseTo(40)
  const slower = see(steady, 1_300, 20)
  expect(slower.firstTokenMs).toBeGreaterThan(1_200)
  expect(slower.firstTokenMs).toBeLessThan(1_300)
  // Too short an answer says nothing of the speed.
  expect(withSighting({ pace: steady, firstTokenMs: 300, nowMs: NOW_MS }).tokensPerSecond).toBeCloseTo(40)
})

test('a first token is late only where its usual time is known, and never before two seconds', () => {
  const seen = (firstTokenMs: number, samples: number): Pace => ({
    ...USUAL_PACE,
    firstTokenMs,
    deviationMs: firstTokenMs / 4,
    samples,
  })
  expect(slowStartMs(seen(100, LIMITS.slowStartSamples - 1))).toBeUndefined()
  expect(slowStartMs(seen(100, LIMITS.slowStartSamples))).toBe(LIMITS.slowStartLeastMs)
  // A model that thinks for a minute is not given up for it.
  expect(slowStartMs(seen(60_000, 100))).toBe(60_000 * 1.5 * LIMITS.slowStartFactor)
})

test('extra attempts are never more than a tenth of the calls and what there was at the start', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('call', 'attempt'), { maxLength: 600 }), (steps) => {
      let budget = FULL_AT_START
      let [calls, attempts] = [0, 0]
      for (const step of steps) {
        if (step === 'call') {
          calls += 1
          budget = afterCall(budget)
        } else {
          const left = attemptsLeft(budget)
          const next = afterAttempt(budget)
          expect(next === undefined).toBe(left === 0)
          if (next) attempts += 1
          budget = next ?? budget
        }
        expect(attempts).toBeLessThanOrEqual(LIMITS.retryAtStart + calls / LIMITS.retryCallsPerAttempt)
        expect(attemptsLeft(budget)).toBeLessThanOrEqual(LIMITS.retrySaved)
      }
    }),
  )
})

test('a conversation is known where its provider says that it is cached, for five minutes, and no more of them than the limit', () => {
  const caches = createPromptCaches(2)
  const note = (sessionKey: string, cachedTokens: number, nowMs = NOW_MS) =>
    caches.note({ sessionKey, endpointId: 'a', cachedTokens, nowMs })
  const at = (sessionKey: string, endpointId = 'a', nowMs = NOW_MS) =>
    caches.cachedTokensAt({ sessionKey, endpointId, nowMs })
  note('one', 4_096)
  expect([at('one'), at('one', 'b'), at('two')]).toEqual([4_096, 0, 0])
  expect(at('one', 'a', NOW_MS + LIMITS.promptCacheMs)).toBe(0)
  note('two', 2_048)
  note('one', 5_000)
  note('three', 1_024)
  expect([at('one'), at('two'), at('three')]).toEqual([5_000, 0, 1_024])
  // It has fallen out of the provider's cache.
  note('one', 0)
  expect(at('one')).toBe(0)
})
