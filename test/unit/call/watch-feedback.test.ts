import { expect, test } from 'vitest'
import { explorationSeed } from '../../../src/call/plan/exploration-seed.ts'
import type { FeedbackStore, Observation } from '../../../src/call/feedback-ports.ts'
import { createMeter } from '../../../src/call/serve/meter.ts'
import { siteKeyOf } from '../../../src/call/plan/site-key.ts'
import type { FinishedCall } from '../../../src/call/types.ts'
import { createFeedbackWatch } from '../../../src/call/watch/watch-feedback.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { NO_ADJUSTMENT } from '../../../src/routing/feedback/call-site-view.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { openMemoryFeedbackStore } from '../../support/memory/feedback-store.ts'

const secret = 'a secret of the tests, 32 characters'
const START_MS = 1_800_000_000_000
const GOOD = '{"age":3}'
const BAD = 'I think three.'

let names = 0

function story({
  answer = GOOD,
  payerId = '0xa',
  question = 'How old?',
  system = 'You tell ages.',
  receivedAtMs = START_MS,
  endedAtMs = START_MS + 1_000,
  over = {},
}: {
  answer?: string
  payerId?: string
  question?: string
  system?: string
  receivedAtMs?: number
  endedAtMs?: number
  over?: object
} = {}) {
  const schema = { type: 'object', required: ['age'] }
  const body = {
    model: 'auto',
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: question },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'age', schema } },
  }
  const request = readChatRequest({ body: Buffer.from(JSON.stringify(body)) })
  const meter = createMeter({ request })
  const json = JSON.stringify({ choices: [{ index: 0, message: { content: answer } }] })
  meter.add({ type: 'finish', json, reason: 'stop', text: answer })
  const payer = { kind: 'wallet', id: payerId } as const
  const call = {
    callId: `call-${(names += 1)}`,
    request,
    requestHash: `${system} ${question}`,
    receivedAtMs,
    model: { id: 'acme/writer' },
    candidates: [
      { id: 'acme/writer@eu', modelId: 'acme/writer' },
      { id: 'bolt/reader@eu', modelId: 'bolt/reader' },
    ],
    admission: { scheme: 'credit', payer },
    capture: { outcome: 'completed', finishReason: 'stop', endpointId: 'acme/writer@eu', atMs: endedAtMs },
    ...over,
  } as unknown as FinishedCall
  return { call, delivered: meter.delivered, siteKey: siteKeyOf({ request, payer, secret }) }
}

function open(nowMs = () => START_MS + 1_000) {
  const told: Observation[] = []
  const memory = openMemoryFeedbackStore()
  const store: FeedbackStore = {
    ...memory,
    observe: async (observations) => {
      told.push(...observations)
      await memory.observe(observations)
    },
  }
  return { told, store, watch: createFeedbackWatch({ nowMs, secret, store }) }
}

test('experience of a payer moves its own site once it has been read, and nobody else', async () => {
  const { watch } = open()
  const ended = Array.from({ length: 30 }, (_, index) =>
    story({ answer: BAD, question: `How old? ${index}` }),
  )
  for (const one of ended) watch.take(one)
  const { siteKey } = story()
  const ask = (key: string, modelId = 'acme/writer') => watch.sites.of(key).get(modelId) ?? NO_ADJUSTMENT
  expect(ask(siteKey)).toEqual({ logOdds: 0, sd: 0, samples: 0 })
  await watch.write()
  expect(ask(siteKey)).toMatchObject({ logOdds: -1, samples: 30 })
  expect(ask(siteKey, 'bolt/reader').logOdds).toBe(0)
  const [stranger, elsewhere] = [story({ payerId: '0xb' }), story({ system: 'You tell tales.' })]
  for (const other of [stranger, elsewhere]) ask(other.siteKey)
  await watch.write()
  for (const other of [stranger, elsewhere]) expect(ask(other.siteKey).logOdds).toBe(0)
})

test('what is learned later is seen without a restart, and by another instance', async () => {
  let nowMs = START_MS + 1_000
  const { watch, store } = open(() => nowMs)
  const other = createFeedbackWatch({ nowMs: () => nowMs, secret, store })
  const { siteKey } = story()
  const ask = (of = watch) => of.sites.of(siteKey).get('acme/writer')?.samples ?? 0
  ask()
  ask(other)
  await Promise.all([watch.write(), other.write()])
  watch.take(story())
  await watch.write()
  expect([ask(), ask(other)]).toEqual([1, 0])
  nowMs += LIMITS.callSiteFreshMs + 1
  ask(other)
  await other.write()
  expect(ask(other)).toBeCloseTo(1, 3)
})

