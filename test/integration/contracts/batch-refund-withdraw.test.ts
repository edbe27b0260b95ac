import { encodeFunctionData } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { BATCH_SETTLEMENT, USDC } from '../../../src/dev/chain/addresses.ts'
import { channelWorld, WITHDRAW_DELAY_SECONDS } from './channel-world.ts'
import type { Channel, ChannelWorld } from './channel-world.ts'
import { ONE, openContractWorld, TEN } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'
import { mirrorSignature, signRefund } from './signatures.ts'

let world: ContractWorld
let channels: ChannelWorld
let relayer: DevAccount

beforeAll(async () => {
  world = await openContractWorld()
  channels = channelWorld(world)
  relayer = await world.newAccount()
})
afterAll(() => world.close())

const initiate = (as: DevAccount, channel: Channel, amount: bigint) =>
  channels.write(as, 'initiateWithdraw', [channel.config, amount])
const finalize = (as: DevAccount, channel: Channel) =>
  channels.write(as, 'finalizeWithdraw', [channel.config])
const claim = (channel: Channel, total: bigint) =>
  channels.claim({ rows: [{ channel, max: total, total }], relayer })
const payerHas = (channel: Channel) => world.balanceOf(USDC, channel.payer.address)
const pendingOf = (channel: Channel) => channels.read('pendingWithdrawals', [channel.id])

test('a refund gives back what was asked for, and its nonce is good for one time', async () => {
  const channel = await channels.openChannel()
  await channels.refund({ channel, amount: 400n, nonce: 0n, relayer })
  expect(await payerHas(channel)).toBe(TEN - ONE + 400n)
  expect(await channels.read('refundNonce', [channel.id])).toBe(1n)
  const again = channels.refund({ channel, amount: 400n, nonce: 0n, relayer })
  await expect(again).rejects.toThrow(/InvalidRefundNonce/)
  const ahead = channels.refund({ channel, amount: 400n, nonce: 2n, relayer })
  await expect(ahead).rejects.toThrow(/InvalidRefundNonce/)
  expect(await payerHas(channel)).toBe(TEN - ONE + 400n)
})

test('a refund needs the receiver authoriser: not the payer, not a stranger, not a mirror image', async () => {
  const channel = await channels.openChannel()
  for (const signer of [channel.payer, channel.receiver, relayer]) {
    const forged = channels.refund({ channel, amount: 400n, nonce: 0n, relayer, signer })
    await expect(forged).rejects.toThrow(/InvalidSignature/)
  }
  const proof = await signRefund({ by: channel.authorizer, channelId: channel.id, nonce: 0n, amount: 400n })
  for (const [amount, signature] of [
    [400n, mirrorSignature(proof)],
    [401n, proof],
  ] as const) {
    const changed = channels.write(relayer, 'refundWithSignature', [channel.config, amount, 0n, signature])
    await expect(changed).rejects.toThrow(/InvalidSignature/)
  }
  const other = await channels.openChannel({ like: channel })
  const elsewhere = channels.write(relayer, 'refundWithSignature', [other.config, 400n, 0n, proof])
  await expect(elsewhere).rejects.toThrow(/InvalidSignature/)
})

test('a refund never touches what is claimed: it is cut to the rest, and the claim is still paid', async () => {
  const channel = await channels.openChannel()
  await claim(channel, 300n)
  await channels.refund({ channel, amount: 5n * ONE, nonce: 0n, relayer })
  expect(await payerHas(channel)).toBe(TEN - 300n)
  expect(await channels.stateOf(channel)).toEqual({ balance: 300n, totalClaimed: 300n })
  await channels.settle({ channel, relayer })
  expect(await world.balanceOf(USDC, channel.receiver.address)).toBe(300n)
})

test('a refund that finds nothing moves nothing, but its nonce is used up', async () => {
  const channel = await channels.openChannel()
  await claim(channel, ONE)
  const receipt = await channels.refund({ channel, amount: 1n, nonce: 0n, relayer })
  expect(receipt.logs).toEqual([])
  expect(await channels.read('refundNonce', [channel.id])).toBe(1n)
  const zero = channels.refund({ channel, amount: 0n, nonce: 1n, relayer })
  await expect(zero).rejects.toThrow(/ZeroRefund/)
})

