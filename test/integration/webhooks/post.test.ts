import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { post } from '../../../src/webhooks/post.ts'
import { type Receiver, startReceiver } from '../../support/webhook-receiver.ts'

let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver()
})
beforeEach(() => receiver.reset())
afterAll(() => receiver.close())

const send = ({
  url = receiver.url,
  addresses = ['127.0.0.1'],
  answerMs = 5_000,
  signal = new AbortController().signal,
}: { url?: string; addresses?: readonly string[]; answerMs?: number; signal?: AbortSignal } = {}) =>
  post({
    target: { url: new URL(url), addresses },
    headers: { 'content-type': 'application/json' },
    body: '{}',
    signal,
    answerMs,
  })

test('the body of an answer ends at its limit, however long the receiver speaks', async () => {
  let sent = 0
  receiver.setAnswer((response) => {
    response.writeHead(200)
    const timer = setInterval(() => {
      sent += 4_096
      response.write('a'.repeat(4_096))
    }, 1)
    response.once('close', () => clearInterval(timer))
  })
  expect(await send()).toEqual({ kind: 'answered', status: 200 })
  expect(sent).toBeLessThan(100 * LIMITS.webhookAnswerBytes)
})

test('a receiver that never answers, or never ends, is left', async () => {
  receiver.setAnswer(() => {})
  expect(await send({ answerMs: 100 })).toEqual({ kind: 'unanswered', errorCode: 'timeout' })
  receiver.setAnswer((response) => void response.writeHead(202).write('a'))
  expect(await send({ answerMs: 100 })).toEqual({ kind: 'answered', status: 202 })
})

test('what is no answer of HTTP has a code of ours, and nothing of what was said', async () => {
  receiver.setAnswer((response) => response.socket?.destroy())
  expect(await send()).toEqual({ kind: 'unanswered', errorCode: 'connection_failed' })
  receiver.setStatus(200, { 'x-large': 'a'.repeat(2 * LIMITS.webhookAnswerBytes) })
  expect(await send()).toEqual({ kind: 'unanswered', errorCode: 'connection_failed' })
  expect(await send({ url: 'http://127.0.0.1:1/' })).toEqual({
    kind: 'unanswered',
    errorCode: 'connection_failed',
  })
  expect(await send({ url: `https://127.0.0.1:${receiver.port}/` })).toEqual({
    kind: 'unanswered',
    errorCode: 'tls_failed',
  })
})

test('a name goes to the given addresses and to no other, and stays the name that is spoken to', async () => {
  expect(await send({ url: `http://hook.invalid:${receiver.port}/a?b=c` })).toMatchObject({ status: 200 })
  expect(receiver.received[0]?.headers.host).toBe(`hook.invalid:${receiver.port}`)
  // The machine itself would find the receiver under this name.
  const elsewhere = await send({
    url: `http://localhost:${receiver.port}/`,
    addresses: ['127.0.0.2'],
    answerMs: 500,
  })
  expect(elsewhere.kind).toBe('unanswered')
  expect(receiver.received).toHaveLength(1)
})

test('Retry-After comes along, and a stop is told apart from a failure', async () => {
  receiver.setStatus(429, { 'retry-after': '7' })
  expect(await send()).toEqual({ kind: 'answered', status: 429, retryAfter: '7' })
  receiver.setAnswer(() => {})
  const stop = new AbortController()
  const sent = send({ signal: stop.signal })
  await receiver.untilReceived(2)
  stop.abort()
  expect(await sent).toEqual({ kind: 'stopped' })
})
