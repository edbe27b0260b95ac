import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { ExactEvmSchemeV1 } from '@x402/evm/v1'
import { x402Client } from '@x402/core/client'
import { wrapFetchWithPayment } from '@x402/fetch'
import { chargeFor, chatBody, FEE_PICO_USD, post, readAnswer, readError } from '../support/chat.ts'
import type { WireReceipt } from '../support/chat.ts'
import { type Payer, startStack, type Stack } from '../support/start-stack.ts'
import { decodeBase64 } from '../support/stock-payer.ts'
import { encodeBase64, exactPayment } from '../support/wire-payment.ts'

let stack: Stack

beforeAll(async () => {
  stack = await startStack()
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

type V1Offer = {
  readonly scheme: string
  readonly network: string
  readonly maxAmountRequired: string
  readonly payTo: `0x${string}`
  readonly asset: string
  readonly extra: { readonly name: string; readonly version: string }
}

async function offerOf(body: string): Promise<V1Offer> {
  const response = await fetch(stack.chatUrl, post(body))
  expect(response.status).toBe(402)
  const { x402Version, accepts } = (await response.json()) as {
    x402Version: number
    accepts: readonly [V1Offer]
  }
  expect(x402Version).toBe(1)
  return accepts[0]
}

/** An X-PAYMENT as the v1 specification spells it, signed by hand. */
function v1Payment({
  payer,
  offer,
  valueAtomic = BigInt(offer.maxAmountRequired),
}: {
  payer: Payer
  offer: V1Offer
  valueAtomic?: bigint
}) {
  const accepted = {
    ...offer,
    scheme: 'exact' as const,
    amount: offer.maxAmountRequired,
    maxTimeoutSeconds: 120,
  }
  const { payload } = exactPayment({
    offer: accepted,
    payer,
    asset: stack.usdc,
    authorization: { valueAtomic },
  })
  return { x402Version: 1, scheme: 'exact', network: offer.network, payload }
}

const sendV1 = (body: string, payment: unknown) =>
  fetch(stack.chatUrl, post(body, { 'x-payment': encodeBase64(payment) }))

const creditOf = async (payer: Payer) =>
  (await stack.app.trialBalance()).find(({ account }) => account === `payer:${payer.address}:credit`)

test('the published vectors of the v1 wire name the fields that a hand-made payment has', async () => {
  const { payments } = JSON.parse(
    readFileSync(new URL('../fixtures/x402/vectors.json', import.meta.url), 'utf8'),
  ) as { payments: readonly { header: string; value: string }[] }
  const published = payments.find(({ header }) => header === 'X-PAYMENT')
  const shape = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
      : typeof value
  const payer = await stack.newPayer({ approved: false })
  const own = v1Payment({ payer, offer: await offerOf(chatBody()) })
  expect(shape(own)).toEqual(shape(decodeBase64(published?.value ?? '')))
})

test.each([{ stream: false }, { stream: true }])(
  'a v1 payment buys a call (stream: $stream), its receipt is v1, and what is left becomes credit',
  async ({ stream }) => {
    const payer = await stack.newPayer({ approved: false })
    const body = chatBody({ stream })
    const offer = await offerOf(body)
    const response = await sendV1(body, v1Payment({ payer, offer }))
    const receipt = decodeBase64(response.headers.get('x-payment-response') ?? '') as WireReceipt
    expect(receipt).toMatchObject({ success: true, network: 'base-sepolia', amount: offer.maxAmountRequired })
    expect(receipt.transaction).toMatch(/^0x[0-9a-f]{64}$/)
    expect(response.headers.get('payment-response')).toBeNull()
    const answer = await readAnswer(response)
    const charge = chargeFor({ usage: answer.usage, feePicoUsd: FEE_PICO_USD })
    expect(answer.turnpike.charge).toBe(charge.toString())
    const credit = await creditOf(payer)
    expect((credit?.credits ?? 0n) - (credit?.debits ?? 0n)).toBe(BigInt(offer.maxAmountRequired) - charge)
  },
)

test('a stock client that speaks only v1 is served from the body of the 402', async () => {
  const payer = await stack.newPayer({ approved: false })
  const client = new x402Client().registerV1('base-sepolia', new ExactEvmSchemeV1(payer.account))
  // A v1 server sends no PAYMENT-REQUIRED header; a client that reads both versions would go by it.
  const v1Fetch = async (...[input, init]: Parameters<typeof fetch>) => {
    const response = await fetch(input, init)
    const headers = new Headers(response.headers)
    headers.delete('payment-required')
    return new Response(response.body, { status: response.status, headers })
  }
  const answer = await readAnswer(
    await wrapFetchWithPayment(v1Fetch, client)(stack.chatUrl, post(chatBody())),
  )
  expect(answer.text.length).toBeGreaterThan(50)
})

test('a v1 payment of another value is asked again and costs nothing', async () => {
  const payer = await stack.newPayer({ approved: false })
  const body = chatBody()
  const offer = await offerOf(body)
  const calls = stack.provider.calls()
  for (const delta of [-1n, 1n]) {
    const valueAtomic = BigInt(offer.maxAmountRequired) + delta
    const response = await sendV1(body, v1Payment({ payer, offer, valueAtomic }))
    expect(response.status).toBe(402)
    expect(await readError(response)).toMatchObject({
      code: 'offer_mismatch',
      param: 'payload.authorization.value',
    })
  }
  expect(stack.provider.calls()).toBe(calls)
  expect(await creditOf(payer)).toBeUndefined()
})

test('a v1 payment that bought a call buys no other: 409 with the receipt in the header of v1', async () => {
  const payer = await stack.newPayer({ approved: false })
  const body = chatBody()
  const payment = v1Payment({ payer, offer: await offerOf(body) })
  const first = await readAnswer(await sendV1(body, payment))
  const calls = stack.provider.calls()
  const again = await sendV1(body, payment)
  expect(again.status).toBe(409)
  expect(await readError(again)).toMatchObject({ code: 'payment_already_used', call_id: first.callId })
  const receipt = decodeBase64(again.headers.get('x-payment-response') ?? '') as WireReceipt
  expect(receipt).toMatchObject({ success: true, network: 'base-sepolia' })
  expect(stack.provider.calls()).toBe(calls)
})
