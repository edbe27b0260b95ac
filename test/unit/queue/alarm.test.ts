import { expect, test } from 'vitest'
import { createTimerAlarm } from '../../../src/queue/alarm.ts'

test('a wake during a look makes one more look follow, never two at once', async () => {
  let running = 0
  let most = 0
  let looks = 0
  let release = () => undefined as void
  const alarm = createTimerAlarm({
    intervalMs: 1_000_000,
    async look() {
      looks += 1
      running += 1
      most = Math.max(most, running)
      await new Promise<void>((resolve) => {
        release = resolve
      })
      running -= 1
    },
  })
  alarm.wake()
  alarm.wake()
  alarm.wake()
  release()
  await new Promise((resolve) => setImmediate(resolve))
  expect(looks).toBe(2)
  release()
  await alarm.close()
  expect(most).toBe(1)
})

test('without a wake the timer looks', async () => {
  const looked = Promise.withResolvers<void>()
  const alarm = createTimerAlarm({ intervalMs: 5, look: async () => looked.resolve() })
  await looked.promise
  await alarm.close()
})
