import { zeroAddress } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import {
  BATCH_SETTLEMENT,
  ERC3009_DEPOSIT_COLLECTOR,
  PERMIT2_DEPOSIT_COLLECTOR,
  USDC,
  USDT,
} from '../../../src/dev/chain/addresses.ts'
import { setUsdtFee } from '../../../src/dev/chain/token-owner.ts'
import { channelWorld } from './channel-world.ts'
import type { ChannelWorld } from './channel-world.ts'
import { ONE, openContractWorld, TEN } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'
import { mirrorSignature, signClaimBatch } from './signatures.ts'

let world: ContractWorld
let channels: ChannelWorld
let relayer: DevAccount

beforeAll(async () => {
  world = await openContractWorld()
  channels = channelWorld(world)
  relayer = await world.newAccount()
})
afterAll(() => world.close())

const eventsSince = (eventName: string, fromBlock: bigint) =>
  world.client.getContractEvents({
    address: BATCH_SETTLEMENT,
    abi: world.abiOf('X402BatchSettlement'),
    eventName,
    fromBlock,
  })

// Deposits

test('a deposit opens the channel under the id that the published package computes', async () => {
  const channel = await channels.newChannel()
  expect(await channels.read('getChannelId', [channel.config])).toBe(channel.id)
  const deposit = await channels.erc3009Deposit({ channel, amount: ONE })
  const { blockNumber } = await channels.write(relayer, 'deposit', deposit)
  expect(await channels.stateOf(channel)).toEqual({ balance: ONE, totalClaimed: 0n })
  expect(await world.balanceOf(USDC, channel.payer.address)).toBe(TEN - ONE)
  expect(await eventsSince('ChannelCreated', blockNumber)).toMatchObject([
    { args: { channelId: channel.id } },
  ])
  expect(await eventsSince('Deposited', blockNumber)).toMatchObject([
    { args: { channelId: channel.id, sender: relayer.address, amount: ONE, newBalance: ONE } },
  ])

  await channels.write(relayer, 'deposit', await channels.erc3009Deposit({ channel, amount: ONE }))
  expect(await channels.stateOf(channel)).toEqual({ balance: 2n * ONE, totalClaimed: 0n })
  expect(await eventsSince('ChannelCreated', blockNumber)).toHaveLength(1)
})

test('a deposit cannot be made twice, by neither collector', async () => {
  const usdc = await channels.newChannel()
  const usdt = await channels.newChannel({ token: USDT })
  const first = await channels.erc3009Deposit({ channel: usdc, amount: ONE })
  const second = await channels.permit2Deposit({ channel: usdt, amount: ONE })
  for (const deposit of [first, second]) {
    await channels.write(relayer, 'deposit', deposit)
    await expect(channels.write(relayer, 'deposit', deposit)).rejects.toThrow(/reverted/)
  }
  expect(await channels.stateOf(usdc)).toEqual({ balance: ONE, totalClaimed: 0n })
  expect(await channels.stateOf(usdt)).toEqual({ balance: ONE, totalClaimed: 0n })
})

test('a signed deposit goes into its own channel and in its own amount only', async () => {
  for (const token of [USDC, USDT]) {
    const channel = await channels.newChannel({ token })
    const thief = { ...channel.config, receiver: relayer.address, receiverAuthorizer: relayer.address }
    const make = token === USDC ? channels.erc3009Deposit : channels.permit2Deposit
    const [config, amount, collector, data] = await make({ channel, amount: ONE })
    for (const forged of [
      [thief, amount, collector, data],
      [config, amount - 1n, collector, data],
      [config, amount + 1n, collector, data],
    ]) {
      await expect(channels.write(relayer, 'deposit', forged)).rejects.toThrow(/reverted/)
    }
    await channels.write(relayer, 'deposit', [config, amount, collector, data])
  }
})

test('a collector works for the escrow only', async () => {
  const channel = await channels.newChannel()
  const deposits = [
    ['Erc3009DepositCollector', ERC3009_DEPOSIT_COLLECTOR, channels.erc3009Deposit],
    ['Permit2DepositCollector', PERMIT2_DEPOSIT_COLLECTOR, channels.permit2Deposit],
  ] as const
  for (const [contract, address, make] of deposits) {
    const [config, amount, , data] = await make({ channel, amount: ONE })
    const args = [config.payer, config.token, amount, channel.id, data]
    const directly = world.write({ as: relayer, address, contract, call: 'collect', args })
    await expect(directly).rejects.toThrow(/OnlySettlement/)
  }
})

test('a token that keeps a fee cannot create escrow that is not there', async () => {
  const channel = await channels.newChannel({ token: USDT })
  await setUsdtFee({ rpcUrl: world.rpcUrl, basisPoints: 10n, maximumFeeUsdt: 1n })
  const deposit = await channels.permit2Deposit({ channel, amount: ONE })
  await expect(channels.write(relayer, 'deposit', deposit)).rejects.toThrow(/DepositCollectionFailed/)
  await setUsdtFee({ rpcUrl: world.rpcUrl, basisPoints: 0n, maximumFeeUsdt: 0n })
  await channels.write(relayer, 'deposit', deposit)
})

