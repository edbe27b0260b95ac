import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { watchHealth } from '../../../src/call/serve/watch-health.ts'
import type { AnswerRecord } from '../../../src/dev/simulated-provider/answer-request.ts'
import type { SimulatedFaults } from '../../../src/dev/simulated-provider/faults.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { CreditPayer } from '../../support/credit-payer.ts'
import { chargeAtomic, costPicoUsd, readStream } from '../../support/routed-charge.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  endpointIdOf,
  payFromCredit,
  type RoutedEndpoint,
  type RoutedStack,
  startRoutedStack,
} from '../../support/routed-stack.ts'

const MODEL = 'acme/writer'
/** $5 and $25 per million tokens, times a factor: so much dearer that nothing which a test makes known of them changes their order. */
const endpoint = (providerId: string, region: string, factor: bigint): RoutedEndpoint => ({
  modelId: MODEL,
  providerId,
  region,
  inputPicoUsd: 5_000_000n * factor,
  outputPicoUsd: 25_000_000n * factor,
})
const NORTH = endpoint('north', 'eu', 1n)
const NORTH_TOO = endpoint('north', 'us', 3n)
const SOUTH = endpoint('south', 'eu', 1n)
/** One that nobody steps in for. */
const ALONE: RoutedEndpoint = { ...endpoint('south', 'local', 1n), modelId: 'acme/alone' }
/** Sold by a provider that takes no beginning as well. */
const EAST: RoutedEndpoint = { ...endpoint('east', 'local', 1n), modelId: 'acme/plain' }

type Answered = AnswerRecord & { readonly endpointId: string }

let stack: RoutedStack
let payer: CreditPayer
let skipMs = 0
let isHasty = false
const watch = watchHealth({ instance: 'here', nowMs: () => Date.now() + skipMs })
const faults = new Map<string, SimulatedFaults[]>()
const answers: Answered[] = []
/** One after the other, the last one for good. */
const setFaults = (at: RoutedEndpoint, ...what: SimulatedFaults[]) => void faults.set(endpointIdOf(at), what)
function nextFault(endpointId: string): SimulatedFaults | undefined {
  const left = faults.get(endpointId) ?? []
  return left.length > 1 ? left.shift() : left[0]
}
const asked = () => answers.splice(0).map(({ endpointId }) => endpointId)

beforeAll(async () => {
  stack = await startRoutedStack({
    endpoints: [NORTH, NORTH_TOO, SOUTH, ALONE, EAST],
    faultsOf: nextFault,
    onAnswer: (record) => void answers.push(record),
    withoutPrefix: ['east'],
    health: {
      ...watch,
      slowStartMs: (query) => (isHasty ? 60 : watch.slowStartMs(query)),
    },
    answer: { minTokens: 20, maxTokens: 40 },
  })
  payer = await stack.newPayer('agent')
})
beforeEach(() => {
  faults.clear()
  watch.forget()
  answers.length = 0
  isHasty = false
  skipMs = 0
})
afterAll(() => stack.close())

let requests = 0
async function call(fields: Readonly<Record<string, unknown>> = {}) {
  requests += 1
  const requestId = `request-${requests}`
  const messages = [{ role: 'user', content: `Tell me of harbour ${requests}.` }]
  // What a test has made known of them is not to change the order of trial.
  const provider = { order: ['north', 'south', 'east'] }
  const body = JSON.stringify({ model: MODEL, messages, max_tokens: 60, provider, ...fields })
  const before = await stack.creditOf(payer)
  const startedMs = performance.now()
  const answer = await payFromCredit({ stack, payer, body, requestId })
  const durationMs = performance.now() - startedMs
  await waitUntil({ what: 'the providers have ended', isSo: () => stack.running() === 0 })
  const paidAtomic = before - (await stack.creditOf(payer))
  const recorded = stack.recorded.find((one) => one.requestId === requestId)
  return { ...answer, requestId, durationMs, paidAtomic, recorded }
}
const stream = (fields: Readonly<Record<string, unknown>> = {}) =>
  call({ stream: true, stream_options: { include_usage: true }, ...fields })

