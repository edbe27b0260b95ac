import { beforeEach, expect, test } from 'vitest'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { fund } from '../../../src/settlement/fund.ts'
import type { Receipt } from '../../../src/settlement/ports.ts'
import { sweep } from '../../../src/settlement/sweep.ts'
import type { Address } from '../../../src/payment/types.ts'
import { admissionOf, captureOf, giveCredit, LEDGER, payerNamed, USDC } from '../../support/calls.ts'
import { minedTransfer, openScriptedWorld, PAY_TO, type ScriptedWorld } from '../../support/scripted-chain.ts'
import { exactPayment, TILL } from '../../support/settlements.ts'

let world: ScriptedWorld
beforeEach(async () => {
  world = await openScriptedWorld()
})

const balance = (account: string) => world.storage.balances.getBalance({ ledger: LEDGER, account })
const ISSUER = payerNamed('issuer')

/** A token that keeps 2 of what goes from one to the other. */
const lessTwo = (from: Address, to: Address, value: bigint): Receipt => ({
  ...minedTransfer(to, value - 2n, from),
  transfers: [
    { token: USDC, from, to, value: value - 2n, logIndex: 0 },
    { token: USDC, from, to: ISSUER, value: 2n, logIndex: 1 },
  ],
})

async function pass(): Promise<void> {
  world.script.nowMs += 700_000
  await sweep({ dependencies: world.dependencies })
}

async function chargedUpto(name: string, chargeAtomic: bigint): Promise<void> {
  const id = payerNamed(name)
  const admission = admissionOf({
    scheme: 'upto',
    payer: { kind: 'wallet', id },
    holds: [{ ledger: LEDGER, account: ACCOUNTS.receivable(id), amount: 1_000n }],
    exposureLimitAtomic: 1_000n,
    authorization: {
      nonce: '1',
      permittedAtomic: '1000',
      validAfter: 0,
      deadline: Math.floor(world.script.nowMs / 1_000) + 3_600,
      signature: '0x01',
    },
  })
  expect((await world.storage.calls.admit(admission)).kind).toBe('admitted')
  await world.storage.calls.capture(captureOf(admission.callId, { chargeAtomic }))
}

async function expectSoundBooks(): Promise<void> {
  expect((await world.storage.ledger.check()).filter(({ ok }) => !ok)).toEqual([])
  expect(await balance(ACCOUNTS.clearing)).toBe(0n)
}

test('an upto settlement that arrives less a fee is paid in full, and the fee is our expense', async () => {
  await chargedUpto('payer', 300n)
  world.script.receiptOf = () => lessTwo(payerNamed('payer'), PAY_TO, 300n)
  await pass()
  await pass()
  expect((await world.transactions('upto')).map(({ state }) => state)).toEqual(['final'])
  expect(await balance(ACCOUNTS.payTo)).toBe(298n)
  expect(await balance(ACCOUNTS.tokenFee)).toBe(2n)
  expect(await balance(ACCOUNTS.receivable(payerNamed('payer')))).toBe(0n)
  await expectSoundBooks()
})

test('an exact payment that arrives less a fee is its payer’s credit in full', async () => {
  world.script.receiptOf = () => lessTwo(payerNamed('exact'), TILL.address, 500n)
  expect((await fund({ payment: exactPayment('exact'), dependencies: world.dependencies })).kind).toBe(
    'funded',
  )
  await world.dependencies.clock.sleep(1)
  world.script.isSuspended = true
  await pass()
  expect(await balance(ACCOUNTS.credit(payerNamed('exact')))).toBe(-500n)
  expect(await balance(ACCOUNTS.till)).toBe(498n)
  await expectSoundBooks()
})

test('a refund of credit that arrives less a fee is made, and not made again', async () => {
  await giveCredit(world.storage, payerNamed('leaving'), 500n)
  world.script.receiptOf = () => lessTwo(TILL.address, payerNamed('leaving'), 500n)
  await pass()
  await pass()
  expect((await world.transactions('credit-refund')).map(({ state }) => state)).toEqual(['final'])
  expect(await balance(ACCOUNTS.credit(payerNamed('leaving')))).toBe(0n)
  expect(await balance(ACCOUNTS.tokenFee)).toBe(0n)
})

test('while a token takes a fee nothing of it is moved, but for what would be lost by waiting', async () => {
  await chargedUpto('waiting', 300n)
  world.script.isSuspended = true
  await pass()
  expect(await world.transactions('upto')).toEqual([])
  expect(world.notices).toMatchObject([{ kind: 'held-back', purpose: 'upto', reason: 'token_suspended' }])
  world.script.isSuspended = false
  await pass()
  expect(await world.transactions('upto')).toHaveLength(1)
})
