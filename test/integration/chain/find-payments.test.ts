import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { findPayments } from '../../../src/chain/read/find-payments.ts'
import { createRpc } from '../../../src/chain/rpc.ts'
import { openChainWorld } from './chain-world.ts'
import type { ChainWorld } from './chain-world.ts'
import { claimRow, depositFunding, exactFunding, newChannel } from './payments.ts'

let world: ChainWorld
beforeAll(async () => {
  world = await openChainWorld()
})
afterEach(() => world.proxy.restore())
afterAll(() => world.close())

const soon = async () => (await world.now()) + 600
const find = (funding: Parameters<ChainWorld['chain']['reader']['findPayments']>[0]['funding']) =>
  world.chain.reader.findPayments({ funding, from: 0 })

test.each(['eip3009', 'permit2'] as const)(
  'an exact payment by %s that anybody submitted is found by its payer, amount and the till',
  async (method) => {
    const by = await world.newPayer()
    const base = {
      by,
      asset: world.usdc,
      amountAtomic: 321n,
      expiresAt: await soon(),
      to: world.till,
      method,
    }
    const funding = exactFunding(base)
    expect(await find(funding)).toEqual([])
    const { blockNumber } = await world.send({ call: world.chain.calldata.exact(funding) })
    const [found] = await find(funding)
    expect(found).toMatchObject({ blockNumber })
    expect(await world.chain.reader.getReceipt(found?.transactionHash ?? '0x')).toMatchObject({
      transfers: [{ from: by.payer, to: world.till, value: 321n }],
    })
    expect(await find({ ...funding, amountAtomic: 322n })).toEqual([])
    expect(await find({ ...funding, payer: world.payTo })).toEqual([])
  },
)

test.each(['usdc', 'usdt'] as const)('a deposit of %s is found by its channel and amount', async (token) => {
  const by = await world.newPayer()
  const asset = world[token]
  const funding = depositFunding({
    by,
    asset,
    amountAtomic: 1_000n,
    expiresAt: await soon(),
    channel: newChannel({ by, asset }),
  })
  const { blockNumber } = await world.send({ call: world.chain.calldata.deposit(funding) })
  expect(await find(funding)).toMatchObject([{ blockNumber }])
  const other = newChannel({ by, asset })
  expect(await find({ ...funding, channel: other })).toEqual([])
})

test.each(['exact', 'deposit'] as const)(
  'of two payments of a payer that are alike (%s) each is found by its own nonce',
  async (kind) => {
    const by = await world.newPayer()
    const asset = world.usdc
    const base = { by, asset, amountAtomic: 77n, expiresAt: await soon() }
    const channel = newChannel({ by, asset })
    const make = () =>
      kind === 'exact'
        ? exactFunding({ ...base, to: world.till, method: 'eip3009' })
        : depositFunding({ ...base, channel })
    const [one, other, unsent] = [make(), make(), make()]
    const places = []
    for (const funding of [one, other])
      places.push((await world.send({ call: world.chain.calldata[kind](funding) })).blockNumber)
    const found = await Promise.all([one, other, unsent].map(find))
    expect(found.map((all) => all.map(({ blockNumber }) => blockNumber))).toEqual([
      ...places.map((at) => [at]),
      [],
    ])
  },
)

test('a claimed channel is in the receipt of its claim', async () => {
  const by = await world.newPayer()
  const asset = world.usdc
  const channel = newChannel({ by, asset })
  const base = { by, asset, amountAtomic: 1_000n, expiresAt: await soon(), channel }
  await world.send({ call: world.chain.calldata.deposit(depositFunding(base)) })
  const row = claimRow({ by, channel, maxAtomic: 900n, totalClaimedAtomic: 640n })
  const call = world.chain.calldata.claim([row])
  expect((await world.send({ call })).claims).toEqual([{ channelId: channel.id, addedAtomic: 640n }])
  // The same again is passed over in silence.
  expect((await world.send({ call })).claims).toEqual([])
})

test('blocks are asked for in ranges that nodes answer', async () => {
  const by = await world.newPayer()
  const base = { by, asset: world.usdc, amountAtomic: 5n, expiresAt: await soon(), to: world.till }
  const funding = exactFunding({ ...base, method: 'eip3009' })
  await world.send({ call: world.chain.calldata.exact(funding) })
  await world.client.mine({ blocks: 45 })
  const rpc = createRpc({ rpcUrls: [world.proxy.url] })
  const from = Number((await world.client.getBlock()).timestamp) - 50
  const ask = () => findPayments({ rpc, funding, till: world.till, from, blocksPerRequest: 20n })
  const { value, methods } = await world.proxy.count(ask)
  expect(value).toHaveLength(1)
  // Three ranges for the use of its nonce, and three for the payment.
  expect(methods.filter((method) => method === 'eth_getLogs').length).toBe(6)
  rpc.close()
})