/** What the provider itself says that it read and wrote. */
const billsOf = (at: RoutedEndpoint, requestId: string) =>
  answers
    .filter((row) => row.requestId === requestId && row.endpointId === endpointIdOf(at))
    .map(({ promptTokens, sentTokens, endedBy }) => ({
      endpoint: at,
      inputTokens: promptTokens,
      outputTokens: sentTokens,
      isWhole: endedBy === 'end',
    }))
function billOf(at: RoutedEndpoint, requestId: string) {
  const [bill] = billsOf(at, requestId)
  if (!bill) throw new Error('It was not asked.')
  return bill
}

test.each([
  { name: 'refuses with 503', what: { status: 503 } },
  { name: 'refuses with 429', what: { status: 429, retryAfter: '7' } },
  { name: 'breaks off after its opening', what: { cutAfter: 0 } },
  { name: 'sends an error in the place of the first token', what: { errorAfter: 0 } },
  { name: 'ends before it has begun', what: { endAfter: 0 } },
] satisfies { name: string; what: SimulatedFaults }[])(
  'a provider that $name leaves no trace: another one answers, and that is the whole bill',
  async ({ what }) => {
    setFaults(NORTH, what)
    const answer = await stream()
    expect(answer.status).toBe(200)
    const read = readStream(answer.body)
    expect(read).toMatchObject({ isWhole: true, seams: 0 })
    // One opening, and every event of one provider.
    expect(answer.body.match(/"role":"assistant"/g)).toHaveLength(1)
    const bill = billOf(SOUTH, answer.requestId)
    expect(answer.paidAtomic).toBe(chargeAtomic([bill]))
    expect(read.usage).toMatchObject({ completion_tokens: read.tokens })
    expect(answer.recorded?.capture).toMatchObject({ outcome: 'completed', endpointId: endpointIdOf(SOUTH) })
    // W2 of the failover.
    const rows = [...stack.books.tables.attempts.values()].filter(
      ({ callId }) => callId === answer.recorded?.callId,
    )
    expect(rows).toMatchObject([{ number: 2, endpointId: endpointIdOf(SOUTH) }])
    // Whoever took the request may bill what it has read. That is our cost.
    const lost = what.status === undefined ? costPicoUsd({ ...bill, endpoint: NORTH, outputTokens: 0 }) : 0n
    expect(answer.recorded?.capture.costPicoUsd).toBe(costPicoUsd(bill) + lost)
  },
)

test('after a failure another provider is asked before the same one elsewhere', async () => {
  setFaults(NORTH, { status: 500 })
  setFaults(SOUTH, { status: 500 })
  const answer = await call()
  expect(answer.status).toBe(200)
  expect(asked()).toEqual([NORTH, SOUTH, NORTH_TOO].map(endpointIdOf))
  expect(answer.headers.get('x-turnpike-provider')).toBe('north')
})

test('a request that is at fault is not carried to the next provider', async () => {
  setFaults(NORTH, { status: 400 })
  const answer = await call()
  expect(answer.status).toBe(400)
  expect(answer.paidAtomic).toBe(0n)
  expect(asked()).toEqual([endpointIdOf(NORTH)])
})

test('when all fail, nothing is charged, and what they read is our cost', async () => {
  for (const at of [NORTH, NORTH_TOO, SOUTH]) setFaults(at, { cutAfter: 0 })
  const answer = await stream()
  expect(answer.status).toBe(502)
  expect(answer.paidAtomic).toBe(0n)
  const { capture } = answer.recorded ?? {}
  expect(capture).toMatchObject({ outcome: 'failed', chargeAtomic: 0n })
  // The last one was asked once more: it might have been chance.
  const bills = [NORTH, SOUTH, NORTH_TOO].flatMap((at) => billsOf(at, answer.requestId))
  expect(bills.map(({ endpoint: at }) => at)).toEqual([NORTH, SOUTH, NORTH_TOO, NORTH_TOO])
  const read = bills.map((bill) => ({ ...bill, outputTokens: 0 }))
  expect(capture?.costPicoUsd).toBe(read.reduce((sum, one) => sum + costPicoUsd(one), 0n))
})

