import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { fileStore } from '../../../src/client/file-store.ts'
import { payingFetch } from '../../../src/client/paying-fetch.ts'
import type { PaidEvent } from '../../../src/client/context.ts'
import { ask, URL_OF_CALLS } from './fake-server/ask.ts'
import { createFakeServer } from './fake-server/create-fake-server.ts'
import { account, CEILING, USDC, USDT } from './fake-server/terms.ts'

const many = (count: number) => Array.from({ length: count }, (_, index) => index)
const random = (seed: number) => (index: number) => {
  const value = Math.sin(seed * 1_000 + index) * 10_000
  return value - Math.floor(value)
}

/** Calls once and reads the whole answer. */
async function call(pay: ReturnType<typeof payingFetch>, options: Parameters<typeof ask>[0] = {}) {
  const response = await pay(URL_OF_CALLS, ask(options))
  return { response, text: await response.text() }
}

test('ten calls at once on a cold channel make one deposit and need no corrective', async () => {
  const server = createFakeServer({ depositMs: 30, latencyOf: (index) => random(1)(index) * 40 })
  const pay = payingFetch(account, { fetch: server.fetch })
  const answers = await Promise.all(many(10).map((index) => call(pay, { stream: index % 2 === 0 })))
  expect(answers.map(({ response }) => response.status)).toEqual(many(10).map(() => 200))
  expect(server.seen).toMatchObject({
    unpaid: 10,
    paid: 10,
    correctives: 0,
    depositsExecuted: 1,
    admitted: 10,
    violations: [],
  })
  expect(server.seen.depositsSigned.size).toBe(1)
})

test('bursts of calls with random charges and latencies need no corrective, and all sums agree', async () => {
  const server = createFakeServer({
    chargeOf: (index) => BigInt(Math.floor(random(2)(index) * 10_001)),
    latencyOf: (index) => random(3)(index) * 30,
  })
  const pay = payingFetch(account, { fetch: server.fetch })
  for (const _burst of many(3))
    await Promise.all(many(12).map((index) => call(pay, { stream: index % 3 > 0 })))
  expect(server.seen).toMatchObject({ paid: 36, correctives: 0, depositsExecuted: 1, violations: [] })
  const [channel] = await pay.channels()
  expect(channel).toMatchObject({ outAtomic: 0n, chargedAtomic: server.chargedAtomic() })
  expect(pay.spent()).toMatchObject({
    calls: 36,
    picoUsd: server.chargedAtomic() * 1_000_000n,
    reservedUsd: '0',
  })
})

test('a channel that runs dry in a burst is topped up, one deposit at a time', async () => {
  const server = createFakeServer({ chargeOf: () => CEILING, latencyOf: () => 10 })
  const pay = payingFetch(account, { fetch: server.fetch, depositUsd: '0.05' })
  await Promise.all(many(20).map(() => call(pay)))
  expect(server.seen).toMatchObject({ admitted: 20, correctives: 0, violations: [] })
  expect(server.chargedAtomic()).toBe(200_000n)
  expect(server.seen.depositsExecuted).toBe(4)
})

test('the receipt is applied when its comment arrives, before the end of the stream', async () => {
  const server = createFakeServer()
  const pay = payingFetch(account, { fetch: server.fetch })
  const response = await pay(URL_OF_CALLS, ask())
  expect(pay.spent()).toMatchObject({ calls: 0, reservedUsd: '0.01' })
  const reader = response.body?.getReader()
  await reader?.read()
  expect(pay.spent().calls).toBe(0)
  await reader?.read()
  expect(pay.spent()).toMatchObject({ calls: 1, usd: '0.003', reservedUsd: '0' })
})

test('tells of deposit and charges, with what was signed for', async () => {
  const server = createFakeServer()
  const events: PaidEvent[] = []
  const pay = payingFetch(account, { fetch: server.fetch, onPaid: (event) => events.push(event) })
  await call(pay)
  await call(pay, { stream: false })
  expect(
    events.map(({ kind, amountUsd, callId, ceilingAtomic }) => [kind, amountUsd, callId, ceilingAtomic]),
  ).toEqual([
    ['deposit', '1', undefined, undefined],
    ['call', '0.003', 'call_0', CEILING],
    ['call', '0.003', 'call_1', CEILING],
  ])
})

