import { encodeFunctionData } from 'viem'
import type { Address, Hex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { BATCH_SETTLEMENT } from '../../../src/dev/chain/addresses.ts'
import { channelWorld, WITHDRAW_DELAY_SECONDS } from './channel-world.ts'
import type { Channel, ChannelWorld } from './channel-world.ts'
import { ONE, openContractWorld } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'
import { signRefund } from './signatures.ts'

// The token of these channels is the attacker: while the escrow calls it, it calls the escrow. It is payer, receiver and
// receiver authoriser too, so nothing but the guard stands between it and a second payment.

let world: ContractWorld
let channels: ChannelWorld
let anyone: DevAccount

beforeAll(async () => {
  world = await openContractWorld()
  channels = channelWorld(world)
  anyone = await world.newAccount()
})
afterAll(() => world.close())

const onToken = (token: Address, call: string, args: readonly unknown[]) =>
  world.write({ as: anyone, address: token, contract: 'ReentrantToken', call, args })

const escrowData = (functionName: string, args: readonly unknown[]): Hex =>
  encodeFunctionData({ abi: world.abiOf('X402BatchSettlement'), functionName, args })

/** Has the token call the escrow as itself, so that it acts as the channel's payer or receiver. */
const asToken = (token: Address, data: Hex) => onToken(token, 'execute', [BATCH_SETTLEMENT, data])

async function hostileChannel(): Promise<Channel & { token: Address }> {
  const token = await world.deploy('ReentrantToken')
  const parties = { payer: token, receiver: token, receiverAuthorizer: token }
  const channel = await channels.newChannel({ ...parties, token, payerAuthorizer: anyone.address })
  await channels.write(anyone, 'deposit', [channel.config, ONE, token, '0x'])
  // Somebody else's escrow in the same token: what an attack would steal.
  const victim = await channels.newChannel({ token })
  await channels.write(anyone, 'deposit', [victim.config, ONE, token, '0x'])
  return { ...channel, token }
}

/** The attack ran, it was refused for re-entry, and nothing but `paid` left the escrow. */
async function expectRepelled(token: Address, paid: bigint): Promise<void> {
  const ask = (call: string) => world.read({ address: token, contract: 'ReentrantToken', call, args: [] })
  expect(await ask('attempted')).toBe(true)
  expect(await ask('succeeded')).toBe(false)
  // The selector of ReentrancyGuardReentrantCall().
  expect(await ask('answer')).toBe('0x3ee5aeb5')
  expect(await world.balanceOf(token, BATCH_SETTLEMENT)).toBe(2n * ONE - paid)
}

const voucherRow = (channel: Channel, total: bigint) =>
  channels.row({ channel, max: total, total, by: anyone })

test('settling cannot be entered again from the payment it makes', async () => {
  const channel = await hostileChannel()
  const { token } = channel
  await asToken(token, escrowData('claim', [[await voucherRow(channel, 300n)]]))
  const settle = escrowData('settle', [token, token])
  await onToken(token, 'arm', [BATCH_SETTLEMENT, settle])
  await channels.write(anyone, 'settle', [token, token])
  await expectRepelled(token, 300n)
})

test('a refund cannot be entered again from the payment it makes, nor claim more meanwhile', async () => {
  const channel = await hostileChannel()
  const { token } = channel
  const refund = escrowData('refund', [channel.config, 400n])
  const claim = escrowData('claim', [[await voucherRow(channel, ONE)]])
  await onToken(token, 'arm', [BATCH_SETTLEMENT, refund])
  await asToken(token, refund)
  await expectRepelled(token, 400n)
  await onToken(token, 'arm', [BATCH_SETTLEMENT, claim])
  await asToken(token, refund)
  await expectRepelled(token, 800n)
})

test('multicall is no way around the guard', async () => {
  const channel = await hostileChannel()
  const refund = escrowData('refund', [channel.config, 400n])
  await onToken(channel.token, 'arm', [BATCH_SETTLEMENT, escrowData('multicall', [[refund]])])
  await asToken(channel.token, refund)
  await expectRepelled(channel.token, 400n)
})

test('a withdrawal cannot be entered again from the payment it makes', async () => {
  const channel = await hostileChannel()
  const { token, config } = channel
  await asToken(token, escrowData('initiateWithdraw', [config, 600n]))
  await world.passTime(WITHDRAW_DELAY_SECONDS)
  const finalize = escrowData('finalizeWithdraw', [config])
  await onToken(token, 'arm', [BATCH_SETTLEMENT, finalize])
  await asToken(token, finalize)
  await expectRepelled(token, 600n)
})

test('a deposit inside a deposit would count the same tokens twice, and is refused', async () => {
  const channel = await hostileChannel()
  const { token, config } = channel
  await onToken(token, 'arm', [BATCH_SETTLEMENT, escrowData('deposit', [config, ONE, token, '0x'])])
  await channels.write(anyone, 'deposit', [config, ONE, token, '0x'])
  await expectRepelled(token, -ONE)
  expect(await channels.stateOf(channel)).toEqual({ balance: 2n * ONE, totalClaimed: 0n })
})

test('a collector that brings less than it says brings nothing', async () => {
  const channel = await hostileChannel()
  await onToken(channel.token, 'withhold', [1n])
  const short = channels.write(anyone, 'deposit', [channel.config, ONE, channel.token, '0x'])
  await expect(short).rejects.toThrow(/DepositCollectionFailed/)
})

test('a refund whose nonce is used up stays used up when the token re-enters', async () => {
  const token = await world.deploy('ReentrantToken')
  const channel = await channels.newChannel({ token })
  await channels.write(anyone, 'deposit', [channel.config, 2n * ONE, token, '0x'])
  const proof = await signRefund({ by: channel.authorizer, channelId: channel.id, nonce: 0n, amount: 400n })
  const args = [channel.config, 400n, 0n, proof]
  await onToken(token, 'arm', [BATCH_SETTLEMENT, escrowData('refundWithSignature', args)])
  await channels.write(anyone, 'refundWithSignature', args)
  await expectRepelled(token, 400n)
  await expect(channels.write(anyone, 'refundWithSignature', args)).rejects.toThrow(/InvalidRefundNonce/)
})