test('what fails by chance is asked once more where nobody else can be, and not where it said that it is too much', async () => {
  const busy = { status: 429, retryAfter: '7' }
  setFaults(NORTH, { status: 500 }, { status: 500 })
  setFaults(SOUTH, busy)
  setFaults(NORTH_TOO, { status: 500 }, {})
  const answer = await call()
  expect(answer.status).toBe(200)
  expect(asked()).toEqual([NORTH, SOUTH, NORTH_TOO, NORTH_TOO].map(endpointIdOf))
  expect(answer.paidAtomic).toBeGreaterThan(0n)
  watch.forget()
  setFaults(NORTH, busy)
  setFaults(SOUTH, { status: 500 })
  setFaults(NORTH_TOO, busy)
  expect((await call()).status).toBe(429)
  expect(asked()).toEqual([NORTH, SOUTH, NORTH_TOO].map(endpointIdOf))
})

test('Retry-After holds for every caller: the next call does not ask there', async () => {
  setFaults(NORTH, { status: 429, retryAfter: '7' })
  await call()
  answers.length = 0
  faults.clear()
  const answer = await call()
  expect(answer.status).toBe(200)
  expect(asked()).toEqual([endpointIdOf(NORTH_TOO)])
  skipMs += 7_001
  await call()
  expect(asked()).toEqual([endpointIdOf(NORTH)])
})

test('with all endpoints down there is no price: 503 with Retry-After, and nothing is asked or charged', async () => {
  setFaults(ALONE, { status: 429, retryAfter: '7' })
  const limited = await call({ model: 'acme/alone' })
  expect(limited).toMatchObject({ status: 429, paidAtomic: 0n })
  answers.length = 0
  const answer = await call({ model: 'acme/alone' })
  expect(answer).toMatchObject({ status: 503, paidAtomic: 0n })
  expect(answer.headers.get('payment-required')).toBeNull()
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(6)
  expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(7)
  expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'all_endpoints_down', type: 'api_error' } })
  expect(asked()).toEqual([])
})

