import { afterEach, beforeEach, expect, test } from 'vitest'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { fund } from '../../../src/settlement/fund.ts'
import type { HostedFacilitator } from '../../../src/settlement/ports.ts'
import { sweep } from '../../../src/settlement/sweep.ts'
import type { ForeignPayment } from '../../../src/settlement/types.ts'
import { hex, LEDGER, NOW_MS, payerNamed } from '../../support/calls.ts'
import { minedTransfer, openScriptedWorld, type ScriptedWorld } from '../../support/scripted-chain.ts'
import { exactPayment, TILL } from '../../support/settlements.ts'

// A facilitator that may say anything: only the chain decides.

let world: ScriptedWorld
let submitted: string[]
/** What it says, and what the chain has seen. */
let says: Awaited<ReturnType<HostedFacilitator['submit']>>
let isNonceUsed: boolean

const theirs: ForeignPayment = { transactionHash: hex(32, 'facilitator'), logIndex: 3, blockNumber: 1n }
const payer = payerNamed('hosted')
const brought = () => minedTransfer(TILL.address, 500n, payer)
const fundIt = () => fund({ payment: exactPayment('hosted'), dependencies: world.dependencies })
const pass = () => sweep({ dependencies: world.dependencies })
const credit = () => world.storage.balances.getBalance({ ledger: LEDGER, account: ACCOUNTS.credit(payer) })
const ours = async () => (await world.transactions('exact')).map(({ state }) => state)

beforeEach(async () => {
  world = await openScriptedWorld()
  submitted = []
  says = { kind: 'asked' }
  isNonceUsed = false
  world.script.hosted = {
    takes: ({ kind }) => kind === 'exact',
    submit: async ({ payer: by }) => {
      submitted.push(by)
      return says
    },
    isNonceUsed: async () => isNonceUsed,
  }
})
afterEach(async () => {
  expect((await world.storage.ledger.check()).filter(({ ok }) => !ok)).toEqual([])
})

function theChainHasIt(): void {
  isNonceUsed = true
  world.script.paymentsOf = () => [theirs]
  world.script.receiptOf = (hash) => (hash === theirs.transactionHash ? brought() : undefined)
}

test('what the facilitator has brought is paid by its transaction, and we sign nothing', async () => {
  theChainHasIt()
  expect(await fundIt()).toMatchObject({ kind: 'funded', transaction: theirs.transactionHash })
  expect(submitted).toEqual([payer])
  expect(await credit()).toBe(-500n)
  await pass()
  expect(await world.storage.balances.getBalance({ ledger: LEDGER, account: ACCOUNTS.till })).toBe(500n)
  expect(await ours()).toEqual([])
  // The same payment again asks nobody.
  expect((await fundIt()).kind).toBe('funded')
  expect(submitted).toHaveLength(1)
})

test('a success without a Transfer is pending and no credit; after a minute we submit it ourselves', async () => {
  expect(await fundIt()).toMatchObject({ kind: 'pending' })
  expect(await credit()).toBe(0n)
  await pass()
  expect(await ours()).toEqual([])
  world.script.nowMs = NOW_MS + 61_000
  await pass()
  expect(await ours()).toEqual(['signed'])
  expect(submitted).toHaveLength(1)
  world.script.receiptOf = brought
  await pass()
  expect(await credit()).toBe(-500n)
})

test('a transfer of the same amount is another payment while the nonce is unused', async () => {
  theChainHasIt()
  isNonceUsed = false
  expect(await fundIt()).toMatchObject({ kind: 'pending' })
  expect(await credit()).toBe(0n)
})

test('a log without a receipt that shows the same is not believed', async () => {
  theChainHasIt()
  for (const receipt of [
    undefined,
    minedTransfer(TILL.address, 499n, payer),
    { ...brought(), status: 'reverted' } as const,
  ]) {
    world.script.receiptOf = () => receipt
    expect(await fundIt()).toMatchObject({ kind: 'pending' })
    world.script.nowMs = NOW_MS + 11_000
    await pass()
    expect(await credit()).toBe(0n)
  }
  world.script.receiptOf = brought
  await pass()
  expect(await credit()).toBe(-500n)
})

test('what comes after its payer was told to wait is found by the sweep', async () => {
  expect(await fundIt()).toMatchObject({ kind: 'pending' })
  theChainHasIt()
  await pass()
  expect(await fundIt()).toMatchObject({
    kind: 'funded',
    transaction: theirs.transactionHash,
    isRepeat: true,
  })
  expect(await credit()).toBe(-500n)
})

test('a refusal before anything was submitted is the end of it, unless the chain has the payment', async () => {
  says = { kind: 'refused', reason: 'insufficient_balance' }
  expect(await fundIt()).toMatchObject({ kind: 'failed', reason: 'insufficient_balance' })
  expect(await ours()).toEqual([])
})

test('a payment that is refused because it was made already is paid', async () => {
  says = { kind: 'refused', reason: 'facilitator_refused' }
  theChainHasIt()
  expect(await fundIt()).toMatchObject({ kind: 'funded', transaction: theirs.transactionHash })
})

test('a facilitator that cannot be reached is stepped in for at once', async () => {
  says = { kind: 'unreachable' }
  world.script.receiptOf = brought
  expect((await fundIt()).kind).toBe('funded')
  expect(await ours()).toHaveLength(1)
  expect(world.notices).toMatchObject([{ kind: 'held-back', reason: 'facilitator_unreachable' }])
})

test('both of us submit it: ours reverts, and it is paid once', async () => {
  expect((await fundIt()).kind).toBe('pending')
  world.script.nowMs = NOW_MS + 61_000
  await pass()
  theChainHasIt()
  world.script.receiptOf = (hash) =>
    hash === theirs.transactionHash ? brought() : { ...minedTransfer(TILL.address, 0n), status: 'reverted' }
  await pass()
  await pass()
  expect(await ours()).toEqual(['failed'])
  expect(await credit()).toBe(-500n)
})

test('what nobody has submitted until it expired has failed', async () => {
  expect((await fundIt()).kind).toBe('pending')
  world.script.nowMs = (exactPayment('hosted').validBefore + 1) * 1_000
  await pass()
  expect(await fundIt()).toMatchObject({ kind: 'failed', reason: 'expired' })
  expect(await ours()).toEqual([])
})

test('a token that is suspended is handed to nobody', async () => {
  world.script.isSuspended = true
  expect(await fundIt()).toMatchObject({ kind: 'pending' })
  expect(submitted).toEqual([])
})