test('a process that remembers nothing goes on after one corrective, without executing a second deposit', async () => {
  const server = createFakeServer()
  await call(payingFetch(account, { fetch: server.fetch }))
  const pay = payingFetch(account, { fetch: server.fetch })
  expect((await call(pay)).response.status).toBe(200)
  await call(pay)
  expect(server.seen).toMatchObject({ correctives: 1, depositsExecuted: 1, admitted: 3, violations: [] })
})

test('a process with a file of channels goes on without any corrective or deposit', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'channels-')), 'channels.json')
  const server = createFakeServer()
  const before = payingFetch(account, { fetch: server.fetch, store: fileStore(path) })
  await Promise.all(many(4).map(() => call(before)))
  const pay = payingFetch(account, { fetch: server.fetch, store: fileStore(path) })
  await Promise.all(many(4).map(() => call(pay)))
  expect(server.seen).toMatchObject({ correctives: 0, admitted: 8, violations: [] })
  expect(server.seen.depositsSigned.size).toBe(1)
  expect(JSON.parse(await readFile(path, 'utf8'))).toSatisfy(
    (contents: object) => Object.keys(contents).length === 1,
  )
})

test('a stream that ends without a receipt is asked for by its call id', async () => {
  const server = createFakeServer({ forgetsReceipt: () => true })
  const pay = payingFetch(account, { fetch: server.fetch })
  await call(pay)
  expect(pay.spent().calls).toBe(0)
  await vi.waitFor(() => expect(pay.spent()).toMatchObject({ calls: 1, usd: '0.003' }), { timeout: 3_000 })
  expect((await pay.channels())[0]).toMatchObject({ outAtomic: 0n, chargedAtomic: 3_000n })
  await call(pay)
  expect(server.seen).toMatchObject({ correctives: 0, depositsExecuted: 1 })
})

test('a reader that leaves is charged for what it got, learnt by the call id', async () => {
  const server = createFakeServer({ latencyOf: () => 5_000 })
  const pay = payingFetch(account, { fetch: server.fetch })
  const response = await pay(URL_OF_CALLS, ask())
  await response.body?.cancel()
  await vi.waitFor(() => expect(pay.spent().calls).toBe(1), { timeout: 3_000 })
})

test('what the server answers to a payment reaches the caller, and is not paid again', async () => {
  for (const status of [500, 502, 503, 429, 412]) {
    const server = createFakeServer({ failWith: () => status })
    const pay = payingFetch(account, { fetch: server.fetch })
    const { response, text } = await call(pay)
    expect([response.status, text]).toEqual([status, '{"index":0}'])
    expect(server.seen.paid).toBe(1)
    // The failed call told of its deposit: the next one does not sign another.
    await call(pay)
    expect(server.seen.depositsSigned.size).toBe(1)
    expect(server.seen.correctives).toBe(0)
  }
})

test("a 409 is the caller's, and frees the room of its own voucher", async () => {
  const server = createFakeServer()
  const pay = payingFetch(account, {
    fetch: async (input, init) =>
      new Headers(init?.headers).has('payment-signature')
        ? Response.json(
            { error: { code: 'payment_in_flight' } },
            { status: 409, headers: { 'x-call-id': 'call_9' } },
          )
        : server.fetch(input, init),
  })
  const { response } = await call(pay)
  expect([response.status, (await pay.channels())[0]?.outAtomic, pay.spent().reservedUsd]).toEqual([
    409,
    0n,
    '0',
  ])
})

test('a deposit whose answer was lost is sent again, not signed anew', async () => {
  const server = createFakeServer({ breaks: (index) => index === 0 })
  const pay = payingFetch(account, { fetch: server.fetch })
  await expect(call(pay)).rejects.toThrow()
  await call(pay)
  expect(server.seen.depositsSigned.size).toBe(1)
  expect(server.seen).toMatchObject({ depositsExecuted: 1, correctives: 0, admitted: 2 })
})

test('Request objects, URLs, bytes, forms and small streams are sent twice with the same bytes', async () => {
  const server = createFakeServer()
  const pay = payingFetch(account, { fetch: server.fetch })
  const { body } = ask({ stream: false })
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : '')
  const stream = new Blob([bytes]).stream()
  const inputs: [string | URL | Request, RequestInit?][] = [
    [new Request(URL_OF_CALLS, ask({ stream: false }))],
    [new URL(URL_OF_CALLS), { method: 'POST', body: bytes }],
    [URL_OF_CALLS, { method: 'post', body: new Blob([bytes]) }],
    [URL_OF_CALLS, { method: 'POST', body: stream, duplex: 'half' }],
  ]
  for (const [input, init] of inputs) expect((await pay(input, init)).status).toBe(200)
  expect(server.seen).toMatchObject({ unpaid: 4, paid: 4 })
})

