import { expect, test } from 'vitest'
import { nextCandidate } from '../../../src/call/serve/next-candidate.ts'
import { sessionKeyOf } from '../../../src/call/plan/session-key.ts'
import { watchHealth } from '../../../src/call/serve/watch-health.ts'
import type { Endpoint } from '../../../src/catalog/types.ts'
import type { ChatRequest } from '../../../src/chat/types.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { AttemptOutcome } from '../../../src/routing/health/endpoint-state.ts'

function world() {
  const clock = { nowMs: 1_000_000 }
  const open = (instance: string) => watchHealth({ instance, nowMs: () => clock.nowMs })
  return { clock, open }
}

type Watch = ReturnType<typeof watchHealth>
const take = (watch: Watch, endpointId: string, outcome: AttemptOutcome, more: object = {}) =>
  watch.take({ endpointId, providerId: 'p', outcome, inputTokens: 100, ...more })
const of = (watch: Watch, endpointId: string) => watch.of({ endpointId, inputTokens: 100 })
const failTimes = (watch: Watch, endpointId: string, times: number = LIMITS.circuitFailures) => {
  for (let index = 0; index < times; index += 1) take(watch, endpointId, 'failed')
}

const endpoint = (providerId: string, region = 'eu') =>
  ({ id: `${providerId}@${region}`, providerId, region }) as Endpoint

test('what nobody has asked has priors', () => {
  expect(of(world().open('a'), 'x')).toEqual({
    firstTokenMs: 1_000,
    tokensPerSecond: 50,
    availability: 0.99,
    circuit: 'closed',
    samples: 0,
  })
})

test.each([
  ['a failure', 'failed', true],
  ['a stream that broke', 'interrupted', true],
  ['a first token that did not come', 'late', true],
  ['a request that was at fault', 'rejected', false],
  ['a caller that hung up', 'aborted', false],
] as const)('%s counts against an endpoint or does not', (_name, outcome, counts) => {
  const watch = world().open('a')
  for (let index = 0; index < LIMITS.circuitFailures; index += 1) take(watch, 'x', outcome)
  expect(of(watch, 'x').circuit).toBe(counts ? 'open' : 'closed')
})

test('a limit is about our rate: no circuit opens, and nobody asks until its time, longer each time it is said without one', () => {
  const { clock, open } = world()
  const watch = open('a')
  const waits = [1, 2, 3, 4, 5, 6, 7].map(() => {
    take(watch, 'x', 'limited')
    const { retryAtMs = 0, circuit, availability } = of(watch, 'x')
    expect([circuit, availability]).toEqual(['closed', 0])
    expect(watch.enter({ endpointId: 'x', mayProbe: true })).toEqual({ kind: 'wait', retryAtMs })
    const waitMs = retryAtMs - clock.nowMs
    clock.nowMs = retryAtMs
    return waitMs
  })
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30].map((seconds) => seconds * 1_000))
  expect(watch.enter({ endpointId: 'x', mayProbe: true })).toEqual({ kind: 'usual' })
  take(watch, 'x', 'limited', { retryAfterMs: 7_000 })
  expect(of(watch, 'x').retryAtMs).toBe(clock.nowMs + 7_000)
})

test('Retry-After of a failure is kept as well, and a shorter one does not end a longer one', () => {
  const { clock, open } = world()
  const watch = open('a')
  take(watch, 'x', 'failed', { retryAfterMs: 60_000 })
  take(watch, 'x', 'limited', { retryAfterMs: 1_000 })
  expect(of(watch, 'x').retryAtMs).toBe(clock.nowMs + 60_000)
})

test('little headroom makes an endpoint worth less, until its allowance is full again', () => {
  const { clock, open } = world()
  const watch = open('a')
  const headroom = (share: number) =>
    take(watch, 'x', 'completed', { headroom: { share, resetAfterMs: 5_000 } })
  headroom(0.6)
  expect(of(watch, 'x').availability).toBeGreaterThan(0.98)
  headroom(0.05)
  expect(of(watch, 'x').availability).toBeCloseTo(0.5, 1)
  headroom(0)
  expect(of(watch, 'x').availability).toBe(0)
  clock.nowMs += 5_000
  expect(of(watch, 'x').availability).toBeGreaterThan(0.98)
})

test('an endpoint that has just come back is not sent away for what its outage has left in its share', () => {
  const { clock, open } = world()
  const watch = open('a')
  failTimes(watch, 'x', 12)
  clock.nowMs += LIMITS.circuitOpenMs
  expect(watch.enter({ endpointId: 'x', mayProbe: true })).toEqual({ kind: 'probe' })
  watch.answered('x')
  take(watch, 'x', 'completed')
  take(watch, 'x', 'failed')
  expect(of(watch, 'x').circuit).toBe('closed')
  failTimes(watch, 'x', LIMITS.circuitFailures - 1)
  expect(of(watch, 'x').circuit).toBe('open')
})

