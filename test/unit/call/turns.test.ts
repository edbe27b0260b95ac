import { expect, test } from 'vitest'
import { createTurns } from '../../../src/call/serve/turns.ts'
import { LIMITS } from '../../../src/lib/limits.ts'

/** Sleeps until told to wake or aborted: no clock in it. */
function controlledSleep() {
  const sleeping = new Set<() => void>()
  return {
    expire: () => {
      for (const wake of sleeping) wake()
    },
    sleep: (_durationMs: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        sleeping.add(resolve)
        signal.addEventListener('abort', () => resolve())
      }),
  }
}

test('waiters of one channel are woken one at a time, first come first served', async () => {
  const turns = createTurns({ sleep: controlledSleep().sleep })
  const order: string[] = []
  const waits = ['first', 'second'].map((name) =>
    turns.wait({ channelId: 'a', durationMs: 1 }).then(() => order.push(name)),
  )
  turns.wake('b')
  turns.wake('a')
  await waits[0]
  expect(order).toEqual(['first'])
  turns.wake('a')
  await waits[1]
  expect(order).toEqual(['first', 'second'])
})

test('a turn that runs out wakes whoever waits', async () => {
  const { sleep, expire } = controlledSleep()
  const turns = createTurns({ sleep })
  const wait = turns.wait({ channelId: 'a', durationMs: 1 })
  expire()
  expect(await wait).toBe(true)
  turns.wake('a')
})

test('a full line refuses, and lets in again when somebody has gone', async () => {
  const { sleep, expire } = controlledSleep()
  const turns = createTurns({ sleep })
  const all = Array.from({ length: LIMITS.turnWaiters }, () => turns.wait({ channelId: 'a', durationMs: 1 }))
  expect(await turns.wait({ channelId: 'a', durationMs: 1 })).toBe(false)
  expire()
  await Promise.all(all)
  const late = turns.wait({ channelId: 'a', durationMs: 1 })
  expire()
  expect(await late).toBe(true)
})
