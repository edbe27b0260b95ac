import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { fileStore } from '../../../src/client/file-store.ts'
import { payingFetch, type PayingFetchOptions } from '../../../src/client/paying-fetch.ts'
import type { PaidEvent } from '../../../src/client/context.ts'
import type { Hex } from '../../../src/payment/types.ts'
import { ask, URL_OF_CALLS } from './fake-server/ask.ts'
import type { Behaviour } from './fake-server/behaviour.ts'
import { createFakeServer } from './fake-server/create-fake-server.ts'
import { account, CEILING } from './fake-server/terms.ts'

/** What a client does when it does not hear what became of a call it has paid for: it asks, and never pays again. */
let salt: Hex
let salts = 0
/** Nothing here is about time; a busy machine may need some. */
const PATIENTLY = { timeout: 15_000 }
beforeEach(() => {
  salts += 1
  salt = `0x${(0xc000 + salts).toString(16).padStart(64, '0')}`
})

function start(behaviour: Behaviour, options: PayingFetchOptions = {}) {
  const server = createFakeServer(behaviour)
  const pay = payingFetch(account, { fetch: server.fetch, salt, ...options })
  const call = async (init: Parameters<typeof ask>[0] = {}) => (await pay(URL_OF_CALLS, ask(init))).text()
  return { server, pay, call }
}

const vouchers = ({ seen }: ReturnType<typeof createFakeServer>) =>
  seen.payments.flatMap((payment) => (payment.kind === 'voucher' ? [payment.voucher.maxAtomic] : []))

test('a payment that never arrived is sent again as it was, and its answer is the caller’s', async () => {
  const { server, pay, call } = start({ drops: (paid) => paid === 1 })
  await call()
  expect(await call()).toContain('[DONE]')
  expect(server.seen).toMatchObject({ paid: 3, admitted: 2, correctives: 0, violations: [] })
  expect(vouchers(server)).toEqual([CEILING, CEILING + 3_000n])
  expect(pay.spent()).toMatchObject({ calls: 2, reservedUsd: '0' })
})

test('a call whose answer was lost is charged once: the server names it, and its charge is asked for', async () => {
  for (const stream of [true, false]) {
    const { server, pay, call } = start(
      { breaks: (index) => index === 1 },
      { salt: `0x${'c'.repeat(63)}${stream ? 1 : 2}` },
    )
    await call({ stream })
    await expect(call({ stream })).rejects.toThrow('fetch failed')
    await vi.waitFor(
      () => expect(pay.spent()).toMatchObject({ calls: 2, usd: '0.006', reservedUsd: '0' }),
      PATIENTLY,
    )
    expect(server.seen.admitted).toBe(2)
    expect((await pay.channels())[0]).toMatchObject({ outAtomic: 0n, chargedAtomic: 6_000n })
    await call({ stream })
    expect(server.seen).toMatchObject({ correctives: 0, violations: [] })
  }
})

test('where the server cannot be asked the ceiling stays counted, and later calls need no corrective', async () => {
  let isAway = false
  const server = createFakeServer({ breaks: (index) => index === 1 })
  const pay = payingFetch(account, {
    salt,
    fetch: (input, init) => {
      const isPaid = new Headers(init?.headers).has('payment-signature')
      if (isAway && isPaid)
        return Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }))
      const answer = server.fetch(input, init)
      return answer.catch((error: unknown) => {
        isAway = true
        throw error
      })
    },
  })
  const call = async () => (await pay(URL_OF_CALLS, ask())).text()
  await call()
  await expect(call()).rejects.toThrow('fetch failed')
  expect((await pay.channels())[0]).toMatchObject({ outAtomic: CEILING, chargedAtomic: 3_000n })
  isAway = false
  await call()
  expect(server.seen).toMatchObject({ paid: 3, admitted: 3, correctives: 0, violations: [] })
  expect(pay.spent()).toMatchObject({ calls: 2, reservedUsd: '0.01' })
})

test('a transfer whose answer was lost is charged once as well', async () => {
  for (const scheme of ['upto', 'exact'] as const) {
    const { server, pay, call } = start({ drops: (paid) => paid === 0 }, { schemes: [scheme] })
    expect(await call()).toContain('[DONE]')
    expect(server.seen).toMatchObject({ paid: 2, admitted: 1 })
    expect(pay.spent()).toMatchObject({ calls: 1, reservedUsd: '0' })
  }
})

test('a caller that gives up before the answer sends no second payment; the call counts at its ceiling', async () => {
  const answered = Promise.withResolvers<void>()
  const server = createFakeServer({ until: () => answered.promise })
  const pay = payingFetch(account, {
    salt,
    fetch: (input, init) => {
      const { promise, reject } = Promise.withResolvers<never>()
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))
      return Promise.race([server.fetch(input, init), promise])
    },
  })
  const caller = new AbortController()
  const answer = pay(URL_OF_CALLS, ask({ stream: false, signal: caller.signal }))
  await vi.waitFor(() => expect(server.seen.admitted).toBe(1), PATIENTLY)
  caller.abort(new Error('enough'))
  await expect(answer).rejects.toThrow('enough')
  answered.resolve()
  // Time in which a second payment would be sent.
  await new Promise((resolve) => {
    setTimeout(resolve, 400)
  })
  expect(server.seen.paid).toBe(1)
  expect(pay.spent()).toMatchObject({ calls: 0, reservedUsd: '0.01' })
})

