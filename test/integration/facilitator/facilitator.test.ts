import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { x402Client } from '@x402/core/client'
import { HTTPFacilitatorClient } from '@x402/core/server'
import { toClientEvmSigner } from '@x402/evm'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { UptoEvmScheme } from '@x402/evm/upto/client'
import { wrapFetchWithPayment } from '@x402/fetch'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { facilitatorOptions } from '../../../src/app/facilitator-options.ts'
import { openFacilitator, type OpenFacilitator } from '../../../src/app/open-facilitator.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { fundAccount } from '../../../src/dev/chain/fund.ts'
import type { Address, Asset } from '../../../src/payment/types.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { type OrderBody, orderV1, orderV2 } from '../../support/facilitator-orders.ts'
import { openPublishedShop, UPTO_CHARGE } from '../../support/published-shop.ts'
import { NETWORK, type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { decodeBase64, stockPayer } from '../../support/stock-payer.ts'

let stack: Stack
let facilitator: OpenFacilitator
/** Whose signatures are tampered with: none of them is ever used. */
let rich: Payer | undefined
const key = generatePrivateKey()
const seller = privateKeyToAccount(generatePrivateKey()).address.toLowerCase() as Address

const optionsOf = ({ rpcUrl, usdt }: Stack, more: Record<string, string> = {}) => {
  const config = readConfig({
    TURNPIKE_FACILITATOR_KEY: key,
    TURNPIKE_FACILITATOR_PORT: '0',
    TURNPIKE_NETWORKS: NETWORK,
    TURNPIKE_RPC_84532: rpcUrl,
    ...more,
  })
  const options = facilitatorOptions({ config })
  return { ...options, assets: [...options.assets, usdt], pollMs: 20 }
}

beforeAll(async () => {
  stack = await startStack()
  const { address } = privateKeyToAccount(key)
  await fundAccount({ rpcUrl: stack.rpcUrl, address, ether: 10n ** 18n })
  facilitator = await openFacilitator(optionsOf(stack))
})
afterAll(async () => {
  await facilitator.close()
  await stack.expectCleanBooks()
  await stack.close()
})

const order = (path: '/verify' | '/settle', body: unknown, url = facilitator.url) =>
  fetch(`${url}${path}`, post(typeof body === 'string' ? body : JSON.stringify(body)))
const answerTo = async (path: '/verify' | '/settle', body: unknown, url?: string) =>
  (await (await order(path, body, url)).json()) as Record<string, unknown>
const balanceOf = (asset: Asset, owner: string) =>
  devClient({ rpcUrl: stack.rpcUrl }).readContract({
    address: asset.address,
    abi: [
      {
        name: 'balanceOf',
        type: 'function',
        stateMutability: 'view',
        inputs: [{ name: 'owner', type: 'address' }],
        outputs: [{ name: '', type: 'uint256' }],
      },
    ] as const,
    functionName: 'balanceOf',
    args: [owner as Address],
  })
const sentByKey = () =>
  devClient({ rpcUrl: stack.rpcUrl }).getTransactionCount({ address: facilitator.address })

test('what it supports is told in x402 words, and the published client reads it', async () => {
  const { kinds, signers, extensions } = await new HTTPFacilitatorClient({
    url: facilitator.url,
  }).getSupported()
  expect(kinds.map(({ x402Version, scheme, network }) => [x402Version, scheme, network])).toEqual([
    [2, 'exact', NETWORK],
    [2, 'upto', NETWORK],
    [1, 'exact', 'base-sepolia'],
  ])
  expect(signers).toEqual({ 'eip155:*': [facilitator.address] })
  expect(extensions).toEqual(['eip2612GasSponsoring'])
})

test('our own server settles exact in USDC and USDT through it', async () => {
  await stack.restart({
    networks: [
      {
        network: NETWORK,
        rpcUrls: [stack.rpcUrl],
        finality: { kind: 'depth', blocks: 0 },
        hosted: { url: facilitator.url },
      },
    ],
  })
  const before = await sentByKey()
  for (const asset of [stack.usdc, stack.usdt]) {
    const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'exact', asset })
    const answer = await readAnswer(await pay(stack.chatUrl, post(chatBody())))
    expect(answer.status).toBe(200)
    expect(answer.receipt?.transaction).toMatch(/^0x[0-9a-f]{64}$/)
  }
  expect((await sentByKey()) - before).toBe(2)
  const ours = await stack.app.listTransactions()
  expect(ours.filter(({ purpose }) => purpose.kind === 'exact')).toEqual([])
})

