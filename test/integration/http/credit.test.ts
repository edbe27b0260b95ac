import { request } from 'node:http'
import { x402Client } from '@x402/core/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { encodeSIWxHeader, createSIWxPayload, wrapFetchWithSIWx } from '@x402/extensions/sign-in-with-x'
import { wrapFetchWithPayment } from '@x402/fetch'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chatBody, post } from '../../support/chat.ts'
import { NETWORK, type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { decodeBase64 } from '../../support/stock-payer.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { exactPayment } from '../../support/wire-payment.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const at = (path: string) => `${stack.app.url}${path}`
const BODY = chatBody({ question: 'What does credit buy?' })
const ON_CREDIT = { 'x-turnpike-credit': '1' }

type Credit = {
  balances: { symbol: string; available: string; available_usd: string }[]
  withdrawals: { id: string; state: string; amount: string; fee: string; transaction: string | null }[]
}

/** A published client that signs in where it is asked to. */
const signingFetch = (payer: Payer) => wrapFetchWithSIWx(fetch, payer.account)
const creditOf = async (payer: Payer): Promise<Credit> =>
  (await (await signingFetch(payer)(at('/v1/credit'))).json()) as Credit
const usdcOf = async (payer: Payer) =>
  BigInt((await creditOf(payer)).balances.find(({ symbol }) => symbol === 'USDC')?.available ?? '0')

/** A published client pays a top-up, with its limit of $1 a payment raised. */
async function topUp(payer: Payer, amountUsd: unknown = '2.50'): Promise<Response> {
  const client = new x402Client()
    .register(NETWORK, new ExactEvmScheme(payer.account))
    .setSpendControls({ maxAmountPerPayment: '$10' })
  const pay = wrapFetchWithPayment(fetch, client)
  return pay(at('/v1/credit'), post(JSON.stringify({ amount_usd: amountUsd })))
}

/** The challenge in a 402, and the proof that a wallet makes of it. */
async function challengeIn(response: Response) {
  const required = decodeBase64(response.headers.get('payment-required') ?? '') as {
    extensions: Record<string, { info: never; supportedChains: { chainId: string; type: 'eip191' }[] }>
  }
  const extension = required.extensions['sign-in-with-x']
  if (!extension) throw new Error('There is no challenge.')
  return { info: extension.info as object, chain: extension.supportedChains[0] as object }
}
async function proofFor(response: Response, payer: Payer): Promise<string> {
  const { info, chain } = await challengeIn(response)
  return encodeSIWxHeader(
    await createSIWxPayload({ ...info, ...chain } as never, payer.account, response.url),
  )
}

test('a top-up is whole: what was paid is credit, seen by the payer that signs in and by nobody else', async () => {
  const payer = await stack.newPayer()
  const paid = await topUp(payer)
  expect(paid.status).toBe(200)
  const receipt = decodeBase64(paid.headers.get('payment-response') ?? '')
  expect(receipt).toMatchObject({ success: true, amount: '2500000' })
  expect(await usdcOf(payer)).toBe(2_500_000n)
  const asked = await fetch(at('/v1/credit'))
  expect(asked.status).toBe(402)
  expect(await asked.json()).toMatchObject({ error: { code: 'sign_in_required' } })
  expect(await usdcOf(await stack.newPayer())).toBe(0n)
})

test('a payer that has topped up keeps its credit; one with change from a call gets it back', async () => {
  const payer = await stack.newPayer()
  await topUp(payer, 1)
  await stack.settleUntilQuiet()
  expect(await usdcOf(payer)).toBe(1_000_000n)
})

test('a call on credit costs its charge and no fee, and moves nothing on chain', async () => {
  const payer = await stack.newPayer()
  await topUp(payer, '1.00')
  const before = await usdcOf(payer)
  const response = await signingFetch(payer)(stack.chatUrl, post(BODY, ON_CREDIT))
  expect(response.status).toBe(200)
  const { turnpike } = (await response.json()) as { turnpike: { charge: string; call_id: string } }
  expect(BigInt(turnpike.charge)).toBeGreaterThan(0n)
  expect(await usdcOf(payer)).toBe(before - BigInt(turnpike.charge))
  const call = await signingFetch(payer)(at(`/v1/calls/${turnpike.call_id}`))
  expect(await call.json()).toMatchObject({ scheme: 'credit', state: 'final', transaction: null })
})

test('a proof buys one call: sent again it is that call, with another body it is nothing', async () => {
  const payer = await stack.newPayer()
  await topUp(payer, 1)
  const asked = await fetch(stack.chatUrl, post(BODY, ON_CREDIT))
  const headers = { 'sign-in-with-x': await proofFor(asked, payer) }
  const runs = await Promise.all(Array.from({ length: 10 }, () => fetch(stack.chatUrl, post(BODY, headers))))
  expect(runs.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 409)])
  const again = await fetch(stack.chatUrl, post(BODY, headers))
  expect(again.status).toBe(409)
  expect(await again.json()).toMatchObject({ error: { code: 'payment_already_used' } })
  const other = await fetch(stack.chatUrl, post(chatBody({ question: 'Something else' }), headers))
  expect(await other.json()).toMatchObject({ error: { code: 'quote_mismatch' } })
  expect(other.status).toBe(402)
})

