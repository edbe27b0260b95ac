import { beforeEach, expect, test } from 'vitest'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { collectClaims } from '../../../src/settlement/collect.ts'
import { refundChannel } from '../../../src/settlement/refunds/refund.ts'
import { sweep } from '../../../src/settlement/sweep.ts'
import {
  chargeChannel,
  channelNamed,
  hex,
  LEDGER,
  NETWORK,
  openChannelWith,
  payerNamed,
  USDC,
} from '../../support/calls.ts'
import {
  minedClaim,
  minedTransfer,
  openScriptedWorld,
  type ScriptedWorld,
} from '../../support/scripted-chain.ts'

let world: ScriptedWorld
beforeEach(async () => {
  world = await openScriptedWorld()
  world.script.settlesOf = () => []
})

const money = { network: NETWORK, asset: USDC } as const
const strangers = { transactionHash: hex(32, 'stranger'), logIndex: 3, blockNumber: 1n } as const
const balance = (account: string) => world.storage.balances.getBalance({ ledger: LEDGER, account })
const channelOf = (channel: string) =>
  world.storage.calls.getChannel({ network: NETWORK, channelId: channelNamed(channel) })

const charge = (channel: string, amountAtomic: bigint) => chargeChannel(world.storage, channel, amountAtomic)

const claimAll = () => collectClaims({ network: NETWORK, dependencies: world.dependencies, everything: true })

async function passes(count: number): Promise<void> {
  for (let pass = 0; pass < count; pass += 1) {
    world.script.nowMs += 60_000
    await sweep({ dependencies: world.dependencies })
  }
}

async function expectSoundBooks(): Promise<void> {
  expect((await world.storage.ledger.check()).filter(({ ok }) => !ok)).toEqual([])
}

const claimedByStranger = (addedAtomic: bigint, totalClaimedAtomic = addedAtomic) => ({
  claims: [{ ...strangers, addedAtomic, totalClaimedAtomic }],
  refunds: [],
})

test('a claim that a stranger submitted first is booked by its log, once, and not sent again', async () => {
  await openChannelWith(world.storage, 'copied', 1_000n)
  const before = await balance(ACCOUNTS.channels)
  await charge('copied', 40n)
  // The contract passes over our row in silence.
  world.script.receiptOf = () => minedTransfer(payerNamed('nobody'), 0n)
  world.script.movesOf = () => claimedByStranger(40n)
  await claimAll()
  await passes(3)
  expect((await world.transactions('claim')).map(({ state }) => state)).toEqual(['failed'])
  expect((await balance(ACCOUNTS.channels)) - before).toBe(-40n)
  expect((await channelOf('copied'))?.claimedAtomic).toBe(40n)
  await expectSoundBooks()
})

test('where a stranger claimed a part before, ours counts for the rest alone', async () => {
  await openChannelWith(world.storage, 'part', 1_000n)
  const before = await balance(ACCOUNTS.channels)
  await charge('part', 70n)
  world.script.receiptOf = () => minedClaim({ channelId: channelNamed('part'), addedAtomic: 45n })
  world.script.movesOf = () => claimedByStranger(25n)
  await claimAll()
  await passes(2)
  expect((await world.transactions('claim')).map(({ state }) => state)).toEqual(['final'])
  expect((await balance(ACCOUNTS.channels)) - before).toBe(-70n)
  expect((await channelOf('part'))?.claimedAtomic).toBe(70n)
  await expectSoundBooks()
})

test('a row that was passed over among others is not claimed again while ours waits for its finality', async () => {
  for (const channel of ['first', 'second']) {
    await openChannelWith(world.storage, channel, 1_000n)
    await charge(channel, 40n)
  }
  world.script.finalBlock = 0n
  world.script.receiptOf = () => minedClaim({ channelId: channelNamed('first'), addedAtomic: 40n })
  world.script.movesOf = (id) =>
    id === channelNamed('second') ? claimedByStranger(40n) : { claims: [], refunds: [] }
  await claimAll()
  await passes(2)
  await claimAll()
  expect(await world.transactions('claim')).toHaveLength(1)
  world.script.finalBlock = 1n
  await passes(1)
  expect((await world.transactions('claim')).map(({ state }) => state)).toEqual(['final'])
  await expectSoundBooks()
})

const leave = (channel: string) =>
  refundChannel({
    ...money,
    payer: payerNamed(channel),
    channelId: channelNamed(channel),
    dependencies: world.dependencies,
  })

test('a refund that a stranger submitted is made, with the claim inside it', async () => {
  await openChannelWith(world.storage, 'leaving', 1_000n)
  const before = await balance(ACCOUNTS.channels)
  await charge('leaving', 90n)
  let refunds = 0n
  world.script.receiptOf = () => {
    refunds = 1n
    return { ...minedTransfer(payerNamed('leaving'), 0n), status: 'reverted' }
  }
  world.script.channelOf = () => ({ balanceAtomic: 90n, refundNonce: refunds })
  world.script.movesOf = () => ({
    ...claimedByStranger(90n),
    refunds: [{ ...strangers, amountAtomic: 910n }],
  })
  await leave('leaving')
  await passes(2)
  expect((await balance(ACCOUNTS.channels)) - before).toBe(-1_000n)
  expect(await channelOf('leaving')).toMatchObject({
    balanceAtomic: 90n,
    chargedAtomic: 90n,
    claimedAtomic: 90n,
  })
  const states = ['held', 'signed', 'seen', 'final', 'failed'] as const
  expect(await world.storage.due.listRefunds({ network: NETWORK, states, limit: 9 })).toMatchObject([
    { state: 'final', transactionHash: strangers.transactionHash },
  ])
  await expectSoundBooks()
})

test('a refund that failed while its nonce is unused is given back to the channel', async () => {
  await openChannelWith(world.storage, 'staying', 1_000n)
  world.script.receiptOf = () => ({ ...minedTransfer(payerNamed('staying'), 0n), status: 'reverted' })
  world.script.channelOf = () => ({ balanceAtomic: 1_000n })
  // An older refund of as much is no proof.
  world.script.movesOf = () => ({ claims: [], refunds: [{ ...strangers, amountAtomic: 1_000n }] })
  await leave('staying')
  await passes(2)
  expect(await channelOf('staying')).toMatchObject({ balanceAtomic: 1_000n })
  await expectSoundBooks()
})

test('charges that a withdrawal has outrun are a loss, and what is left is claimed', async () => {
  await openChannelWith(world.storage, 'outrun', 1_000n)
  await charge('outrun', 90n)
  world.script.prepare = () => ({ ok: false, reason: 'claim_exceeds_balance', unknown: false })
  world.script.channelOf = () => ({ balanceAtomic: 30n })
  await passes(2)
  expect(await balance(ACCOUNTS.badDebt)).toBe(60n)
  expect(await channelOf('outrun')).toMatchObject({ balanceAtomic: 30n, chargedAtomic: 30n })
  await expectSoundBooks()
})
