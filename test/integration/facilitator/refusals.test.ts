import { expect, test } from 'vitest'
import { type OrderBody, orderV2 } from '../../support/facilitator-orders.ts'
import { useFacilitator } from '../../support/facilitator-world.ts'
import type { Payer } from '../../support/start-stack.ts'

const world = useFacilitator()

/** Whose signatures are tampered with: none of them is ever used. */
let rich: Payer | undefined

type Lie = readonly [name: string, reason: RegExp, change: (body: OrderBody) => void]

const authorizationOf = (body: OrderBody) =>
  body.paymentPayload.payload['authorization'] as Record<string, string>

const LIES: readonly Lie[] = [
  [
    'another recipient',
    /recipient_mismatch/,
    (body) => (body.paymentRequirements['payTo'] = `0x${'ab'.repeat(20)}`),
  ],
  ['a larger amount', /value_mismatch/, (body) => (body.paymentRequirements['amount'] = '20000')],
  [
    'an amount of nothing',
    /invalid_payment_requirements/,
    (body) => (body.paymentRequirements['amount'] = '0'),
  ],
  [
    'another token',
    /unsupported_asset/,
    (body) => (body.paymentRequirements['asset'] = `0x${'cd'.repeat(20)}`),
  ],
  [
    'another network',
    /invalid_network/,
    (body) => {
      body.paymentRequirements['network'] = 'eip155:8453'
      body.paymentPayload['accepted'] = {
        ...(body.paymentPayload['accepted'] as object),
        network: 'eip155:8453',
      }
    },
  ],
  ['an expired time', /valid_before|signature/, (body) => (authorizationOf(body)['validBefore'] = '1000')],
  [
    'a time to come',
    /valid_after|signature/,
    (body) => (authorizationOf(body)['validAfter'] = '99999999999'),
  ],
  ['another nonce', /signature/, (body) => (authorizationOf(body)['nonce'] = `0x${'01'.repeat(32)}`)],
  ['another payer', /signature/, (body) => (authorizationOf(body)['from'] = `0x${'01'.repeat(20)}`)],
  [
    'another domain',
    /signature/,
    (body) => (body.paymentRequirements['extra'] = { name: 'Other', version: '2' }),
  ],
]

test.each(LIES)('%s is refused and costs no gas', async (_name, reason, change) => {
  rich ??= await world.stack.newPayer()
  const body = await orderV2({ payer: rich, asset: world.stack.usdc, payTo: world.seller })
  change(body)
  const before = await world.sentByKey()
  const verdict = await world.answerTo('/verify', body)
  expect(verdict).toMatchObject({ isValid: false, invalidReason: expect.stringMatching(reason) })
  expect(await world.answerTo('/settle', body)).toMatchObject({
    success: false,
    transaction: '',
    errorReason: expect.stringMatching(reason),
  })
  expect(await world.sentByKey()).toBe(before)
})

test('a payer that cannot pay is refused by name', async () => {
  const poor = await world.stack.newPayer({ usdc: 0n })
  const body = await orderV2({ payer: poor, asset: world.stack.usdc, payTo: world.seller })
  expect(await world.answerTo('/verify', body)).toMatchObject({
    isValid: false,
    invalidReason: expect.stringMatching(/insufficient/),
  })
})

const NO_ORDERS: readonly (readonly [
  name: string,
  status: number,
  code: string,
  body: (good: OrderBody) => string,
])[] = [
  ['no JSON', 400, 'invalid_json', () => '{"'],
  ['a list', 400, 'payment_malformed', () => '[]'],
  ['nothing', 400, 'invalid_json', () => ''],
  ['nested ten thousand times', 400, 'payment_malformed', () => `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['half a megabyte', 413, 'body_too_large', () => JSON.stringify({ a: 'x'.repeat(524_288) })],
  ['another version', 400, 'payment_unsupported', (good) => withPayload(good, { x402Version: 3 })],
  ['a number for an amount', 400, 'payment_malformed', (good) => withRequirements(good, { amount: 10_000 })],
  ['hex for an amount', 400, 'payment_malformed', (good) => withRequirements(good, { amount: '0x10' })],
  ['a channel', 400, 'payment_unsupported', (good) => withRequirements(good, { scheme: 'batch-settlement' })],
  ['two networks', 400, 'payment_malformed', (good) => withRequirements(good, { network: 'eip155:1' })],
  ['no signature', 400, 'payment_malformed', (good) => withPayload(good, { payload: { authorization: {} } })],
]

const withPayload = (good: OrderBody, change: object) =>
  JSON.stringify({ ...good, paymentPayload: { ...good.paymentPayload, ...change } })
const withRequirements = (good: OrderBody, change: object) =>
  JSON.stringify({ ...good, paymentRequirements: { ...good.paymentRequirements, ...change } })

test('what is no order is refused with its field, for both questions', async () => {
  const good = await orderV2({
    payer: await world.stack.newPayer(),
    asset: world.stack.usdc,
    payTo: world.seller,
  })
  for (const [name, status, code, bodyOf] of NO_ORDERS) {
    for (const path of ['/verify', '/settle'] as const) {
      const response = await world.order(path, bodyOf(good))
      const { error } = (await response.json()) as { error: { code: string; next: string } }
      expect([name, response.status, error.code]).toEqual([name, status, code])
      expect(error.next.length).toBeGreaterThan(10)
    }
  }
  for (const method of ['GET', 'PUT', 'DELETE']) {
    expect((await fetch(`${world.facilitator.url}/settle`, { method })).status).toBe(405)
  }
  expect((await fetch(`${world.facilitator.url}/healthz`)).status).toBe(200)
  expect((await fetch(`${world.facilitator.url}/list`)).status).toBe(404)
})
