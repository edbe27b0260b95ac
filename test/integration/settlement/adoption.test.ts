import { beforeEach, expect, test } from 'vitest'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { fund } from '../../../src/settlement/fund.ts'
import { sweep } from '../../../src/settlement/sweep.ts'
import type { ForeignPayment } from '../../../src/settlement/types.ts'
import { hex, LEDGER, payerNamed } from '../../support/calls.ts'
import { minedTransfer, openScriptedWorld, type ScriptedWorld } from '../../support/scripted-chain.ts'
import { exactPayment, TILL } from '../../support/settlements.ts'

let world: ScriptedWorld
beforeEach(async () => {
  world = await openScriptedWorld()
})

const strangers: ForeignPayment = { transactionHash: hex(32, 'stranger'), logIndex: 3, blockNumber: 1n }
const used = { ok: false, reason: 'nonce_used', unknown: false } as const
const brought = () => minedTransfer(TILL.address, 500n, payerNamed('front-run'))
const fundIt = (name = 'front-run') => fund({ payment: exactPayment(name), dependencies: world.dependencies })
const pass = () => sweep({ dependencies: world.dependencies })
const balance = (account: string) => world.storage.balances.getBalance({ ledger: LEDGER, account })
const credit = (name: string) => balance(ACCOUNTS.credit(payerNamed(name)))
async function expectSoundBooks(): Promise<void> {
  expect((await world.storage.ledger.check()).filter(({ ok }) => !ok)).toEqual([])
}

test('a payment that a stranger submits before us is paid, by the stranger’s transaction', async () => {
  world.script.prepare = () => used
  world.script.paymentsOf = () => [strangers]
  world.script.receiptOf = () => undefined
  expect(await fundIt()).toMatchObject({ kind: 'funded', transaction: strangers.transactionHash })
  expect(await credit('front-run')).toBe(-500n)
  expect(await world.transactions('exact')).toHaveLength(0)
  expect(world.notices.map(({ kind }) => kind)).toEqual(['adopted'])

  world.script.receiptOf = () => brought()
  await pass()
  expect(await balance(ACCOUNTS.till)).toBe(500n)
  expect(await balance(ACCOUNTS.clearing)).toBe(0n)
  // The same again finds what is there.
  expect(await fundIt()).toMatchObject({
    kind: 'funded',
    isRepeat: true,
    transaction: strangers.transactionHash,
  })
  await expectSoundBooks()
})

test('ours reverts because a stranger was faster in the same block: the payer is served, our gas is booked', async () => {
  world.script.paymentsOf = () => [strangers]
  world.script.receiptOf = (hash) =>
    hash === strangers.transactionHash
      ? brought()
      : { ...minedTransfer(TILL.address, 0n), status: 'reverted' }
  expect(await fundIt()).toMatchObject({ kind: 'funded', transaction: strangers.transactionHash })
  await pass()
  expect((await world.transactions('exact')).map(({ state }) => state)).toEqual(['failed'])
  expect(await credit('front-run')).toBe(-500n)
  expect(await balance(ACCOUNTS.till)).toBe(500n)
  await expectSoundBooks()
})

test('one log pays for one payment', async () => {
  world.script.prepare = () => used
  world.script.paymentsOf = () => [strangers]
  expect((await fundIt('first')).kind).toBe('funded')
  expect(await fundIt('second')).toEqual({ kind: 'failed', reason: 'nonce_used' })
  expect(await credit('second')).toBe(0n)
})

test('a transaction of ours explains no other payment', async () => {
  world.script.receiptOf = () => brought()
  expect((await fundIt('ours')).kind).toBe('funded')
  const [ours] = await world.transactions('exact')
  world.script.prepare = () => used
  world.script.paymentsOf = () => [{ ...strangers, transactionHash: ours?.hash ?? '0x' }]
  expect((await fundIt('other')).kind).toBe('failed')
})

test('logs that lag are looked at once more when the payment is shown again', async () => {
  world.script.prepare = () => used
  expect((await fundIt()).kind).toBe('failed')
  world.script.paymentsOf = () => [strangers]
  expect((await fundIt()).kind).toBe('funded')
})

test('an adopted payment whose transaction comes back in another block without the money is taken back', async () => {
  world.script.prepare = () => used
  world.script.paymentsOf = () => [strangers]
  expect((await fundIt()).kind).toBe('funded')
  world.script.receiptOf = () => ({ ...minedTransfer(TILL.address, 0n), status: 'reverted' })
  await pass()
  expect(await credit('front-run')).toBe(0n)
  await expectSoundBooks()
})

test('an adopted payment that a reorganisation takes away for good is taken back', async () => {
  world.script.prepare = () => used
  world.script.paymentsOf = () => [strangers]
  expect((await fundIt()).kind).toBe('funded')
  await pass()
  expect(await credit('front-run')).toBe(-500n)
  world.script.nowMs = (exactPayment('front-run').validBefore + 3_601) * 1_000
  await pass()
  expect(await credit('front-run')).toBe(0n)
  expect(await balance(ACCOUNTS.clearing)).toBe(0n)
  await expectSoundBooks()
})

test('a payment that failed with us and is submitted by somebody else later counts once it has expired', async () => {
  world.script.prepare = () => ({ ok: false, reason: 'token_paused', unknown: false })
  expect((await fundIt()).kind).toBe('failed')
  expect((await fundIt('nobody')).kind).toBe('failed')
  world.script.nowMs = (exactPayment('front-run').validBefore + 61) * 1_000
  world.script.paymentsOf = ({ payer }) => (payer === payerNamed('front-run') ? [strangers] : [])
  world.script.receiptOf = () => brought()
  await pass()
  await pass()
  expect(await credit('front-run')).toBe(-500n)
  expect(await credit('nobody')).toBe(0n)
  expect((await fundIt('nobody')).kind).toBe('failed')
  const expired = { network: exactPayment('any').network, state: 'expired', limit: 9 } as const
  expect(await world.storage.settlement.listFundings(expired)).toEqual([])
  await expectSoundBooks()
})

test('credit that a reorganisation may still take away is not sent back', async () => {
  world.script.finalBlock = 0n
  world.script.receiptOf = () => brought()
  expect((await fundIt()).kind).toBe('funded')
  world.script.nowMs += 3_600_000
  await pass()
  expect(await world.transactions('credit-refund')).toHaveLength(0)
  world.script.finalBlock = 1n
  await pass()
  await pass()
  expect(await world.transactions('credit-refund')).toHaveLength(1)
})