test('a long stream is refused before anything is sent', async () => {
  const server = createFakeServer()
  const pay = payingFetch(account, { fetch: server.fetch })
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)) })
  const init = { method: 'POST', body: endless, duplex: 'half' } as RequestInit
  await expect(pay(URL_OF_CALLS, init)).rejects.toMatchObject({ name: 'BodyNotReplayableError' })
  expect(server.seen.unpaid).toBe(0)
})

test('an aborted caller leaves no number behind while it waits for a deposit', async () => {
  const server = createFakeServer({ depositMs: 60 })
  const pay = payingFetch(account, { fetch: server.fetch })
  const first = call(pay)
  await sleep(20)
  const controller = new AbortController()
  const second = call(pay, { signal: controller.signal })
  await sleep(15)
  controller.abort(new Error('enough'))
  await expect(second).rejects.toThrow('enough')
  await first
  expect(server.seen.paid).toBe(1)
  expect((await pay.channels())[0]).toMatchObject({ outAtomic: 0n })
  expect(pay.spent()).toMatchObject({ calls: 1, reservedUsd: '0' })
})

test('a quote that was asked for is paid at the first request, once', async () => {
  const server = createFakeServer()
  const pay = payingFetch(account, { fetch: server.fetch })
  await pay('http://fake.test/v1/quotes', ask())
  await call(pay)
  expect(server.seen).toMatchObject({ unpaid: 0, paid: 1, admitted: 1 })
  await call(pay)
  expect(server.seen).toMatchObject({ unpaid: 1, paid: 2, admitted: 2 })
})

test('every scheme and token is signed as the server checks it', async () => {
  for (const scheme of ['batch-settlement', 'upto', 'exact'] as const) {
    for (const asset of [USDC, USDT]) {
      const server = createFakeServer()
      const pay = payingFetch(account, { fetch: server.fetch, schemes: [scheme], assets: [asset] })
      const { response } = await call(pay, { stream: scheme !== 'exact' })
      expect([scheme, asset.symbol, response.status]).toEqual([scheme, asset.symbol, 200])
      expect(server.seen.payments[0]).toMatchObject({ scheme, asset: { symbol: asset.symbol } })
      expect(pay.spent()).toMatchObject({ calls: 1, usd: '0.003', reservedUsd: '0' })
    }
  }
})

test('a signed transfer that was refused stays counted, since it could still be settled', async () => {
  const server = createFakeServer()
  const pay = payingFetch(account, {
    schemes: ['exact'],
    maxTotalUsd: '0.02',
    fetch: async (input, init) => {
      const unpaid = { ...init, headers: new Headers({ 'content-type': 'application/json' }) }
      return server.fetch(input, unpaid)
    },
  })
  expect((await call(pay)).response.status).toBe(402)
  expect((await call(pay)).response.status).toBe(402)
  await expect(call(pay)).rejects.toMatchObject({ rule: 'max_total', excessUsd: '0.01' })
})

test('a refund brings back the rest, and the next call deposits again', async () => {
  const server = createFakeServer()
  const pay = payingFetch(account, { fetch: server.fetch })
  await call(pay)
  expect(await pay.refund(URL_OF_CALLS)).toMatchObject({ amountAtomic: 997_000n })
  expect((await pay.channels())[0]).toMatchObject({ balanceAtomic: 3_000n })
  await call(pay)
  expect(server.seen).toMatchObject({ depositsExecuted: 2, correctives: 0, violations: [] })
})

test("a refund while a call runs is refused with the server's code", async () => {
  const server = createFakeServer({ latencyOf: () => 50 })
  const pay = payingFetch(account, { fetch: server.fetch })
  const response = await pay(URL_OF_CALLS, ask())
  await expect(pay.refund(URL_OF_CALLS)).rejects.toMatchObject({
    name: 'RefundError',
    status: 409,
    code: 'channel_busy',
  })
  await response.text()
})

test('answers without x402 are left alone', async () => {
  const pay = payingFetch(account, {
    fetch: () => Promise.resolve(new Response('pay at the desk', { status: 402 })),
  })
  const response = await pay('http://fake.test/x')
  expect([response.status, await response.text()]).toEqual([402, 'pay at the desk'])
})