test('two instances know as one: circuit and wait of either hold for both, and successes are added up', () => {
  const { clock, open } = world()
  const [here, there] = [open('here'), open('there')]
  failTimes(here, 'x')
  take(here, 'y', 'limited', { retryAfterMs: 9_000 })
  take(here, 'z', 'completed', { firstTokenMs: 200, tokensPerSecond: 80 })
  there.learn(here.changes())
  expect(here.changes()).toEqual([])
  expect(of(there, 'x').circuit).toBe('open')
  expect(of(there, 'y').retryAtMs).toBe(clock.nowMs + 9_000)
  expect(of(there, 'z')).toMatchObject({ firstTokenMs: 200, tokensPerSecond: 80, samples: 1 })
  take(there, 'z', 'completed', { firstTokenMs: 400, tokensPerSecond: 40 })
  expect(of(there, 'z')).toMatchObject({ firstTokenMs: 300, tokensPerSecond: 60, samples: 2 })
  // Told twice is known once.
  here.learn(there.changes())
  there.learn(here.changes())
  take(here, 'z', 'completed')
  const rows = here.changes()
  there.learn(rows)
  there.learn(rows)
  expect(of(there, 'z').samples).toBeCloseTo(3)
  // The probe of either closes it for both.
  clock.nowMs += LIMITS.circuitOpenMs
  there.enter({ endpointId: 'x', mayProbe: true })
  there.answered('x')
  here.learn(there.changes())
  expect(of(here, 'x').circuit).toBe('closed')
})

test('of two instances that open the same circuit the later one is believed, and old words are forgotten', () => {
  const { clock, open } = world()
  const [here, there] = [open('here'), open('there')]
  failTimes(here, 'x')
  const old = here.changes()
  clock.nowMs += 500
  failTimes(there, 'x')
  there.learn(old)
  expect(of(there, 'x').retryAtMs).toBe(clock.nowMs + LIMITS.circuitOpenMs)
  const late = open('late')
  clock.nowMs += LIMITS.healthKeptMs + 1
  late.learn(old)
  expect(of(late, 'x')).toMatchObject({ circuit: 'closed', samples: 0 })
})

test('after a failure comes another provider, then another region, then the neighbour, and itself last', () => {
  const health = world().open('a')
  const failed = endpoint('a', 'eu')
  const left = [failed, endpoint('a', 'eu-2'), { ...endpoint('a', 'eu'), id: 'a-too@eu' }, endpoint('b')]
  const order: string[] = []
  while (left.length > 0) {
    const next = nextCandidate({ left, failed: [failed], budgetAfter: 5, health })
    if (next.kind === 'none') throw new Error('There is none.')
    order.push(next.endpoint.id)
    left.splice(left.indexOf(next.endpoint), 1)
  }
  expect(order).toEqual(['b@eu', 'a@eu-2', 'a-too@eu', 'a@eu'])
})

test('a call that nobody could step in for is no probe while a better endpoint is there', () => {
  const { clock, open } = world()
  const health = open('a')
  const [half, well] = [endpoint('a'), endpoint('b')]
  failTimes(health, half.id)
  clock.nowMs += LIMITS.circuitOpenMs
  const ask = (left: readonly Endpoint[], budgetAfter: number) =>
    nextCandidate({ left, failed: [], budgetAfter, health })
  expect(ask([half, well], 0)).toEqual({ kind: 'ask', endpoint: well })
  expect(ask([half], 0)).toEqual({ kind: 'ask', endpoint: half })
  // Its probe is under way.
  expect(ask([half], 5)).toMatchObject({ kind: 'none' })
})

test('a conversation has one name from turn to turn, and nothing of it can be read there', () => {
  const request = (...messages: readonly unknown[]) => ({ fields: { messages } }) as unknown as ChatRequest
  const [system, question] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Where is the harbour?' },
  ]
  const keyOf = (one: ChatRequest, secret = 'secret') => sessionKeyOf({ request: one, secret })
  const first = keyOf(request(system, question))
  expect(keyOf(request(system, question, { role: 'assistant', content: 'There.' }))).toBe(first)
  expect(keyOf(request(system, { role: 'user', content: 'Where is the ship?' }))).not.toBe(first)
  expect(keyOf(request(system, question), 'another')).not.toBe(first)
  expect(first).toMatch(/^[\w-]{43}$/)
  const named = (id: string) => ({ fields: { session_id: id, messages: [] } }) as unknown as ChatRequest
  expect(keyOf(named('one'))).toBe(keyOf(named('one')))
  expect(keyOf(named('one'))).not.toBe(keyOf(named('two')))
})
