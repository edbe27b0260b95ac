import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { watchHealth } from '../../../src/call/serve/watch-health.ts'
import { isResting } from '../../../src/routing/health/endpoint-health.ts'
import type { AttemptOutcome } from '../../../src/routing/health/endpoint-state.ts'

const IDS = ['a', 'b', 'c']
const OUTCOMES: readonly AttemptOutcome[] = [
  'completed',
  'interrupted',
  'failed',
  'late',
  'limited',
  'aborted',
]

const inputTokens = fc.constantFrom(100, 5_000, 100_000)
const step = fc.oneof(
  fc.record({
    kind: fc.constant('attempt' as const),
    at: fc.constantFrom('one', 'other'),
    endpointId: fc.constantFrom(...IDS, 'of another catalogue'),
    outcome: fc.constantFrom(...OUTCOMES),
    inputTokens,
    firstTokenMs: fc.integer({ min: 1, max: 3_000 }),
    tokensPerSecond: fc.integer({ min: 1, max: 200 }),
    times: fc.constantFrom(1, 1, 6),
    headroom: fc.option(
      fc.record({
        share: fc.double({ min: 0, max: 0.2, noNaN: true }),
        resetAfterMs: fc.integer({ min: 1, max: 5_000 }),
      }),
    ),
  }),
  fc.record({
    kind: fc.constant('wait' as const),
    ms: fc.constantFrom(0, 1, 300, 999, 1_000, 1_500, 30_000),
  }),
  fc.record({ kind: fc.constant('tell' as const) }),
  fc.record({ kind: fc.constant('probe' as const), endpointId: fc.constantFrom(...IDS) }),
  fc.record({ kind: fc.constant('forget' as const) }),
)

test('what is kept of the health of many is what is told of each: to the unit, and a share of successes within a hundredth', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ step, inputTokens }), { maxLength: 40 }), (steps) => {
      const clock = { nowMs: 1_000_000 }
      const nowMs = () => clock.nowMs
      const [one, other] = [
        watchHealth({ instance: 'one', nowMs }),
        watchHealth({ instance: 'other', nowMs }),
      ]
      for (const { step: now, inputTokens: asked } of steps) {
        if (now.kind === 'attempt') {
          const { at, times, headroom, kind: _kind, ...end } = now
          const report = { ...end, providerId: 'p', ...(headroom ? { headroom } : {}) }
          for (let index = 0; index < times; index += 1) (at === 'one' ? one : other).take(report)
        }
        if (now.kind === 'wait') clock.nowMs += now.ms
        if (now.kind === 'tell') one.learn(other.changes())
        if (now.kind === 'probe') one.enter({ endpointId: now.endpointId, mayProbe: true })
        if (now.kind === 'forget') one.forget()
        const columns = one.ofAll?.({ endpointIds: IDS, inputTokens: asked })
        for (const [index, endpointId] of IDS.entries()) {
          const health = one.of({ endpointId, inputTokens: asked })
          expect([
            columns?.isResting[index] === 1,
            columns?.firstTokenMs[index],
            columns?.tokensPerSecond[index],
          ]).toEqual([isResting(health), health.firstTokenMs, health.tokensPerSecond])
          expect(Math.abs((columns?.availability[index] ?? NaN) - health.availability)).toBeLessThan(0.01)
        }
      }
    }),
    { numRuns: 1_000 },
  )
})
