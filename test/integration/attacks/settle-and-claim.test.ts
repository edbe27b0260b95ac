import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { claimFinal } from '../../../src/ledger/entries.ts'
import { collectClaimed, collectClaims } from '../../../src/settlement/collect.ts'
import { refundChannel } from '../../../src/settlement/refunds/refund.ts'
import { confirmOpen, sweep } from '../../../src/settlement/sweep.ts'
import {
  chargeChannel,
  channelNamed,
  hex,
  LEDGER,
  NETWORK,
  openChannelWith,
  payerNamed,
  USDC,
  voucherAdmissionOf,
} from '../../support/calls.ts'
import {
  minedClaim,
  minedTransfer,
  openScriptedWorld,
  PAY_TO,
  type ScriptedWorld,
} from '../../support/scripted-chain.ts'

let world: ScriptedWorld
beforeEach(async () => {
  world = await openScriptedWorld()
})

const money = { network: NETWORK, asset: USDC } as const

const charge = (channel: string, amountAtomic: bigint) => chargeChannel(world.storage, channel, amountAtomic)

const claimedFor = (amountAtomic: bigint) =>
  world.storage.settlement.commit({
    entries: [
      claimFinal({
        ...money,
        amountAtomic,
        channelId: channelNamed('any'),
        subject: randomUUID(),
      }),
    ],
    effects: [],
  })

const settleOnce = async () => {
  await collectClaimed({ network: NETWORK, dependencies: world.dependencies })
  await confirmOpen({ network: NETWORK, dependencies: world.dependencies })
}
const payToBalance = () => world.storage.balances.getBalance({ ledger: LEDGER, account: ACCOUNTS.payTo })

test('a settle that also pays a claim which is not final yet is booked at what arrived, and not repeated', async () => {
  await claimedFor(100n)
  world.script.receiptOf = () => minedTransfer(PAY_TO, 150n)
  await settleOnce()
  await settleOnce()
  expect((await world.transactions('settle')).map(({ state }) => state)).toEqual(['final'])
  expect(await payToBalance()).toBe(150n)
})

test('a stranger who calls settle first costs us one transaction, not one every pass', async () => {
  await claimedFor(100n)
  world.script.receiptOf = () => minedTransfer(PAY_TO, 0n)
  const transactionHash = hex(32, 'stranger')
  world.script.settlesOf = () => [{ transactionHash, logIndex: 1, blockNumber: 1n, amountAtomic: 100n }]
  for (let pass = 0; pass < 3; pass += 1) {
    world.script.nowMs += 2_000
    await settleOnce()
  }
  expect((await world.transactions('settle')).map(({ state }) => state)).toEqual(['failed'])
  expect(await payToBalance()).toBe(100n)
  world.script.nowMs += 2_000
  await claimedFor(30n)
  world.script.receiptOf = () => minedTransfer(PAY_TO, 30n)
  await settleOnce()
  expect(await payToBalance()).toBe(130n)
})

test('two passes at once claim a channel once: the second row would bring nothing and be booked', async () => {
  await openChannelWith(world.storage, 'twice', 1_000n)
  await charge('twice', 40n)
  const claimAll = () =>
    collectClaims({ network: NETWORK, dependencies: world.dependencies, everything: true })
  await Promise.allSettled([claimAll(), claimAll()])
  expect(await world.transactions('claim')).toHaveLength(1)
})

test('a refund and a claim at the same time do not claim the same charges twice', async () => {
  await openChannelWith(world.storage, 'leaving', 1_000n)
  await charge('leaving', 90n)
  const { prepare } = world.script
  world.script.prepare = async () => {
    world.script.prepare = prepare
    await collectClaims({ network: NETWORK, dependencies: world.dependencies, everything: true })
    return prepare()
  }
  const refund = await refundChannel({
    ...money,
    payer: payerNamed('leaving'),
    channelId: channelNamed('leaving'),
    dependencies: world.dependencies,
  })
  expect(refund.kind).toBe('pending')
  world.script.receiptOf = () =>
    minedClaim({
      to: payerNamed('leaving'),
      value: 910n,
      channelId: channelNamed('leaving'),
      addedAtomic: 90n,
    })
  world.script.nowMs += 60_000
  for (let pass = 0; pass < 2; pass += 1) await sweep({ dependencies: world.dependencies })
  expect(await world.transactions('channel-refund')).toHaveLength(1)
  const all = [...(await world.transactions('claim')), ...(await world.transactions('channel-refund'))]
  const claimed = all.flatMap(({ purpose }) =>
    purpose.kind === 'claim'
      ? purpose.rows.map(({ delta }) => BigInt(delta))
      : purpose.kind === 'channel-refund'
        ? [BigInt(purpose.claimDelta)]
        : [],
  )
  expect(claimed.reduce((sum, delta) => sum + delta, 0n)).toBe(90n)
})

test('a channel whose deposit never bought a call can be refunded', async () => {
  await openChannelWith(world.storage, 'unused', 1_000n)
  world.script.receiptOf = () => minedTransfer(payerNamed('unused'), 1_000n)
  const refund = await refundChannel({
    ...money,
    payer: payerNamed('unused'),
    channelId: channelNamed('unused'),
    dependencies: world.dependencies,
  })
  expect(refund).toMatchObject({ kind: 'refunded', amountAtomic: 1_000n })
})

test('a channel whose payer withdraws on chain serves no more calls and is claimed at once', async () => {
  await openChannelWith(world.storage, 'runaway', 1_000n)
  await charge('runaway', 40n)
  world.script.channelOf = () => ({ balanceAtomic: 1_000n, withdrawRequestedAt: 1_800_000_000 })
  await sweep({ dependencies: world.dependencies })
  const late = voucherAdmissionOf({ channel: 'runaway', max: 500n, ceiling: 100n })
  expect(await world.storage.calls.admit(late)).toEqual({ kind: 'withdrawing' })
  expect(await world.transactions('claim')).toHaveLength(1)
})

test('one transaction that cannot be recorded does not keep those behind it waiting', async () => {
  for (const channel of ['first', 'second']) {
    await openChannelWith(world.storage, channel, 1_000n)
    await charge(channel, 40n)
    await collectClaims({ network: NETWORK, dependencies: world.dependencies, everything: true })
  }
  const [first] = await world.transactions('claim')
  world.script.receiptOf = (hash) => {
    if (hash === first?.hash) throw new Error('unusable')
    return minedClaim({ channelId: channelNamed('second'), addedAtomic: 40n })
  }
  await expect(confirmOpen({ network: NETWORK, dependencies: world.dependencies })).rejects.toThrow(
    'unusable',
  )
  expect((await world.transactions('claim')).map(({ state }) => state)).toEqual(['signed', 'final'])
})