test('a stream that is cut in the middle is asked for, and nothing is paid again', async () => {
  const { server, pay, call } = start({ cuts: (index) => index === 1, chargeOf: () => 1_234n })
  await call()
  await expect(call()).rejects.toThrow('terminated')
  await vi.waitFor(() => expect(pay.spent()).toMatchObject({ calls: 2, reservedUsd: '0' }), PATIENTLY)
  expect(server.seen).toMatchObject({ paid: 2, admitted: 2 })
  expect((await pay.channels())[0]).toMatchObject({ outAtomic: 0n, chargedAtomic: 2_468n })
})

test.each([500, 502, 503])(
  'a %i without a receipt is asked for by its call id, and not paid again',
  async (status) => {
    const server = createFakeServer({ chargeOf: () => 2_000n })
    let isBroken = false
    const pay = payingFetch(account, {
      salt,
      fetch: async (input, init) => {
        const response = await server.fetch(input, init)
        if (!isBroken || !new Headers(init?.headers).has('payment-signature')) return response
        await response.text()
        const callId = response.headers.get('x-call-id') ?? ''
        return Response.json(
          { error: { code: 'internal_error' } },
          { status, headers: { 'x-call-id': callId } },
        )
      },
    })
    await (await pay(URL_OF_CALLS, ask())).text()
    isBroken = true
    expect((await pay(URL_OF_CALLS, ask())).status).toBe(status)
    await vi.waitFor(
      () => expect(pay.spent()).toMatchObject({ calls: 2, usd: '0.004', reservedUsd: '0' }),
      PATIENTLY,
    )
    expect(server.seen.paid).toBe(2)
  },
)

test('a 500 without any word of its call stays counted at its ceiling', async () => {
  const server = createFakeServer()
  const pay = payingFetch(account, {
    salt,
    fetch: (input, init) =>
      new Headers(init?.headers).has('payment-signature')
        ? Promise.resolve(new Response('oops', { status: 500 }))
        : server.fetch(input, init),
  })
  expect((await pay(URL_OF_CALLS, ask())).status).toBe(500)
  expect(pay.spent()).toMatchObject({ calls: 0, reservedUsd: '0.01' })
})

test('a process that ends in the middle of calls leaves them in the file, and the next one asks for them', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'channels-')), 'channels.json')
  const over = Promise.withResolvers<void>()
  const server = createFakeServer({ until: () => over.promise })
  // The first process reads the headers of its calls and nothing more; nobody lets it know what they were charged.
  const first = payingFetch(account, { fetch: server.fetch, salt, store: fileStore(path) })
  const open = await Promise.all([first(URL_OF_CALLS, ask()), first(URL_OF_CALLS, ask())])
  expect(open.map(({ status }) => status)).toEqual([200, 200])
  await vi.waitFor(async () => {
    const [record] = await fileStore(path).list()
    expect(record?.calls.map(({ callId }) => callId).toSorted()).toEqual(['call_0', 'call_1'])
  }, PATIENTLY)
  const events: PaidEvent[] = []
  const second = payingFetch(account, {
    fetch: server.fetch,
    salt,
    store: fileStore(path),
    onPaid: (event) => events.push(event),
  })
  expect((await second.channels())[0]).toMatchObject({ outAtomic: 2n * CEILING, chargedAtomic: 0n })
  over.resolve()
  await vi.waitFor(
    async () => expect((await second.channels())[0]).toMatchObject({ outAtomic: 0n, chargedAtomic: 6_000n }),
    PATIENTLY,
  )
  await vi.waitFor(() => expect(events).toHaveLength(2), PATIENTLY)
  expect(events.map(({ kind, callId, amountAtomic }) => [kind, callId, amountAtomic]).toSorted()).toEqual([
    ['call', 'call_0', 3_000n],
    ['call', 'call_1', 3_000n],
  ])
  await (await second(URL_OF_CALLS, ask())).text()
  expect(server.seen).toMatchObject({ paid: 3, correctives: 0, depositsExecuted: 1, violations: [] })
  await vi.waitFor(async () => expect((await fileStore(path).list())[0]?.calls).toEqual([]), PATIENTLY)
})

test('two processes that share a file share the channel too, and neither takes the other for a lie', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'channels-')), 'channels.json')
  const server = createFakeServer({ latencyOf: (index) => (index * 7) % 30 })
  const both = [1, 2].map(() => payingFetch(account, { fetch: server.fetch, salt, store: fileStore(path) }))
  for (let round = 0; round < 8; round += 1) {
    const answers = await Promise.all(
      both
        .flatMap((pay) => [pay(URL_OF_CALLS, ask()), pay(URL_OF_CALLS, ask())])
        .map(async (answer) => {
          const response = await answer
          await response.text()
          return response.status
        }),
    )
    expect(answers.every((status) => status === 200 || status === 402)).toBe(true)
  }
  for (const pay of both) expect((await pay.channels())[0]?.stopped).toBeUndefined()
  expect(server.seen.violations).toEqual([])
  expect(server.seen.depositsExecuted).toBeLessThanOrEqual(2)
})
