import { expect, test } from 'vitest'
import type { CallDependencies } from '../../../src/call/dependencies.ts'
import { recordLater } from '../../../src/call/serve/record.ts'
import type { Capture, FinishedCall } from '../../../src/call/types.ts'

/** A store that is down for the first tries, and a clock that only counts. */
function world(failures: number) {
  const captures: Capture[] = []
  const pausesMs: number[] = []
  let tries = 0
  const dependencies = {
    store: {
      capture: async (capture: Capture) => {
        tries += 1
        if (tries <= failures) throw new Error('the database is away')
        captures.push(capture)
        return { capture }
      },
    },
    clock: { sleepAside: async (durationMs: number) => void pausesMs.push(durationMs) },
  } as unknown as CallDependencies
  return { dependencies, captures, pausesMs }
}

const finished = {
  admission: { holds: [] },
  capture: { callId: 'call_1', chargeAtomic: 5n, delivered: true },
} as unknown as FinishedCall

test('a call whose record failed is recorded when the database is back, once, as not delivered', async () => {
  const { dependencies, captures, pausesMs } = world(3)
  expect(await recordLater({ finished, dependencies })).toBe(true)
  expect(captures).toEqual([{ callId: 'call_1', chargeAtomic: 5n, delivered: false }])
  expect(pausesMs).toEqual([1_000, 2_000, 5_000, 10_000])
})

test('it gives up after about ten minutes', async () => {
  const { dependencies, captures, pausesMs } = world(Number.POSITIVE_INFINITY)
  expect(await recordLater({ finished, dependencies })).toBe(false)
  expect(captures).toEqual([])
  expect(pausesMs.reduce((sum, pauseMs) => sum + pauseMs)).toBeGreaterThan(500_000)
})