test('without enough credit a call is answered by its price', async () => {
  const payer = await stack.newPayer()
  const response = await signingFetch(payer)(stack.chatUrl, post(BODY, ON_CREDIT))
  expect(response.status).toBe(402)
  const { error, accepts } = (await response.json()) as { error: { code: string }; accepts: unknown[] }
  expect(error.code).toBe('insufficient_funds')
  expect(accepts.length).toBeGreaterThan(0)
})

test('a burst never spends more credit than there is', async () => {
  const payer = await stack.newPayer()
  await topUp(payer, 1)
  const body = chatBody({ question: 'A dear one', max_tokens: 16_000, model: 'openai/gpt-4o' })
  const send = async () => {
    const asked = await fetch(stack.chatUrl, post(body, ON_CREDIT))
    return fetch(stack.chatUrl, post(body, { 'sign-in-with-x': await proofFor(asked, payer) }))
  }
  const statuses = (await Promise.all(Array.from({ length: 16 }, send))).map(({ status }) => status)
  expect(statuses.filter((status) => status !== 200 && status !== 402)).toEqual([])
  // Five or six ceilings of 17 cents fit into the dollar at one moment.
  expect(statuses).toContain(200)
  expect(statuses).toContain(402)
  expect(await usdcOf(payer)).toBeGreaterThanOrEqual(0n)
})

test('a withdrawal brings the credit to the wallet, less the gas, once per proof', async () => {
  const payer = await stack.newPayer()
  await topUp(payer, 3)
  // Only what is final may leave.
  await stack.settleUntilQuiet()
  const url = at('/v1/credit/withdrawals')
  const wish = JSON.stringify({ amount: '1000000' })
  const asked = await fetch(url, post(wish))
  expect(asked.status).toBe(402)
  const headers = { 'sign-in-with-x': await proofFor(asked, payer) }
  const [first, second] = await Promise.all([
    fetch(url, post(wish, headers)),
    fetch(url, post(wish, headers)),
  ])
  const made = (await first.json()) as Credit['withdrawals'][number]
  expect(await second.json()).toEqual(made)
  expect(made).toMatchObject({ state: 'held', amount: '1000000', fee: '100' })
  // Another wish needs a proof of its own.
  const other = await fetch(url, post('{}', headers))
  expect(other.status).toBe(401)
  await stack.settleUntilQuiet()
  const { withdrawals } = await creditOf(payer)
  expect(withdrawals).toMatchObject([{ id: made.id, state: 'final' }])
  expect(withdrawals[0]?.transaction).toMatch(/^0x[0-9a-f]{64}$/)
  expect(await usdcOf(payer)).toBe(1_999_900n)
  const rest = await signingFetch(payer)(url, post('{}'))
  expect(await rest.json()).toMatchObject({ amount: '1999800' })
  expect(await usdcOf(payer)).toBe(0n)
  const nothing = await signingFetch(payer)(url, post('{}'))
  expect(nothing.status).toBe(409)
  expect(await nothing.json()).toMatchObject({ error: { code: 'nothing_to_withdraw' } })
})

