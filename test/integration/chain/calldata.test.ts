import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Asset } from '../../../src/payment/types.ts'
import { openChainWorld, TEN } from './chain-world.ts'
import type { ChainWorld } from './chain-world.ts'
import { claimRow, depositFunding, exactFunding, newChannel, uptoSettlement, withLowV } from './payments.ts'

const ONE = 1_000_000n
let world: ChainWorld
beforeAll(async () => {
  world = await openChainWorld()
})
afterAll(() => world.close())

const soon = async () => (await world.now()) + 600

/** A channel of a new payer with money in it. */
async function openChannel(asset: Asset = world.usdc) {
  const by = await world.newPayer()
  const channel = newChannel({ by, asset })
  const funding = depositFunding({ by, asset, amountAtomic: ONE, expiresAt: await soon(), channel })
  const receipt = await world.send({ call: world.chain.calldata.deposit(funding) })
  return { by, channel, receipt }
}

test.each(['usdc', 'usdt'] as const)('a deposit of %s fills its channel', async (token) => {
  const asset = world[token]
  const { by, channel, receipt } = await openChannel(asset)
  expect(receipt.status).toBe('success')
  expect(receipt.transfers.at(0)).toMatchObject({ token: asset.address, from: by.payer, value: ONE })
  expect(await world.chain.reader.readChannels([channel.id])).toEqual([
    { balanceAtomic: ONE, totalClaimedAtomic: 0n, withdrawRequestedAt: 0, refundNonce: 0n },
  ])
  expect(await world.balanceOf(asset, by.payer)).toBe(TEN - ONE)
})

test.each([
  ['usdc', 'eip3009'],
  ['usdc', 'permit2'],
  ['usdt', 'permit2'],
] as const)('an exact payment of %s by %s goes to the till', async (token, method) => {
  const asset = world[token]
  const by = await world.newPayer()
  const before = await world.balanceOf(asset, world.till)
  const funding = exactFunding({
    by,
    asset,
    amountAtomic: 1_234n,
    expiresAt: await soon(),
    method,
    to: world.till,
  })
  const receipt = await world.send({ call: world.chain.calldata.exact(funding) })
  expect(receipt.transfers).toEqual([
    { token: asset.address, from: by.payer, to: world.till, value: 1_234n, logIndex: expect.any(Number) },
  ])
  expect(await world.balanceOf(asset, world.till)).toBe(before + 1_234n)
})

test('a signature of another length reaches the token as it is, for contract wallets', async () => {
  const by = await world.newPayer()
  const base = { by, asset: world.usdc, amountAtomic: 5n, expiresAt: await soon(), to: world.till }
  const funding = exactFunding({ ...base, method: 'eip3009' })
  const { authorization } = funding
  if (authorization.kind !== 'exact' || authorization.method !== 'eip3009') throw new Error('not EIP-3009')
  const longer = { ...authorization, signature: `${authorization.signature}00` } as const
  const call = world.chain.calldata.exact({ ...funding, authorization: longer })
  // No wallet lives at this payer's address, so the token itself says no, after it has read the longer signature.
  expect(await world.chain.sender.prepare({ lane: world.chain.sender.lanes.signer, call })).toEqual({
    ok: false,
    reason: 'invalid_signature',
    unknown: false,
  })
})

test.each(['usdc', 'usdt'] as const)('upto takes from the permitted %s what was charged', async (token) => {
  const asset = world[token]
  const by = await world.newPayer()
  const before = await world.balanceOf(asset, world.payTo)
  const settlement = uptoSettlement({
    by,
    asset,
    amountAtomic: 1_480n,
    permittedAtomic: 3_700n,
    expiresAt: await soon(),
    facilitator: world.signer,
  })
  const receipt = await world.send({ call: world.chain.calldata.upto(settlement) })
  expect(receipt.transfers).toMatchObject([{ from: by.payer, to: world.payTo, value: 1_480n }])
  expect(await world.balanceOf(asset, world.payTo)).toBe(before + 1_480n)
  expect(await world.balanceOf(asset, by.payer)).toBe(TEN - 1_480n)
})

