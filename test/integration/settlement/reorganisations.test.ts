import { beforeEach, expect, test } from 'vitest'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { BATCH_SETTLEMENT } from '../../../src/payment/tokens/contracts.ts'
import type { Receipt } from '../../../src/settlement/ports.ts'
import { sendFunding } from '../../../src/settlement/fund.ts'
import { sweep } from '../../../src/settlement/sweep.ts'
import type { Funding } from '../../../src/settlement/types.ts'
import {
  captureOf,
  channelNamed,
  configOf,
  hex,
  LEDGER,
  NETWORK,
  payerNamed,
  voucherAdmissionOf,
} from '../../support/calls.ts'
import { minedTransfer, openScriptedWorld, type ScriptedWorld } from '../../support/scripted-chain.ts'
import { depositFunding } from '../../support/settlements.ts'

let world: ScriptedWorld
beforeEach(async () => {
  world = await openScriptedWorld()
  world.script.finalBlock = 0n
  // The deposit is in the contract as long as a block has it.
  world.script.channelOf = () => ({
    balanceAtomic: world.script.receiptOf('0x')?.status === 'success' ? DEPOSIT : 0n,
  })
})

const DEPOSIT = 5_000n
const inBlock = (blockNumber: bigint, receipt = minedTransfer(BATCH_SETTLEMENT, DEPOSIT)): Receipt => ({
  ...receipt,
  blockNumber,
})
const reverted = (blockNumber: bigint): Receipt => ({
  ...inBlock(blockNumber, minedTransfer(BATCH_SETTLEMENT, 0n)),
  status: 'reverted',
})
const pass = () => sweep({ dependencies: world.dependencies })
const states = async () => (await world.transactions('deposit')).map(({ state }) => state)
const clearing = () => world.storage.balances.getBalance({ ledger: LEDGER, account: ACCOUNTS.clearing })
const channels = () => world.storage.balances.getBalance({ ledger: LEDGER, account: ACCOUNTS.channels })
const badDebt = () => world.storage.balances.getBalance({ ledger: LEDGER, account: ACCOUNTS.badDebt })

/** A deposit that is signed and sent, and its channel. */
async function sendDeposit(channel: string): Promise<Funding> {
  const { funding } = await world.storage.settlement.reserveFunding(depositFunding(channel))
  await world.storage.settlement.commit({
    entries: [],
    effects: [
      { kind: 'channel-opened', id: channelNamed(channel), network: NETWORK, config: configOf(channel) },
    ],
  })
  await sendFunding({ funding, dependencies: world.dependencies })
  return funding
}

async function expectSoundBooks(): Promise<void> {
  const checks = await world.storage.ledger.check()
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
}

test('a block that is taken back sends the stored bytes again, and the deposit counts once', async () => {
  const sent: string[] = []
  world.script.broadcast = (raw) => {
    sent.push(raw)
    return 'sent'
  }
  const funding = await sendDeposit('reorganized')
  world.script.receiptOf = () => inBlock(3n)
  await pass()
  expect(await states()).toEqual(['seen'])

  world.script.receiptOf = () => undefined
  await pass()
  expect(await states()).toEqual(['signed'])
  expect(new Set(sent).size).toBe(1)
  expect(sent.length).toBeGreaterThan(1)
  expect((await world.storage.settlement.getFunding(funding.id))?.state).toBe('signed')

  world.script.receiptOf = () => inBlock(5n)
  world.script.finalBlock = 5n
  await pass()
  expect(await states()).toEqual(['final'])
  expect(await channels()).toBe(DEPOSIT)
  expect(await clearing()).toBe(0n)
  await expectSoundBooks()
})

test('an RPC that lags behind the block of a receipt is no reorganisation', async () => {
  await sendDeposit('lagging')
  world.script.receiptOf = () => inBlock(3n)
  await pass()
  world.script.receiptOf = () => undefined
  world.script.headNumber = 2n
  await pass()
  expect(await states()).toEqual(['seen'])
})

test('a deposit that comes back reverted waits until that is final, then is taken back whole', async () => {
  await sendDeposit('gone')
  world.script.receiptOf = () => inBlock(3n)
  await pass()
  world.script.receiptOf = () => reverted(4n)
  await pass()
  expect(await states()).toEqual(['signed'])
  expect(await clearing()).toBe(DEPOSIT)

  world.script.finalBlock = 4n
  await pass()
  expect(await states()).toEqual(['failed'])
  expect(await clearing()).toBe(0n)
  expect(await badDebt()).toBe(0n)
  const state = await world.storage.calls.getChannel({ network: NETWORK, channelId: channelNamed('gone') })
  expect(state?.balanceAtomic).toBe(0n)
  await expectSoundBooks()
})

test('what was served on a deposit that is gone for good is bad debt, and the channel is empty', async () => {
  await sendDeposit('spent')
  world.script.receiptOf = () => inBlock(3n)
  await pass()
  const admission = voucherAdmissionOf({ channel: 'spent', max: 100n, ceiling: 100n })
  expect((await world.storage.calls.admit(admission)).kind).toBe('admitted')
  await world.storage.calls.capture(captureOf(admission.callId, { chargeAtomic: 70n }))

  world.script.receiptOf = () => reverted(4n)
  world.script.finalBlock = 4n
  await pass()
  expect(await badDebt()).toBe(70n)
  const more = voucherAdmissionOf({ channel: 'spent', max: 200n, ceiling: 100n })
  expect((await world.storage.calls.admit(more)).kind).not.toBe('admitted')
  await expectSoundBooks()
})

test('a payment that reverts first and is mined after a reorganisation is the payer’s after all', async () => {
  const funding = await sendDeposit('second-thought')
  world.script.receiptOf = () => reverted(3n)
  await pass()
  expect(await states()).toEqual(['reverted'])
  expect((await world.storage.settlement.getFunding(funding.id))?.state).toBe('failed')

  world.script.receiptOf = () => inBlock(4n)
  world.script.finalBlock = 4n
  await pass()
  expect(await states()).toEqual(['final'])
  const state = await world.storage.calls.getChannel({
    network: NETWORK,
    channelId: channelNamed('second-thought'),
  })
  expect(state?.balanceAtomic).toBe(DEPOSIT)
  expect(payerNamed('second-thought')).toBe(funding.payer)
  await expectSoundBooks()
})

test('a deposit that a stranger makes instead after a reorganisation takes its place, and nothing is lost', async () => {
  const funding = await sendDeposit('replaced-by')
  world.script.receiptOf = () => inBlock(3n)
  await pass()
  const admission = voucherAdmissionOf({ channel: 'replaced-by', max: 100n, ceiling: 100n })
  expect((await world.storage.calls.admit(admission)).kind).toBe('admitted')
  await world.storage.calls.capture(captureOf(admission.callId, { chargeAtomic: 70n }))

  const stranger = { transactionHash: hex(32, 'stranger'), logIndex: 0, blockNumber: 4n }
  world.script.paymentsOf = () => [stranger]
  world.script.channelOf = () => ({ balanceAtomic: DEPOSIT })
  world.script.receiptOf = (hash) => (hash === stranger.transactionHash ? inBlock(4n) : reverted(4n))
  world.script.finalBlock = 4n
  for (let times = 0; times < 2; times += 1) await pass()
  expect(await badDebt()).toBe(0n)
  expect(await channels()).toBe(DEPOSIT)
  expect((await world.storage.settlement.getFunding(funding.id))?.state).toBe('final')
  await expectSoundBooks()
})
