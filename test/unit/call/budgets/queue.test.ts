import { expect, test } from 'vitest'
import { createBudgetQueue, type Ticket } from '../../../../src/call/budgets/queue.ts'

/** Sleeps that end when they are told, or never. */
const never = (_ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))

const settle = () => new Promise((resolve) => setImmediate(resolve))

function waiting(ticket: Ticket | undefined, name: string, told: string[], counters = ['a']) {
  void ticket?.wait({ counters, durationMs: 60_000 }).then(() => told.push(name))
}

test('who came first is woken first, and leaving wakes the next', async () => {
  const queue = createBudgetQueue({ sleep: never })
  const told: string[] = []
  const [first, second] = [
    queue.enter({ counters: ['a'], owner: 'acme' }),
    queue.enter({ counters: ['a'], owner: 'acme' }),
  ]
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
  waiting(queue.enter({ counters: ['a'], owner: 'acme' }), 'a', told, ['a', 'organization'])
  waiting(queue.enter({ counters: ['b'], owner: 'acme' }), 'b', told, ['b', 'organization'])
  queue.wake(['b'])
  await settle()
  expect(told).toEqual(['b'])
  queue.wake(['c'])
  await settle()
  expect(told).toEqual(['b'])
  expect(queue.waitedFor(['c', 'organization'])).toEqual(['organization'])
  expect(queue.waitedFor(['c'])).toEqual([])
})

test('what is freed while somebody tries is not slept over', async () => {
  const queue = createBudgetQueue({ sleep: never })
  const told: string[] = []
  const ticket = queue.enter({ counters: ['a'], owner: 'acme' })
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
  const [first, second] = [
    queue.enter({ counters: ['a'], owner: 'acme' }),
    queue.enter({ counters: ['a'], owner: 'acme' }),
  ]
  await first?.wait({ counters: ['a'], durationMs: 2_000 })
  await second?.wait({ counters: ['a'], durationMs: 2_000 })
  expect(slept).toEqual([100, 2_000])
})

test('who waits for something else by now does not sleep over it, nor keep others from what it has waited for', async () => {
  const queue = createBudgetQueue({ sleep: never })
  const told: string[] = []
  waiting(queue.enter({ counters: ['a'], owner: 'acme' }), 'first', told, ['b'])
  waiting(queue.enter({ counters: ['a'], owner: 'acme' }), 'second', told, ['a'])
  expect(queue.waitedFor(['a', 'b'])).toEqual(['a', 'b'])
  queue.wake(['a'])
  await settle()
  expect(told).toEqual(['second'])
  queue.wake(['b'])
  await settle()
  expect(told).toEqual(['second', 'first'])
})

test('one end that frees two budgets wakes the first in line for each of them', async () => {
  const queue = createBudgetQueue({ sleep: never })
  const told: string[] = []
  waiting(queue.enter({ counters: ['key'], owner: 'acme' }), 'key', told, ['key'])
  waiting(queue.enter({ counters: ['organization'], owner: 'acme' }), 'organization', told, ['organization'])
  queue.wake(['key', 'organization'])
  await settle()
  expect(told).toEqual(['key', 'organization'])
})

test('a line has an end, and nobody fills it alone', () => {
  const queue = createBudgetQueue({ sleep: never })
  const enter = (owner: string) => queue.enter({ counters: ['a'], owner })
  for (let index = 0; index < 512; index += 1) expect(enter('acme')).toBeDefined()
  expect(enter('acme')).toBeUndefined()
  for (const owner of ['globex', 'initech', 'hooli'])
    for (let index = 0; index < 512; index += 1) expect(enter(owner)).toBeDefined()
  expect(enter('somebody else')).toBeUndefined()
})