test('the same top-up again is told what became of it, and is not there twice', async () => {
  const payer = await stack.newPayer()
  let sent: Request | undefined
  const client = new x402Client().register(NETWORK, new ExactEvmScheme(payer.account))
  const recording: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    if (request.headers.has('payment-signature')) sent = request.clone()
    return fetch(request)
  }
  const url = at('/v1/credit')
  await wrapFetchWithPayment(recording, client)(url, post('{"amount_usd":"1"}'))
  if (!sent) throw new Error('Nothing was paid.')
  const again = await fetch(sent)
  expect(again.status).toBe(409)
  expect(await again.json()).toMatchObject({ error: { code: 'payment_already_used' } })
  expect(await usdcOf(payer)).toBe(1_000_000n)
})

test('a top-up by x402 v1, which names no request, buys no call when it is sent again with one', async () => {
  const payer = await stack.newPayer()
  const url = at('/v1/credit')
  const asked = await fetch(url, post('{"amount_usd":"1"}'))
  const { accepts } = (await asked.json()) as { accepts: { payTo: string; maxAmountRequired: string }[] }
  const [offer] = accepts
  if (!offer) throw new Error('There is no offer of v1.')
  const paid = exactPayment({
    offer: { ...offer, amount: offer.maxAmountRequired, maxTimeoutSeconds: 120, extra: {} } as never,
    payer,
    asset: stack.usdc,
  })
  const payment = { x402Version: 1, scheme: 'exact', network: 'base-sepolia', payload: paid.payload }
  const headers = { 'x-payment': Buffer.from(JSON.stringify(payment)).toString('base64') }
  expect((await fetch(url, post('{"amount_usd":"1"}', headers))).status).toBe(200)
  // The ceiling of this call is just what was paid, so that nothing but its purpose is against it.
  const calls = stack.provider.calls()
  for (const body of [BODY, chatBody({ question: 'Who pays for this?' })]) {
    const response = await fetch(stack.chatUrl, post(body, headers))
    expect([402, 409]).toContain(response.status)
  }
  expect(stack.provider.calls()).toBe(calls)
  expect(await usdcOf(payer)).toBe(1_000_000n)
})

const BAD_PROOFS: readonly (readonly [name: string, change: (proof: Record<string, unknown>) => unknown])[] =
  [
    ['another address', (proof) => ({ ...proof, address: '0x000000000000000000000000000000000000dEaD' })],
    ['another domain', (proof) => ({ ...proof, domain: 'elsewhere.example' })],
    ['a longer life', (proof) => ({ ...proof, expirationTime: '2099-01-01T00:00:00.000Z' })],
    ['a nonce of its own', (proof) => ({ ...proof, nonce: 'a'.repeat(48) })],
    ['another purpose', (proof) => ({ ...proof, requestId: 'x' })],
    ['a field that was not asked for', (proof) => ({ ...proof, resources: ['https://a.example'] })],
    ['a line break', (proof) => ({ ...proof, statement: 'a\nURI: b' })],
    ['no signature', ({ signature: _signature, ...proof }) => proof],
    ['a chain that is none', (proof) => ({ ...proof, chainId: 'solana:1' })],
    ['no object', () => 7],
  ]

test.each(BAD_PROOFS)('a proof with %s is refused', async (_name, change) => {
  const payer = await stack.newPayer({ approved: false })
  const proof = await proofFor(await fetch(at('/v1/credit')), payer)
  const good = JSON.parse(Buffer.from(proof, 'base64').toString()) as Record<string, unknown>
  const header = Buffer.from(JSON.stringify(change(good))).toString('base64')
  const response = await fetch(at('/v1/credit'), { headers: { 'sign-in-with-x': header } })
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({ error: { code: 'sign_in_invalid' } })
})