test('after a refund the voucher of the money that went back cannot be claimed', async () => {
  const channel = await channels.openChannel()
  await channels.refund({ channel, amount: ONE, nonce: 0n, relayer })
  await expect(claim(channel, 300n)).rejects.toThrow(/ClaimExceedsBalance/)
})

test("a direct refund is the receiver side's alone and makes signed ones for that nonce void", async () => {
  const channel = await channels.openChannel()
  for (const stranger of [relayer, channel.payer]) {
    const refused = channels.write(stranger, 'refund', [channel.config, 1n])
    await expect(refused).rejects.toThrow(/NotAuthorizedToRefund/)
  }
  await channels.write(channel.receiver, 'refund', [channel.config, 1n])
  const signedBefore = channels.refund({ channel, amount: 400n, nonce: 0n, relayer })
  await expect(signedBefore).rejects.toThrow(/InvalidRefundNonce/)
  await channels.write(channel.authorizer, 'refund', [channel.config, 1n])
  expect(await payerHas(channel)).toBe(TEN - ONE + 2n)
})

test('claim and refund go in one transaction through multicall, whoever relays it', async () => {
  const channel = await channels.openChannel()
  const abi = world.abiOf('X402BatchSettlement')
  const data = (functionName: string, args: readonly unknown[]) =>
    encodeFunctionData({ abi, functionName, args })
  const row = await channels.row({ channel, max: 300n, total: 300n })
  const proof = await signRefund({ by: channel.authorizer, channelId: channel.id, nonce: 0n, amount: ONE })
  const refund = data('refundWithSignature', [channel.config, ONE, 0n, proof])
  // The relayer is not the receiver, and inside multicall it still is not.
  const unsigned = data('claim', [[row]])
  const refused = channels.write(relayer, 'multicall', [[unsigned, refund]])
  await expect(refused).rejects.toThrow(/NotAuthorizedToClaim/)
  await channels.write(channel.receiver, 'multicall', [[unsigned, refund]])
  expect(await payerHas(channel)).toBe(TEN - 300n)
  expect(await channels.stateOf(channel)).toEqual({ balance: 300n, totalClaimed: 300n })
})

test('a payer withdraws after the delay, not before, and once', async () => {
  const channel = await channels.openChannel()
  const { blockNumber } = await initiate(channel.payer, channel, 600n)
  const abi = world.abiOf('X402BatchSettlement')
  const announced = await world.client.getContractEvents({
    address: BATCH_SETTLEMENT,
    abi,
    eventName: 'WithdrawInitiated',
    fromBlock: blockNumber,
  })
  const { timestamp } = await world.client.getBlock({ blockNumber })
  const finalizeAfter = Number(timestamp) + WITHDRAW_DELAY_SECONDS
  expect(announced).toMatchObject([{ args: { channelId: channel.id, amount: 600n, finalizeAfter } }])

  await expect(finalize(channel.payer, channel)).rejects.toThrow(/WithdrawDelayNotElapsed/)
  await world.passTime(WITHDRAW_DELAY_SECONDS - 30)
  await expect(finalize(channel.payer, channel)).rejects.toThrow(/WithdrawDelayNotElapsed/)
  await world.passTime(30)
  await finalize(channel.payer, channel)
  expect(await payerHas(channel)).toBe(TEN - ONE + 600n)
  expect(await channels.stateOf(channel)).toEqual({ balance: ONE - 600n, totalClaimed: 0n })
  await expect(finalize(channel.payer, channel)).rejects.toThrow(/WithdrawalNotPending/)
})