test('a channel that could not work is refused before any money moves', async () => {
  const refusals = [
    [{ withdrawDelay: 899 }, /WithdrawDelayOutOfRange/],
    [{ withdrawDelay: 30 * 86_400 + 1 }, /WithdrawDelayOutOfRange/],
    [{ receiver: zeroAddress }, /InvalidChannel/],
    [{ receiverAuthorizer: zeroAddress }, /InvalidChannel/],
  ] as const
  for (const [changes, reason] of refusals) {
    const channel = await channels.newChannel(changes)
    const deposit = await channels.erc3009Deposit({ channel, amount: ONE })
    await expect(channels.write(relayer, 'deposit', deposit)).rejects.toThrow(reason)
  }
  const channel = await channels.newChannel()
  const [config, , collector, data] = await channels.erc3009Deposit({ channel, amount: 0n })
  const nothing = channels.write(relayer, 'deposit', [config, 0n, collector, data])
  await expect(nothing).rejects.toThrow(/ZeroDeposit/)
  const nobody = channels.write(relayer, 'deposit', [config, ONE, zeroAddress, data])
  await expect(nobody).rejects.toThrow(/InvalidCollector/)
})

// Claims

test('a claim books less than the voucher allows and moves no money; settling pays it once', async () => {
  const channel = await channels.openChannel()
  const { receiver } = channel
  const { blockNumber } = await channels.claim({ rows: [{ channel, max: 500n, total: 300n }], relayer })
  expect(await channels.stateOf(channel)).toEqual({ balance: ONE, totalClaimed: 300n })
  expect(await world.balanceOf(USDC, receiver.address)).toBe(0n)
  expect(await eventsSince('Claimed', blockNumber)).toMatchObject([
    { args: { channelId: channel.id, sender: relayer.address, claimAmount: 300n, newTotalClaimed: 300n } },
  ])

  const settled = await channels.settle({ channel, relayer })
  expect(await eventsSince('Settled', settled.blockNumber)).toMatchObject([
    { args: { receiver: receiver.address, token: USDC, sender: relayer.address, amount: 300n } },
  ])
  const again = await channels.settle({ channel, relayer })
  expect(again.logs).toEqual([])
  expect(await world.balanceOf(USDC, receiver.address)).toBe(300n)
  expect(await channels.read('receivers', [receiver.address, USDC])).toEqual([300n, 300n])
})

test('a claim sent again, or for less than is claimed, changes nothing', async () => {
  const channel = await channels.openChannel()
  const rows = [{ channel, max: 500n, total: 300n }]
  await channels.claim({ rows, relayer })
  const replayed = await channels.claim({ rows, relayer })
  expect(replayed.logs).toEqual([])
  await channels.claim({ rows: [{ channel, max: 500n, total: 299n }], relayer })
  await channels.claim({ rows: [rows[0]!, rows[0]!], relayer })
  expect(await channels.stateOf(channel)).toEqual({ balance: ONE, totalClaimed: 300n })
  expect(await channels.read('receivers', [channel.receiver.address, USDC])).toEqual([300n, 0n])

  await channels.claim({ rows: [{ channel, max: 500n, total: 500n }], relayer })
  expect(await channels.read('receivers', [channel.receiver.address, USDC])).toEqual([500n, 0n])
})

test('a claim never exceeds the voucher, nor the balance', async () => {
  const channel = await channels.openChannel()
  const claim = (max: bigint, total: bigint) => channels.claim({ rows: [{ channel, max, total }], relayer })
  await expect(claim(500n, 501n)).rejects.toThrow(/ClaimExceedsCeiling/)
  await expect(claim(2n * ONE, ONE + 1n)).rejects.toThrow(/ClaimExceedsBalance/)
  await claim(2n * ONE, ONE)
  expect(await channels.stateOf(channel)).toEqual({ balance: ONE, totalClaimed: ONE })
})

test("a voucher counts only with the payer authoriser's own low-s signature over this channel", async () => {
  const channel = await channels.openChannel()
  const other = await channels.openChannel({ like: channel })
  const people = { ...channel, payer: other.payer }
  const forgeries = [
    { channel, max: 500n, total: 300n, by: relayer },
    { channel, max: 500n, total: 300n, by: channel.authorizer },
    { channel, max: 500n, total: 300n, voucherOf: other },
    { channel: people, max: 500n, total: 300n },
  ]
  for (const forgery of forgeries) {
    await expect(channels.claim({ rows: [forgery], relayer })).rejects.toThrow(/InvalidSignature/)
  }
  const row = await channels.row({ channel, max: 500n, total: 300n })
  const entry = { channelId: channel.id, maxClaimableAmount: 500n, totalClaimed: 300n }
  const batch = await signClaimBatch({ by: channel.authorizer, claims: [entry] })
  const mirrored = { ...row, signature: mirrorSignature(row.signature) }
  for (const args of [
    [[mirrored], batch],
    [[row], mirrorSignature(batch)],
  ]) {
    await expect(channels.write(relayer, 'claimWithSignature', args)).rejects.toThrow(/InvalidSignature/)
  }
  await channels.write(relayer, 'claimWithSignature', [[row], batch])
})

