import { expect, test } from 'vitest'
import { createBudgetQueue, type Ticket } from '../../../../src/call/budgets/queue.ts'

/** Sleeps that end when they are told, or never. */
const never = (_ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))

const settle = () => new Promise((resolve) => setImmediate(resolve))

function waiting(ticket: Ticket | undefined, name: string, told: string[]) {
  void ticket?.wait(60_000).then(() => told.push(name))
}

test('who came first is woken first, and leaving wakes the next', async () => {
  const queue = createBudgetQueue({ sleep: never })
  const told: string[] = []
  const [first, second] = [queue.enter(['a']), queue.enter(['a'])]
  waiting(first, 'first', told)
  waiting(second, 'second', told)
  queue.wake(['a'])
  await settle()
  expect(told).toEqual(['first'])
  first?.leave()
  await settle()
  expect(told).toEqual(['first', 'second'])
})

test('what is freed wakes only who waits for it', async () => {
  const queue = createBudgetQueue({ sleep: never })
  const told: string[] = []
  waiting(queue.enter(['a', 'organization']), 'a', told)
  waiting(queue.enter(['b', 'organization']), 'b', told)
  queue.wake(['b'])
  await settle()
  expect(told).toEqual(['b'])
  queue.wake(['c'])
  await settle()
  expect(told).toEqual(['b'])
  expect(queue.isWaitedFor(['organization'])).toBe(true)
  expect(queue.isWaitedFor(['c'])).toBe(false)
})

test('what is freed while somebody tries is not slept over', async () => {
  const queue = createBudgetQueue({ sleep: never })
  const told: string[] = []
  const ticket = queue.enter(['a'])
  // It is trying, and not asleep.
  queue.wake(['a'])
  waiting(ticket, 'it', told)
  await settle()
  expect(told).toEqual(['it'])
})

test('only the first of a line looks again by itself', async () => {
  const slept: number[] = []
  const queue = createBudgetQueue({
    sleep: async (durationMs) => {
      slept.push(durationMs)
    },
  })
  const [first, second] = [queue.enter(['a']), queue.enter(['a'])]
  await first?.wait(2_000)
  await second?.wait(2_000)
  expect(slept).toEqual([100, 2_000])
})

test('a line has an end', () => {
  const queue = createBudgetQueue({ sleep: never })
  for (let index = 0; index < 2_048; index += 1) expect(queue.enter(['a'])).toBeDefined()
  expect(queue.enter(['a'])).toBeUndefined()
})