test('nobody but the payer side starts or finishes a withdrawal', async () => {
  const voucherKey = await world.newAccount()
  const channel = await channels.openChannel({ payerAuthorizer: voucherKey.address })
  for (const stranger of [relayer, channel.receiver, channel.authorizer]) {
    await expect(initiate(stranger, channel, 1n)).rejects.toThrow(/NotAuthorizedToInitiateWithdraw/)
  }
  await initiate(voucherKey, channel, 600n)
  await world.passTime(WITHDRAW_DELAY_SECONDS)
  for (const stranger of [relayer, channel.receiver, channel.authorizer]) {
    await expect(finalize(stranger, channel)).rejects.toThrow(/NotAuthorizedToFinalizeWithdraw/)
  }
  await finalize(voucherKey, channel)
  expect(await payerHas(channel)).toBe(TEN - ONE + 600n)
  expect(await world.balanceOf(USDC, voucherKey.address)).toBe(0n)
})

test('a withdrawal is for unclaimed money only, for some money, and one at a time', async () => {
  const channel = await channels.openChannel()
  await claim(channel, 300n)
  await expect(initiate(channel.payer, channel, ONE - 299n)).rejects.toThrow(/WithdrawAmountExceedsAvailable/)
  await expect(initiate(channel.payer, channel, 0n)).rejects.toThrow(/NothingToWithdraw/)
  await expect(finalize(channel.payer, channel)).rejects.toThrow(/WithdrawalNotPending/)
  await initiate(channel.payer, channel, ONE - 300n)
  await expect(initiate(channel.payer, channel, 1n)).rejects.toThrow(/WithdrawalAlreadyPending/)
})

test('vouchers reserve nothing, but a claim within the delay comes first and the withdrawal takes the rest', async () => {
  const channel = await channels.openChannel()
  await initiate(channel.payer, channel, ONE)
  await claim(channel, 300n)
  await world.passTime(WITHDRAW_DELAY_SECONDS)
  await finalize(channel.payer, channel)
  await channels.settle({ channel, relayer })
  expect(await payerHas(channel)).toBe(TEN - 300n)
  expect(await world.balanceOf(USDC, channel.receiver.address)).toBe(300n)

  const late = await channels.openChannel()
  await initiate(late.payer, late, ONE)
  await world.passTime(WITHDRAW_DELAY_SECONDS)
  await finalize(late.payer, late)
  await expect(claim(late, 300n)).rejects.toThrow(/ClaimExceedsBalance/)
})

test('a withdrawal of a channel claimed to the last unit ends with nothing and frees the channel', async () => {
  const channel = await channels.openChannel()
  await initiate(channel.payer, channel, ONE)
  await claim(channel, ONE)
  await world.passTime(WITHDRAW_DELAY_SECONDS)
  await finalize(channel.payer, channel)
  expect(await pendingOf(channel)).toEqual([0n, 0])
  expect(await payerHas(channel)).toBe(TEN - ONE)
})

test('a refund shrinks a pending withdrawal, or cancels it when it covers it', async () => {
  const channel = await channels.openChannel()
  await initiate(channel.payer, channel, 600n)
  await channels.refund({ channel, amount: 200n, nonce: 0n, relayer })
  expect(await pendingOf(channel)).toMatchObject({ 0: 400n })
  await channels.refund({ channel, amount: 400n, nonce: 1n, relayer })
  expect(await pendingOf(channel)).toEqual([0n, 0])
  await world.passTime(WITHDRAW_DELAY_SECONDS)
  await expect(finalize(channel.payer, channel)).rejects.toThrow(/WithdrawalNotPending/)
})

test('an emptied channel is announced as closed and can be opened again', async () => {
  const channel = await channels.openChannel()
  const { blockNumber } = await channels.refund({ channel, amount: ONE, nonce: 0n, relayer })
  await channels.write(relayer, 'deposit', await channels.erc3009Deposit({ channel, amount: ONE }))
  const events = await world.client.getContractEvents({
    address: BATCH_SETTLEMENT,
    abi: world.abiOf('X402BatchSettlement'),
    fromBlock: blockNumber,
  })
  expect(events.map(({ eventName }) => eventName)).toEqual([
    'ChannelClosed',
    'Refunded',
    'ChannelCreated',
    'Deposited',
  ])
})