test('three channels are claimed in one transaction and settled by one transfer', async () => {
  const first = await channels.openChannel()
  const rest = [await channels.openChannel({ like: first }), await channels.openChannel({ like: first })]
  const rows = [first, ...rest].map((channel, index) => ({
    channel,
    max: 900n,
    total: 100n * BigInt(index + 1),
  }))
  const receipt = await channels.claim({ rows, relayer })
  expect(receipt.logs).toHaveLength(3)
  await channels.settle({ channel: first, relayer })
  expect(await world.balanceOf(USDC, first.receiver.address)).toBe(600n)
})

test('one bad row reverts the whole batch', async () => {
  const good = await channels.openChannel()
  const bad = await channels.openChannel({ like: good })
  const rows = [
    { channel: good, max: 500n, total: 300n },
    { channel: bad, max: 500n, total: 501n },
  ]
  await expect(channels.claim({ rows, relayer })).rejects.toThrow(/ClaimExceedsCeiling/)
  expect(await channels.stateOf(good)).toEqual({ balance: ONE, totalClaimed: 0n })
})

test("a batch needs its authoriser's signature over exactly these rows, and one authoriser for all", async () => {
  const channel = await channels.openChannel()
  const foreign = await channels.openChannel()
  const rows = [{ channel, max: 500n, total: 300n }]
  await expect(channels.claim({ rows, relayer, signer: relayer })).rejects.toThrow(/InvalidSignature/)
  const mixed = channels.claim({ rows: [...rows, { channel: foreign, max: 5n, total: 5n }], relayer })
  await expect(mixed).rejects.toThrow(/NotReceiverAuthorizer/)

  const entry = { channelId: channel.id, maxClaimableAmount: 500n, totalClaimed: 300n }
  const batch = await signClaimBatch({ by: channel.authorizer, claims: [entry] })
  const more = [await channels.row({ channel, max: 500n, total: 400n })]
  await expect(channels.write(relayer, 'claimWithSignature', [more, batch])).rejects.toThrow(
    /InvalidSignature/,
  )
  await expect(channels.write(relayer, 'claimWithSignature', [[], batch])).rejects.toThrow(/EmptyBatch/)
})

test('without a batch signature only the receiver and its authoriser claim', async () => {
  const channel = await channels.openChannel()
  const rows = async (total: bigint) => [[await channels.row({ channel, max: 500n, total })]]
  await expect(channels.write(relayer, 'claim', await rows(1n))).rejects.toThrow(/NotAuthorizedToClaim/)
  await expect(channels.write(channel.payer, 'claim', await rows(1n))).rejects.toThrow(/NotAuthorizedToClaim/)
  await channels.write(channel.receiver, 'claim', await rows(1n))
  await channels.write(channel.authorizer, 'claim', await rows(2n))
  expect(await channels.stateOf(channel)).toEqual({ balance: ONE, totalClaimed: 2n })
})

test('a separate voucher key signs for the payer, and then the payer itself does not', async () => {
  const voucherKey = await world.newAccount()
  const channel = await channels.openChannel({ payerAuthorizer: voucherKey.address })
  const rows = [{ channel, max: 500n, total: 300n }]
  await expect(channels.claim({ rows, relayer })).rejects.toThrow(/InvalidSignature/)
  await channels.claim({ rows: [{ ...rows[0]!, by: voucherKey }], relayer })
})

test('with no voucher key the payer signs: a plain account, or a contract wallet by ERC-1271', async () => {
  const plain = await channels.openChannel({ payerAuthorizer: zeroAddress })
  const rows = [{ channel: plain, max: 500n, total: 300n }]
  await expect(channels.claim({ rows: [{ ...rows[0]!, by: relayer }], relayer })).rejects.toThrow(
    /InvalidSignature/,
  )
  await channels.claim({ rows, relayer })

  const owner = await world.newAccount()
  const wallet = await world.deploy('ContractWallet', [owner.address])
  const token = await world.deploy('ReentrantToken')
  const channel = await channels.newChannel({ payer: wallet, payerAuthorizer: zeroAddress, token })
  await channels.write(relayer, 'deposit', [channel.config, ONE, token, '0x'])
  const walletRows = [{ channel, max: 500n, total: 300n, by: owner }]
  await expect(channels.claim({ rows: [{ ...walletRows[0]!, by: relayer }], relayer })).rejects.toThrow(
    /InvalidSignature/,
  )
  await channels.claim({ rows: walletRows, relayer })
  expect(await channels.stateOf(channel)).toEqual({ balance: ONE, totalClaimed: 300n })
})

test('a USDT channel lives its whole life on a token that answers nothing', async () => {
  const channel = await channels.openChannel({ token: USDT })
  await channels.claim({ rows: [{ channel, max: 500n, total: 300n }], relayer })
  await channels.settle({ channel, relayer })
  await channels.refund({ channel, amount: ONE, nonce: 0n, relayer })
  expect(await world.balanceOf(USDT, channel.receiver.address)).toBe(300n)
  expect(await world.balanceOf(USDT, channel.payer.address)).toBe(TEN - 300n)
})
