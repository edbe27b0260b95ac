import { execFile } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fileStore } from '../../../src/client/file-store.ts'
import { payingFetch, usdtAsset, type PaidEvent, type PayingFetchOptions } from '../../../src/client/index.ts'
import { ROOT, startDevStack } from './dev-stack.ts'

let stack: Awaited<ReturnType<typeof startDevStack>>
let salts = 0

beforeAll(async () => {
  stack = await startDevStack()
})
afterAll(() => stack.stop())

/** A client with a channel of its own, and a count of its requests. */
function newClient(options: PayingFetchOptions = {}) {
  const { ready } = stack
  salts += 1
  const seen = { requests: 0, correctives: 0, events: [] as PaidEvent[] }
  const pay = payingFetch(privateKeyToAccount(ready.payerPrivateKey), {
    salt: `0x${salts.toString(16).padStart(64, '0')}`,
    onPaid: (event) => seen.events.push(event),
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const isPaid = new Headers(init?.headers).has('payment-signature')
      seen.requests += 1
      if (isPaid && response.status === 402) seen.correctives += 1
      return response
    },
    ...options,
  })
  const openai = new OpenAI({ baseURL: `${ready.url}/v1`, apiKey: 'x402', fetch: pay, maxRetries: 0 })
  return { pay, openai, seen }
}

const MESSAGES = [{ role: 'user' as const, content: 'Count to ten.' }]

async function streamed(openai: OpenAI, leaveAfter = Infinity): Promise<number> {
  const stream = await openai.chat.completions.create({
    model: 'openai/gpt-5',
    max_tokens: 20,
    stream: true,
    messages: MESSAGES,
  })
  let chunks = 0
  for await (const _chunk of stream) {
    chunks += 1
    if (chunks === leaveAfter) break
  }
  return chunks
}

test('the example of the documentation pays for its stream, exactly as it is written', async () => {
  const markdown = await readFile(join(ROOT, 'docs/examples/openai-sdk.md'), 'utf8')
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(markdown) ?? []
  expect(code).toContain('payingFetch')
  const path = join(await mkdtemp(join(tmpdir(), 'example-')), 'example.mjs')
  await writeFile(path, code)
  const { url, payerPrivateKey } = stack.ready
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, 'run-example.ts'), path],
    { env: { ...process.env, TURNPIKE_URL: url, WALLET_KEY: payerPrivateKey } },
  )
  const [answer = '', spent = ''] = stdout.trim().split(/\n(?=spent)/)
  expect(answer.length).toBeGreaterThan(50)
  expect(Number(spent.replace('spent $', ''))).toBeGreaterThan(0)
})

test('twenty cold streams at once make one deposit and no corrective; twenty more make none', async () => {
  const { openai, pay, seen } = newClient()
  const twenty = () => Promise.all(Array.from({ length: 20 }, () => streamed(openai)))
  expect((await twenty()).every((chunks) => chunks > 10)).toBe(true)
  await twenty()
  expect(seen).toMatchObject({ requests: 80, correctives: 0 })
  expect(seen.events.filter(({ kind }) => kind === 'deposit')).toHaveLength(1)
  expect(seen.events.filter(({ kind }) => kind === 'call')).toHaveLength(40)
  const charged = seen.events.reduce(
    (sum, { kind, amountAtomic }) => (kind === 'call' ? sum + amountAtomic : sum),
    0n,
  )
  expect(await pay.channels()).toMatchObject([
    { chargedAtomic: charged, outAtomic: 0n, balanceAtomic: 1_000_000n },
  ])
})

test('a reader that leaves in the middle is charged for its part, and the next call needs no corrective', async () => {
  const { openai, pay, seen } = newClient()
  await streamed(openai)
  await streamed(openai, 4)
  await vi.waitFor(() => expect(pay.spent().calls).toBe(2), { timeout: 10_000, interval: 100 })
  const [whole, part] = seen.events.filter(({ kind }) => kind === 'call')
  expect(part?.amountAtomic).toBeLessThan(whole?.amountAtomic ?? 0n)
  await streamed(openai)
  expect(seen.correctives).toBe(0)
})

test('the next process goes on from the file, and one without a file after one corrective', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'channels-')), 'channels.json')
  const salt = `0x${'77'.repeat(32)}` as const
  await streamed(newClient({ salt, store: fileStore(path) }).openai)
  // What the first has heard is written a moment after its stream's end.
  await vi.waitFor(async () => expect((await fileStore(path).list())[0]?.calls).toEqual([]))
  const next = newClient({ salt, store: fileStore(path) })
  await streamed(next.openai)
  expect([next.seen.correctives, next.seen.events.map(({ kind }) => kind)]).toEqual([0, ['call']])
  const forgetful = newClient({ salt })
  await streamed(forgetful.openai)
  expect([forgetful.seen.correctives, forgetful.seen.events.map(({ kind }) => kind)]).toEqual([1, ['call']])
})

test('USDT through Permit2, upto and exact are paid and charged for what was used', async () => {
  const usdt = usdtAsset({ network: 'eip155:84532', address: stack.ready.usdt, decimals: 6 })
  for (const options of [
    { assets: [usdt] },
    { schemes: ['upto'] as const },
    { schemes: ['exact'] as const },
  ]) {
    const { openai, pay, seen } = newClient(options)
    expect(await streamed(openai)).toBeGreaterThan(10)
    const call = seen.events.find(({ kind }) => kind === 'call')
    expect(call?.amountAtomic).toBeGreaterThan(0n)
    expect(call?.amountAtomic).toBeLessThan(call?.ceilingAtomic ?? 0n)
    expect(pay.spent()).toMatchObject({ calls: 1, reservedUsd: '0' })
  }
})

test('a quote that was asked for is paid at the first request, at its price', async () => {
  const { pay, seen } = newClient()
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'openai/gpt-5', max_tokens: 20, stream: true, messages: MESSAGES }),
  }
  const quote = (await (await pay(`${stack.ready.url}/v1/quotes`, init)).json()) as {
    accepts: { amount: string }[]
  }
  const response = await pay(`${stack.ready.url}/v1/chat/completions`, init)
  expect(await response.text()).toContain('[DONE]')
  expect(seen).toMatchObject({ requests: 2, correctives: 0 })
  const call = seen.events.find(({ kind }) => kind === 'call')
  expect(quote.accepts.map(({ amount }) => BigInt(amount))).toContain(call?.ceilingAtomic)
})

test('a refund brings the rest back on chain, and the next call deposits again', async () => {
  const { openai, pay, seen } = newClient()
  await streamed(openai)
  const [before] = await pay.channels()
  expect(await pay.refund(`${stack.ready.url}/v1/chat/completions`)).toMatchObject({
    amountAtomic: 1_000_000n - (before?.chargedAtomic ?? 0n),
    transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string,
  })
  await streamed(openai)
  expect(seen.events.map(({ kind }) => kind)).toEqual(['deposit', 'call', 'refund', 'deposit', 'call'])
  expect(seen.correctives).toBe(0)
})

test('a refused payment reaches the caller of the SDK with its reason, and nothing is spent', async () => {
  const { openai, pay } = newClient({ maxPerCallUsd: '0.0000001' })
  await expect(streamed(openai)).rejects.toMatchObject({
    cause: { name: 'SpendRefusedError', rule: 'max_per_call', limitUsd: '0.0000001' },
  })
  expect(pay.spent()).toMatchObject({ calls: 0, reservedUsd: '0' })
})