test('one claim books three channels, and settle pays them out', async () => {
  const opened = [await openChannel(), await openChannel(), await openChannel()]
  const rows = opened.map(({ by, channel }, index) =>
    claimRow({ by, channel, maxAtomic: 5_000n, totalClaimedAtomic: 1_000n * BigInt(index + 1) }),
  )
  const claimed = await world.send({ call: world.chain.calldata.claim(rows) })
  expect(claimed).toMatchObject({ status: 'success', transfers: [] })
  const states = await world.chain.reader.readChannels(opened.map(({ channel }) => channel.id))
  expect(states.map((state) => state.totalClaimedAtomic)).toEqual([1_000n, 2_000n, 3_000n])

  const before = await world.balanceOf(world.usdc, world.payTo)
  const settle = world.chain.calldata.settle({ asset: world.usdc.address })
  const settled = await world.send({ call: settle })
  expect(settled.transfers).toMatchObject([{ to: world.payTo, value: 6_000n }])
  expect(await world.balanceOf(world.usdc, world.payTo)).toBe(before + 6_000n)
  expect((await world.send({ call: settle })).transfers).toEqual([])
})

test('a channel refund claims what was charged and gives the rest back, in one transaction', async () => {
  const { by, channel } = await openChannel(world.usdt)
  const claim = claimRow({ by, channel, maxAtomic: 400_000n, totalClaimedAtomic: 300_000n })
  const request = { config: channel.config, channelId: channel.id, amountAtomic: 700_000n, refundNonce: 0n }
  const receipt = await world.send({ call: world.chain.calldata.channelRefund({ ...request, claim }) })
  expect(receipt.transfers).toMatchObject([{ to: by.payer, value: 700_000n }])
  expect(await world.chain.reader.readChannels([channel.id])).toEqual([
    { balanceAtomic: 300_000n, totalClaimedAtomic: 300_000n, withdrawRequestedAt: 0, refundNonce: 1n },
  ])
  expect(await world.balanceOf(world.usdt, by.payer)).toBe(TEN - 300_000n)
  await world.send({ call: world.chain.calldata.settle({ asset: world.usdt.address }) })
})

test('a channel without charges is refunded without a claim', async () => {
  const { by, channel } = await openChannel()
  const request = { config: channel.config, channelId: channel.id, amountAtomic: ONE, refundNonce: 0n }
  await world.send({ call: world.chain.calldata.channelRefund(request) })
  expect(await world.balanceOf(world.usdc, by.payer)).toBe(TEN)
})

test.each(['usdc', 'usdt'] as const)(
  'the till sends %s, whether or not the token says true',
  async (token) => {
    const asset = world[token]
    const by = await world.newPayer()
    const lane = world.chain.sender.lanes.till
    const expiresAt = await soon()
    const base = { by, asset, amountAtomic: ONE, expiresAt, method: 'permit2', to: world.till } as const
    await world.send({ call: world.chain.calldata.exact(exactFunding(base)) })
    const call = world.chain.calldata.transfer({ asset: asset.address, to: by.payer, amountAtomic: 777n })
    const receipt = await world.send({ call, lane })
    expect(receipt.transfers).toMatchObject([{ from: world.till, to: by.payer, value: 777n }])
  },
)

test('signatures whose v is 0 or 1 are good on chain as well', async () => {
  const by = await world.newPayer()
  const channel = newChannel({ by, asset: world.usdt })
  const base = { by, asset: world.usdt, amountAtomic: ONE, expiresAt: await soon() }
  const funding = depositFunding({ ...base, channel })
  const { authorization } = funding
  if (authorization.kind !== 'deposit') throw new Error('not a deposit')
  const { deposit } = authorization
  const lowV = { ...deposit, signature: withLowV(deposit.signature) }
  const call = world.chain.calldata.deposit({ ...funding, authorization: { kind: 'deposit', deposit: lowV } })
  expect(await world.send({ call })).toMatchObject({ status: 'success' })

  const row = claimRow({ by, channel, maxAtomic: 900n, totalClaimedAtomic: 900n })
  const voucher = { ...row.voucher, signature: withLowV(row.voucher.signature) }
  expect(await world.send({ call: world.chain.calldata.claim([{ ...row, voucher }]) })).toMatchObject({
    status: 'success',
  })
})