test('an endpoint that is down is left after five failures, and comes back with one call', async () => {
  setFaults(NORTH, { status: 500 })
  for (let index = 0; index < 8; index += 1) expect((await call()).status).toBe(200)
  expect(asked().filter((id) => id === endpointIdOf(NORTH))).toHaveLength(LIMITS.circuitFailures)
  faults.clear()
  skipMs += LIMITS.circuitOpenMs + 1
  // Half-open: of calls that come together one is its probe.
  const together = await Promise.all([call(), call(), call()])
  expect(together.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(asked().filter((id) => id === endpointIdOf(NORTH))).toHaveLength(1)
  await call()
  expect(asked()).toEqual([endpointIdOf(NORTH)])
})

test('a probe that fails goes on elsewhere, and the endpoint stays away for twice as long', async () => {
  setFaults(NORTH, { status: 500 })
  for (let index = 0; index < LIMITS.circuitFailures; index += 1) await call()
  skipMs += LIMITS.circuitOpenMs + 1
  expect((await call()).status).toBe(200)
  skipMs += LIMITS.circuitOpenMs + 1
  answers.length = 0
  await call()
  expect(asked()).toEqual([endpointIdOf(NORTH_TOO)])
})

test('when too many calls are tried twice, the next ones are told to come back', async () => {
  setFaults(NORTH, { status: 429, retryAfter: '0' })
  const statuses: number[] = []
  for (let index = 0; index < 20; index += 1) statuses.push((await call()).status)
  const extra = asked().length - statuses.length
  // A tenth of the calls, and what there is at a start.
  expect(extra).toBe(LIMITS.retryAtStart + statuses.length / LIMITS.retryCallsPerAttempt)
  const refused = await call()
  expect(refused).toMatchObject({ status: 429, paidAtomic: 0n })
  expect(refused.headers.get('retry-after')).not.toBeNull()
})

test('a first token that is far too late is not waited for', async () => {
  isHasty = true
  setFaults(NORTH, { headersDelayMs: 400 })
  const answer = await stream()
  expect(readStream(answer.body).isWhole).toBe(true)
  expect(answer.durationMs).toBeLessThan(400)
  const bill = billOf(SOUTH, answer.requestId)
  expect(answer.paidAtomic).toBe(chargeAtomic([bill]))
  expect(answer.recorded?.capture.costPicoUsd).toBe(
    costPicoUsd(bill) + costPicoUsd({ ...bill, endpoint: NORTH, outputTokens: 0 }),
  )
  // Where nobody could step in, it is waited for.
  setFaults(ALONE, { headersDelayMs: 200 })
  expect(readStream((await stream({ model: 'acme/alone' })).body).isWhole).toBe(true)
})

test('after the first byte the error is in the stream, and the delivered tokens are charged exactly', async () => {
  for (const cutAfter of [1, 7, 19]) {
    setFaults(NORTH, { cutAfter })
    const answer = await stream()
    expect(answer.status).toBe(200)
    const read = readStream(answer.body)
    expect(read).toMatchObject({ isWhole: false, errorCode: 'upstream_interrupted', tokens: cutAfter })
    const bill = billOf(NORTH, answer.requestId)
    expect(bill.outputTokens).toBe(cutAfter)
    expect(answer.paidAtomic).toBe(chargeAtomic([bill]))
    expect(read.receipt).toMatchObject({ amount: answer.paidAtomic.toString() })
    expect(asked()).toEqual([endpointIdOf(NORTH)])
  }
})

test('who asked for it has a broken stream gone on with: the text is whole, each provider paid for its part', async () => {
  for (const cutAfter of [1, 7, 19]) {
    setFaults(NORTH, { cutAfter })
    const answer = await stream({ continue: 'prefix' })
    const read = readStream(answer.body)
    expect(read).toMatchObject({ isWhole: true, seams: 1, turnpike: { continuations: 1 } })
    const whole = answers.find(({ endpointId }) => endpointId === endpointIdOf(SOUTH))
    expect(read.text).toBe(whole?.text)
    expect(read.tokens).toBe(cutAfter + (whole?.sentTokens ?? 0))
    const bills = [billOf(NORTH, answer.requestId), billOf(SOUTH, answer.requestId)]
    expect(answer.paidAtomic).toBe(chargeAtomic(bills))
    expect(read.usage).toMatchObject({
      prompt_tokens: bills.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
      completion_tokens: read.tokens,
    })
    // To its reader it is one answer.
    expect(new Set(answer.body.match(/"id":"[^"]+"/g)).size).toBe(1)
    expect(answer.body.match(/"role":"assistant"/g)).toHaveLength(1)
    expect(answer.body.match(/: payment-response /g)).toHaveLength(1)
    expect(asked()).toEqual([NORTH, SOUTH].map(endpointIdOf))
  }
})

test('a continuation that breaks as well is gone on with once more, and then it ends as it broke', async () => {
  setFaults(NORTH, { cutAfter: 4 })
  setFaults(SOUTH, { cutAfter: 4 })
  const twice = await stream({ continue: 'prefix' })
  expect(readStream(twice.body)).toMatchObject({ isWhole: true, seams: 2 })
  expect(asked()).toEqual([NORTH, SOUTH, NORTH_TOO].map(endpointIdOf))
  setFaults(NORTH_TOO, { cutAfter: 4 })
  const broken = await stream({ continue: 'prefix' })
  expect(readStream(broken.body)).toMatchObject({
    isWhole: false,
    errorCode: 'upstream_interrupted',
    tokens: 12,
  })
  const bills = [NORTH, SOUTH, NORTH_TOO].map((at) => billOf(at, broken.requestId))
  expect(broken.paidAtomic).toBe(chargeAtomic(bills))
  expect(broken.recorded?.admission.ceilingAtomic).toBeGreaterThanOrEqual(broken.paidAtomic)
})

test('when nobody can go on, the stream ends as it broke, and only what was delivered is charged', async () => {
  setFaults(NORTH, { cutAfter: 5 }, { status: 503 })
  setFaults(SOUTH, { cutAfter: 0 })
  setFaults(NORTH_TOO, { status: 503 })
  const answer = await stream({ continue: 'prefix' })
  expect(readStream(answer.body)).toMatchObject({ errorCode: 'upstream_interrupted', tokens: 5, seams: 0 })
  const bill = billOf(NORTH, answer.requestId)
  expect(answer.paidAtomic).toBe(chargeAtomic([bill]))
  // The one that took the conversation and broke off may bill it, and the beginning as one message more.
  const lost = costPicoUsd({ ...bill, endpoint: SOUTH, inputTokens: bill.inputTokens + 9, outputTokens: 0 })
  expect(answer.recorded?.capture.costPicoUsd).toBe(costPicoUsd(bill) + lost)
})

test.each([
  { name: 'it was not asked for', fields: {} },
  {
    name: 'the answer is to be JSON',
    fields: { continue: 'prefix', response_format: { type: 'json_object' } },
  },
  { name: 'there are two answers', fields: { continue: 'prefix', n: 2 } },
  { name: 'no provider takes a beginning', fields: { continue: 'prefix', model: 'acme/plain' } },
])('nothing is gone on with where $name', async ({ fields }) => {
  setFaults(NORTH, { cutAfter: 6 })
  setFaults(EAST, { cutAfter: 6 })
  const answer = await stream(fields)
  expect(readStream(answer.body)).toMatchObject({ isWhole: false, errorCode: 'upstream_interrupted' })
  expect(asked()).toHaveLength(1)
})

test('one ceiling covers whatever happens: random failures, cuts and continuations never charge twice or too much', async () => {
  const kinds: readonly SimulatedFaults[] = [
    {},
    {},
    { status: 503 },
    { cutAfter: 0 },
    { cutAfter: 3 },
    { cutAfter: 11 },
    { errorAfter: 5 },
    { status: 429, retryAfter: '0' },
  ]
  let state = 7
  const pick = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return kinds[(state >>> 16) % kinds.length] ?? {}
  }
  const before = await stack.creditOf(payer)
  let charged = 0n
  for (let index = 0; index < 60; index += 1) {
    watch.forget()
    for (const at of [NORTH, NORTH_TOO, SOUTH]) setFaults(at, pick())
    const answer = await stream(index % 2 === 0 ? { continue: 'prefix' } : {})
    const { recorded, paidAtomic } = answer
    if (!recorded) throw new Error('A call that was admitted has no record.')
    const { capture, admission } = recorded
    expect(paidAtomic).toBe(capture.chargeAtomic)
    expect(paidAtomic).toBeLessThanOrEqual(admission.ceilingAtomic)
    const delivered = [NORTH, NORTH_TOO, SOUTH].flatMap((at) =>
      // Whoever has only to say that nothing is missing has answered as well.
      billsOf(at, answer.requestId).filter(({ outputTokens, isWhole }) => outputTokens > 0 || isWhole),
    )
    expect(paidAtomic).toBe(chargeAtomic(delivered))
    // All that providers may bill is in our cost, and the caller pays for what it got alone.
    expect(capture.costPicoUsd).toBeGreaterThanOrEqual(
      delivered.reduce((sum, one) => sum + costPicoUsd(one), 0n),
    )
    charged += paidAtomic
  }
  expect(before - (await stack.creditOf(payer))).toBe(charged)
  expect((await stack.books.ledger.check()).filter(({ ok }) => !ok)).toEqual([])
})