test.each([
  ['{"amount_usd":"0.5"}', 'amount_usd'],
  ['{"amount_usd":"-3"}', 'amount_usd'],
  ['{"amount_usd":1e999}', 'amount_usd'],
  ['{"amount_usd":"20000"}', 'amount_usd'],
  ['{"amount":"2"}', 'amount'],
])('a top-up of %s is refused before it is priced', async (body, param) => {
  const response = await fetch(at('/v1/credit'), post(body))
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { param } })
})

test('nobody signs in for a name that the server does not know to be its own', async () => {
  const payer = await stack.newPayer({ approved: false })
  const header = await proofFor(await fetch(at('/v1/credit')), payer)
  const port = new URL(stack.app.url).port
  const asked = (headers: Record<string, string>) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const path = '/v1/credit'
      const sent = request({ host: '127.0.0.1', port, path, headers }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      sent.on('error', reject).end()
    })
  const passedOn = await asked({ host: 'elsewhere.example' })
  expect(passedOn).toMatchObject({
    status: 503,
    text: expect.stringContaining('sign_in_unavailable') as string,
  })
  expect((await asked({ host: 'elsewhere.example', 'sign-in-with-x': header })).status).toBe(503)
  expect((await asked({ host: `127.0.0.1:${port}`, 'sign-in-with-x': header })).status).toBe(200)
})

test('two wallets that sign one challenge withdraw each its own', async () => {
  const [one, other] = [await stack.newPayer(), await stack.newPayer()]
  await topUp(one, 1)
  await topUp(other, 1)
  await stack.settleUntilQuiet()
  const url = at('/v1/credit/withdrawals')
  const challenge = await fetch(url, post('{}'))
  const made: { id: string; amount: string }[] = []
  for (const payer of [one, other]) {
    const headers = { 'sign-in-with-x': await proofFor(challenge, payer) }
    made.push((await (await fetch(url, post('{}', headers))).json()) as { id: string; amount: string })
  }
  expect(new Set(made.map(({ id }) => id)).size).toBe(2)
  expect(made.map(({ amount }) => amount)).toEqual(['999900', '999900'])
})

test('an empty top-up is answered by the price of the smallest', async () => {
  const response = await fetch(at('/v1/credit'), { method: 'POST' })
  expect(response.status).toBe(402)
  const { accepts } = decodeBase64(response.headers.get('payment-required') ?? '') as {
    accepts: { scheme: string; amount: string }[]
  }
  expect(accepts.map(({ scheme, amount }) => `${scheme} ${amount}`)).toEqual([
    'exact 1000000',
    'exact 1000000',
  ])
})

test('a payer lists its own calls, page by page', async () => {
  const payer = await stack.newPayer()
  await topUp(payer, 1)
  for (let made = 0; made < 3; made += 1)
    await signingFetch(payer)(stack.chatUrl, post(chatBody({ question: `Call ${made}` }), ON_CREDIT))
  type List = { data: { id: string; usage: object; payer: string }[]; has_more: boolean; last_id: string }
  const list = async (query: string) =>
    (await (await signingFetch(payer)(at(`/v1/calls${query}`))).json()) as List
  await waitUntil({ what: 'the calls are listed', isSo: async () => (await list('')).data.length === 3 })
  const first = await list('?limit=2')
  expect(first.data).toHaveLength(2)
  expect(first.has_more).toBe(true)
  const rest = await list(`?limit=2&after=${first.last_id}`)
  expect(rest).toMatchObject({ has_more: false })
  expect(rest.data).toHaveLength(1)
  expect(new Set([...first.data, ...rest.data].map(({ id }) => id)).size).toBe(3)
  expect(first.data[0]?.usage).toMatchObject({ is_estimated: false })
})
