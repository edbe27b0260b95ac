import { x402Client } from '@x402/core/client'
import { HTTPFacilitatorClient } from '@x402/core/server'
import { toClientEvmSigner } from '@x402/evm'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { UptoEvmScheme } from '@x402/evm/upto/client'
import { wrapFetchWithPayment } from '@x402/fetch'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { expect, test } from 'vitest'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { orderV1 } from '../../support/facilitator-orders.ts'
import { useFacilitator } from '../../support/facilitator-world.ts'
import { openPublishedShop, UPTO_CHARGE } from '../../support/published-shop.ts'
import { NETWORK } from '../../support/start-stack.ts'
import { decodeBase64, stockPayer } from '../../support/stock-payer.ts'

const world = useFacilitator()

test('what it supports is told in x402 words, and the published client reads it', async () => {
  const { kinds, signers, extensions } = await new HTTPFacilitatorClient({
    url: world.facilitator.url,
  }).getSupported()
  expect(kinds.map(({ x402Version, scheme, network }) => [x402Version, scheme, network])).toEqual([
    [2, 'exact', NETWORK],
    [2, 'upto', NETWORK],
    [1, 'exact', 'base-sepolia'],
  ])
  expect(signers).toEqual({ 'eip155:*': [world.facilitator.address] })
  expect(extensions).toEqual(['eip2612GasSponsoring'])
})

test('our own server settles exact in USDC and USDT through it', async () => {
  await world.stack.restart({
    networks: [
      {
        network: NETWORK,
        rpcUrls: [world.stack.rpcUrl],
        finality: { kind: 'depth', blocks: 0 },
        hosted: { url: world.facilitator.url },
      },
    ],
  })
  const before = await world.sentByKey()
  for (const asset of [world.stack.usdc, world.stack.usdt]) {
    const { pay } = stockPayer({
      stack: world.stack,
      payer: await world.stack.newPayer(),
      scheme: 'exact',
      asset,
    })
    const answer = await readAnswer(await pay(world.stack.chatUrl, post(chatBody())))
    expect(answer.status).toBe(200)
    expect(answer.receipt?.transaction).toMatch(/^0x[0-9a-f]{64}$/)
  }
  expect((await world.sentByKey()) - before).toBe(2)
  const ours = await world.stack.app.listTransactions()
  expect(ours.filter(({ purpose }) => purpose.kind === 'exact')).toEqual([])
})

test('the published middleware sells through it to the published client: exact, Permit2 and upto', async () => {
  const shop = await openPublishedShop({
    facilitatorUrl: world.facilitator.url,
    payTo: world.seller,
    usdt: world.stack.usdt.address,
  })
  const payer = await world.stack.newPayer()
  const signer = toClientEvmSigner(payer.account, devClient({ rpcUrl: world.stack.rpcUrl }))
  const client = new x402Client()
    .register(NETWORK, new ExactEvmScheme(signer))
    .register(NETWORK, new UptoEvmScheme(signer))
    .setSpendControls({ allowedAssets: [{ network: NETWORK, asset: world.stack.usdt.address }] })
  const pay = wrapFetchWithPayment(fetch, client)
  for (const path of ['exact', 'usdt', 'upto']) {
    const response = await pay(`${shop.url}/${path}`)
    expect([response.status, await response.json()]).toEqual([200, { sold: path }])
    const receipt = decodeBase64(response.headers.get('payment-response') ?? '')
    expect(receipt).toMatchObject({ success: true, transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
  }
  expect(await world.balanceOf(world.stack.usdc, world.seller)).toBe(10_000n + BigInt(UPTO_CHARGE))
  expect(await world.balanceOf(world.stack.usdt, world.seller)).toBe(10_000n)
  await shop.close()
})

test('a payer that has approved nothing pays upto by a sponsored permit', async () => {
  const shop = await openPublishedShop({
    facilitatorUrl: world.facilitator.url,
    payTo: world.seller,
    usdt: world.stack.usdt.address,
  })
  const payer = await world.stack.newPayer({ approved: false })
  const signer = toClientEvmSigner(payer.account, devClient({ rpcUrl: world.stack.rpcUrl }))
  const client = new x402Client().register(NETWORK, new UptoEvmScheme(signer))
  const before = await world.balanceOf(world.stack.usdc, world.seller)
  const response = await wrapFetchWithPayment(fetch, client)(`${shop.url}/upto`)
  expect(response.status).toBe(200)
  expect((await world.balanceOf(world.stack.usdc, world.seller)) - before).toBe(BigInt(UPTO_CHARGE))
  await shop.close()
})

test('v1 orders are verified and settled', async () => {
  const payer = await world.stack.newPayer()
  const body = await orderV1({ payer, asset: world.stack.usdc, payTo: world.seller })
  expect(await world.answerTo('/verify', body)).toEqual({ isValid: true, payer: payer.address })
  const settled = await world.answerTo('/settle', body)
  expect(settled).toMatchObject({ success: true, network: 'base-sepolia', payer: payer.address })
  expect(await world.answerTo('/settle', body)).toEqual(settled)
})