test('the model that answered is the one that is judged, not the one at the head of the plan', async () => {
  const { watch, told } = open()
  const { call } = story()
  watch.take(story({ over: { capture: { ...call.capture, endpointId: 'bolt/reader@eu' } } }))
  await watch.write()
  expect(told).toMatchObject([{ modelId: 'bolt/reader', kind: 'answer', evidence: { good: 1, bad: 0 } }])
})

test('who asks the same again after the answer was not served by it', async () => {
  const { watch, told } = open()
  const first = story({ endedAtMs: START_MS + 1_000 })
  const again = story({ receivedAtMs: START_MS + 5_000, endedAtMs: START_MS + 6_000 })
  for (const one of [first, again]) watch.take(one)
  await watch.write()
  const repeats = told.filter(({ kind }) => kind === 'repeat')
  expect(repeats).toMatchObject([{ callId: first.call.callId, evidence: { good: 0, bad: 0.3 } }])
})

test('a program that asks the same again and again is held against its answers once', async () => {
  const { watch, told } = open()
  for (let times = 0; times < 6; times += 1) {
    const receivedAtMs = START_MS + times * 30_000
    watch.take(story({ receivedAtMs, endedAtMs: receivedAtMs + 1_000 }))
  }
  await watch.write()
  expect(told.filter(({ kind }) => kind === 'repeat')).toHaveLength(1)
})

test('equal requests side by side, by different payers, or long after one another are no repeats', async () => {
  const { watch, told } = open()
  watch.take(story({ endedAtMs: START_MS + 1_000 }))
  watch.take(story({ receivedAtMs: START_MS + 10, endedAtMs: START_MS + 2_000 }))
  watch.take(story({ payerId: '0xb', receivedAtMs: START_MS + 3_000 }))
  const late = START_MS + 2_000 + LIMITS.repeatWindowMs + 1
  watch.take(story({ receivedAtMs: late, endedAtMs: late + 1 }))
  await watch.write()
  expect(told.map(({ kind }) => kind)).toEqual(['answer', 'answer', 'answer', 'answer'])
})

test('whoever opts out, and whoever pays nothing, leaves no trace', async () => {
  const { watch, told } = open()
  watch.take(story({ over: { feedback: 'off' } }))
  watch.take(story({ over: { admission: { ...story().call.admission, scheme: 'free' } } }))
  watch.take(story({ over: { capture: { ...story().call.capture, outcome: 'interrupted' } } }))
  await watch.write()
  expect(told).toEqual([])
})

test('what could not be written is written later, and nothing of a text is in it', async () => {
  const { watch, told, store } = open()
  let isAway = true
  const guarded = createFeedbackWatch({
    nowMs: () => START_MS,
    secret,
    store: {
      ...store,
      observe: (rows) => (isAway ? Promise.reject(new Error('away')) : store.observe(rows)),
    },
  })
  guarded.take(story({ answer: 'A secret answer', question: 'A secret question' }))
  await expect(guarded.write()).rejects.toThrow('away')
  isAway = false
  await guarded.write()
  await watch.write()
  expect(told).toHaveLength(1)
  expect(JSON.stringify(told)).not.toMatch(/secret|tell ages|How old|0xa/)
})

test('what waits is bounded', async () => {
  const { watch, told } = open()
  const { call, delivered } = story()
  for (let index = 0; index < LIMITS.feedbackWaiting + 10; index += 1)
    watch.take({ call: { ...call, callId: `call-of-many-${index}`, requestHash: `${index}` }, delivered })
  await watch.write()
  expect(told).toHaveLength(LIMITS.feedbackWaiting)
})

test('a quote and its call draw the same lot, and the next hour another', () => {
  const seed = (receivedAtMs: number) => explorationSeed({ requestHash: 'h', receivedAtMs })
  const hourMs = Math.floor(START_MS / 3_600_000) * 3_600_000
  expect(seed(hourMs)).toBe(seed(hourMs + 3_599_999))
  expect(seed(hourMs)).not.toBe(seed(hourMs + 3_600_000))
})