test('the published middleware sells through it to the published client: exact, Permit2 and upto', async () => {
  const shop = await openPublishedShop({
    facilitatorUrl: facilitator.url,
    payTo: seller,
    usdt: stack.usdt.address,
  })
  const payer = await stack.newPayer()
  const signer = toClientEvmSigner(payer.account, devClient({ rpcUrl: stack.rpcUrl }))
  const client = new x402Client()
    .register(NETWORK, new ExactEvmScheme(signer))
    .register(NETWORK, new UptoEvmScheme(signer))
    .setSpendControls({ allowedAssets: [{ network: NETWORK, asset: stack.usdt.address }] })
  const pay = wrapFetchWithPayment(fetch, client)
  for (const path of ['exact', 'usdt', 'upto']) {
    const response = await pay(`${shop.url}/${path}`)
    expect([response.status, await response.json()]).toEqual([200, { sold: path }])
    const receipt = decodeBase64(response.headers.get('payment-response') ?? '')
    expect(receipt).toMatchObject({ success: true, transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
  }
  expect(await balanceOf(stack.usdc, seller)).toBe(10_000n + BigInt(UPTO_CHARGE))
  expect(await balanceOf(stack.usdt, seller)).toBe(10_000n)
  await shop.close()
})

test('a payer that has approved nothing pays upto by a sponsored permit', async () => {
  const shop = await openPublishedShop({
    facilitatorUrl: facilitator.url,
    payTo: seller,
    usdt: stack.usdt.address,
  })
  const payer = await stack.newPayer({ approved: false })
  const signer = toClientEvmSigner(payer.account, devClient({ rpcUrl: stack.rpcUrl }))
  const client = new x402Client().register(NETWORK, new UptoEvmScheme(signer))
  const before = await balanceOf(stack.usdc, seller)
  const response = await wrapFetchWithPayment(fetch, client)(`${shop.url}/upto`)
  expect(response.status).toBe(200)
  expect((await balanceOf(stack.usdc, seller)) - before).toBe(BigInt(UPTO_CHARGE))
  await shop.close()
})

test('v1 orders are verified and settled', async () => {
  const payer = await stack.newPayer()
  const body = await orderV1({ payer, asset: stack.usdc, payTo: seller })
  expect(await answerTo('/verify', body)).toEqual({ isValid: true, payer: payer.address })
  const settled = await answerTo('/settle', body)
  expect(settled).toMatchObject({ success: true, network: 'base-sepolia', payer: payer.address })
  expect(await answerTo('/settle', body)).toEqual(settled)
})

const SCHEMES = [
  ['exact in USDC', 'usdc', 'exact'],
  ['exact in USDT', 'usdt', 'exact'],
  ['upto', 'usdc', 'upto'],
] as const

test.each(SCHEMES)(
  '%s: ten orders for one payment are one transaction and one answer',
  async (_name, token, scheme) => {
    const body = await orderV2({
      payer: await stack.newPayer(),
      asset: stack[token],
      payTo: seller,
      scheme,
      facilitatorAddress: facilitator.address,
    })
    const before = await sentByKey()
    const answers = await Promise.all(Array.from({ length: 10 }, () => answerTo('/settle', body)))
    expect(answers[0]).toMatchObject({ success: true })
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toHaveLength(1)
    expect((await sentByKey()) - before).toBe(1)

    // A process that has forgotten asks the chain.
    const second = await openFacilitator(optionsOf(stack))
    expect(await answerTo('/settle', body, second.url)).toEqual(answers[0])
    expect((await sentByKey()) - before).toBe(1)
    await second.close()
  },
)

test('thirty payments at once are thirty transactions of one key', async () => {
  const payer = await stack.newPayer()
  const bodies = await Promise.all(
    Array.from({ length: 30 }, () => orderV2({ payer, asset: stack.usdc, payTo: seller, amount: '100' })),
  )
  const before = await sentByKey()
  const answers = await Promise.all(bodies.map((body) => answerTo('/settle', body)))
  expect(answers.filter(({ success }) => success)).toHaveLength(30)
  expect((await sentByKey()) - before).toBe(30)
})

test('an upto payment is settled below its maximum, once; another amount is refused', async () => {
  const payer = await stack.newPayer()
  const body = await orderV2({
    payer,
    asset: stack.usdc,
    payTo: seller,
    scheme: 'upto',
    facilitatorAddress: facilitator.address,
  })
  const charge = (amount: string): OrderBody => ({
    ...body,
    paymentRequirements: { ...body.paymentRequirements, amount },
  })
  expect(await answerTo('/settle', charge('10001'))).toMatchObject({ success: false, transaction: '' })
  expect(await answerTo('/settle', charge('4000'))).toMatchObject({ success: true, amount: '4000' })
  expect(await answerTo('/settle', charge('5000'))).toMatchObject({
    success: false,
    errorReason: 'duplicate_settlement',
  })
})

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
  rich ??= await stack.newPayer()
  const body = await orderV2({ payer: rich, asset: stack.usdc, payTo: seller })
  change(body)
  const before = await sentByKey()
  const verdict = await answerTo('/verify', body)
  expect(verdict).toMatchObject({ isValid: false, invalidReason: expect.stringMatching(reason) })
  expect(await answerTo('/settle', body)).toMatchObject({
    success: false,
    transaction: '',
    errorReason: expect.stringMatching(reason),
  })
  expect(await sentByKey()).toBe(before)
})

test('a payer that cannot pay is refused by name', async () => {
  const poor = await stack.newPayer({ usdc: 0n })
  const body = await orderV2({ payer: poor, asset: stack.usdc, payTo: seller })
  expect(await answerTo('/verify', body)).toMatchObject({
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
  const good = await orderV2({ payer: await stack.newPayer(), asset: stack.usdc, payTo: seller })
  for (const [name, status, code, bodyOf] of NO_ORDERS) {
    for (const path of ['/verify', '/settle'] as const) {
      const response = await order(path, bodyOf(good))
      const { error } = (await response.json()) as { error: { code: string; next: string } }
      expect([name, response.status, error.code]).toEqual([name, status, code])
      expect(error.next.length).toBeGreaterThan(10)
    }
  }
  for (const method of ['GET', 'PUT', 'DELETE']) {
    expect((await fetch(`${facilitator.url}/settle`, { method })).status).toBe(405)
  }
  expect((await fetch(`${facilitator.url}/healthz`)).status).toBe(200)
  expect((await fetch(`${facilitator.url}/list`)).status).toBe(404)
})

async function withFacilitator(
  environment: Record<string, string>,
  use: (opened: OpenFacilitator, payer: Payer) => Promise<void>,
  more: object = {},
): Promise<void> {
  const opened = await openFacilitator({ ...optionsOf(stack, environment), ...more })
  await use(opened, await stack.newPayer()).finally(opened.close)
}

test('it pays those who may be paid, for those who have its token, within its rate', async () => {
  const token = 'a token of this test, of thirty-two characters'
  const environment = {
    TURNPIKE_FACILITATOR_PAY_TO: `${seller},0x${'12'.repeat(20)}`,
    TURNPIKE_FACILITATOR_ACCESS_TOKEN: token,
    TURNPIKE_FACILITATOR_PER_MINUTE: '2',
  }
  await withFacilitator(environment, async ({ url }, payer) => {
    const mine = await orderV2({ payer, asset: stack.usdc, payTo: payer.address })
    const good = await orderV2({ payer, asset: stack.usdc, payTo: seller })
    const ask = (body: OrderBody) => ({
      ...post(JSON.stringify(body)),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    })
    const refused = await fetch(`${url}/verify`, ask(mine))
    expect(await refused.json()).toMatchObject({ isValid: false, invalidReason: 'recipient_not_allowed' })
    const statuses = [401, 401, 429].map(async () => (await order('/verify', good, url)).status)
    expect((await Promise.all(statuses)).toSorted()).toEqual([401, 401, 429])
    expect(await (await fetch(`${url}/settle`, ask(good))).json()).toMatchObject({ success: true })
  })
})

test("a day's budget of gas and a cap on its price are kept", async () => {
  const cases = [
    [{ maxPerDayWei: 1n }, 'gas_budget_spent'],
    [{ feeCaps: { maxFeePerGasWei: 1n, maxPriorityFeePerGasWei: 1n } }, 'fee_above_cap'],
  ] as const
  for (const [change, reason] of cases) {
    const networks = optionsOf(stack).networks.map((one) => ({ ...one, ...change }))
    await withFacilitator(
      {},
      async ({ url }, payer) => {
        for (const asset of [stack.usdc, stack.usdt]) {
          const body = await orderV2({ payer, asset, payTo: seller })
          expect(await answerTo('/verify', body, url)).toMatchObject({ isValid: true })
          expect(await answerTo('/settle', body, url)).toMatchObject({
            success: false,
            errorReason: reason,
            transaction: '',
          })
        }
      },
      { networks },
    )
  }
})

test('an RPC that is away is no verdict, and a block that does not come is no failure', async () => {
  const { proxy } = stack
  const more = {
    networks: optionsOf(stack).networks.map((one) => ({ ...one, rpcUrls: [proxy.url] })),
    waitMs: 300,
  }
  await withFacilitator(
    {},
    async ({ url }, payer) => {
      for (const body of [
        await orderV2({ payer, asset: stack.usdc, payTo: seller }),
        await orderV2({ payer, asset: stack.usdt, payTo: seller }),
        await orderV1({ payer, asset: stack.usdc, payTo: seller }),
      ]) {
        proxy.setMode('drop')
        for (const path of ['/verify', '/settle'] as const) {
          const response = await order(path, body, url)
          expect(response.status).toBe(503)
          expect(Object.keys((await response.json()) as object)).toEqual(['error'])
        }
        proxy.restore()
        const before = await sentByKey()
        proxy.setOverride(({ method }) =>
          method === 'eth_getTransactionReceipt' ? { result: null } : undefined,
        )
        const pending = await answerTo('/settle', body, url)
        expect(pending).toMatchObject({ success: false, transaction: expect.stringMatching(/^0x.{64}$/) })
        proxy.restore()
        const { transaction } = pending
        expect(await answerTo('/settle', body, url)).toMatchObject({ success: true, transaction })
        expect((await sentByKey()) - before).toBe(1)
      }
    },
    more,
  ).finally(proxy.restore)
})

test('the command says where it listens, serves, and ends when it is told to', async () => {
  const child = spawn(process.execPath, ['src/main.ts', 'facilitator', '--json'], {
    cwd: join(import.meta.dirname, '../../..'),
    env: {
      PATH: process.env['PATH'] ?? '',
      TURNPIKE_FACILITATOR_KEY: key,
      TURNPIKE_FACILITATOR_PORT: '0',
      TURNPIKE_NETWORKS: NETWORK,
      TURNPIKE_RPC_84532: stack.rpcUrl,
    },
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const ready = JSON.parse(line) as { url: string }
  expect(ready).toMatchObject({ event: 'ready', address: facilitator.address, networks: [NETWORK] })
  expect((await fetch(`${ready.url}/supported`)).status).toBe(200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('a key that somebody else has in this environment is refused, and so is none', () => {
  for (const name of ['TURNPIKE_SIGNER_KEY', 'TURNPIKE_TILL_KEY', 'TURNPIKE_RECEIVER_AUTHORIZER_KEY'])
    expect(() => optionsOf(stack, { [name]: key })).toThrow(/a key of its own/)
  expect(() => optionsOf(stack, { TURNPIKE_FACILITATOR_KEY: '' })).toThrow(/TURNPIKE_FACILITATOR_KEY/)
})
