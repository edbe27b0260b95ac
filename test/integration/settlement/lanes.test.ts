import { beforeEach, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { BATCH_SETTLEMENT } from '../../../src/payment/tokens/contracts.ts'
import { sendFunding } from '../../../src/settlement/fund.ts'
import { confirmOpen, sweep } from '../../../src/settlement/sweep.ts'
import type { FundingRow } from '../../../src/settlement/types.ts'
import { hex, NETWORK, USDC } from '../../support/calls.ts'
import { minedTransfer, openScriptedWorld, type ScriptedWorld } from '../../support/scripted-chain.ts'
import { depositFunding } from '../../support/settlements.ts'

let world: ScriptedWorld
beforeEach(async () => {
  world = await openScriptedWorld()
})

const reserve = async (channel: string): Promise<FundingRow> =>
  (await world.storage.settlement.reserveFunding(depositFunding(channel))).funding
const send = (funding: FundingRow) => sendFunding({ funding, dependencies: world.dependencies })
const sendDeposit = async (channel: string) => send(await reserve(channel))
const pass = () => confirmOpen({ network: NETWORK, dependencies: world.dependencies })
const onlyRow = async () => {
  const [row] = await world.transactions('deposit')
  if (!row) throw new Error('Nothing was signed.')
  return row
}
const bump = (number: number) => ({
  signed: { raw: hex(32, `raw ${number}`), hash: hex(32, `hash ${number}`) },
  maxCostWei: 50_000n,
})
/** Replaces are numbered. */
function repriceEachTime(): void {
  let number = 0
  world.script.reprice = () => bump((number += 1))
}

test('bytes that no block takes are replaced by dearer ones, and whichever is mined counts', async () => {
  repriceEachTime()
  await sendDeposit('stuck')
  const first = await onlyRow()
  await pass()
  expect((await onlyRow()).hash).toBe(first.hash)

  world.script.nowMs += LIMITS.replaceAfterMs
  await pass()
  world.script.nowMs += LIMITS.replaceAfterMs
  await pass()
  const waiting = await onlyRow()
  expect(waiting.hash).toBe(bump(2).signed.hash)
  expect(waiting.replaced.toSorted()).toEqual([first.hash, bump(1).signed.hash].toSorted())

  // The cheapest was in a block already.
  world.script.receiptOf = (hash) =>
    hash === first.hash ? minedTransfer(BATCH_SETTLEMENT, 5_000n) : undefined
  await pass()
  const mined = await onlyRow()
  expect(mined).toMatchObject({ state: 'final', hash: first.hash, raw: first.raw })
  expect(mined.replaced.toSorted()).toEqual([bump(1).signed.hash, bump(2).signed.hash].toSorted())
  expect(world.notices.map(({ kind }) => kind)).toEqual(['replaced', 'replaced'])
})

test('a fee that is too low is raised at once; one at the cap waits', async () => {
  world.script.broadcast = () => 'underpriced'
  await sendDeposit('cheap')
  const first = await onlyRow()
  await pass()
  expect((await onlyRow()).hash).toBe(first.hash)
  repriceEachTime()
  await pass()
  expect((await onlyRow()).hash).toBe(bump(1).signed.hash)
})

test('only the next of a lane is replaced: those behind it wait for it', async () => {
  repriceEachTime()
  await sendDeposit('ahead')
  await sendDeposit('behind')
  world.script.nowMs += LIMITS.replaceAfterMs
  await pass()
  const rows = await world.transactions('deposit')
  expect(rows.map(({ nonce, replaced }) => [nonce, replaced.length])).toEqual([
    [0, 1],
    [1, 0],
  ])
})

test('the bytes of a final transaction that the chain has lost are sent again, before those that wait for it', async () => {
  await sendDeposit('lost')
  const lost = await onlyRow()
  world.script.receiptOf = () => minedTransfer(BATCH_SETTLEMENT, 5_000n)
  await pass()
  expect((await onlyRow()).state).toBe('final')

  const sent: string[] = []
  world.script.receiptOf = () => undefined
  await sendDeposit('waiting')
  world.script.broadcast = (raw) => {
    sent.push(raw)
    return 'unknown'
  }
  await pass()
  expect(sent).toContain(lost.raw)
})

test('a key that somebody else uses signs nothing more', async () => {
  await sendDeposit('ours')
  world.script.nonceOf = () => 2
  await expect(sendDeposit('theirs')).rejects.toThrow('Somebody else uses the signer key')
  expect(await world.transactions('deposit')).toHaveLength(1)
})

test('a transaction whose nonce somebody else has used for good is given up, and nothing of it counts', async () => {
  const funding = await reserve('taken')
  await send(funding)
  world.script.nonceOf = () => 1
  world.script.broadcast = () => 'nonce-too-low'
  await pass()
  expect(await onlyRow()).toMatchObject({ state: 'failed' })
  expect(await world.storage.settlement.getFunding(funding.id)).toMatchObject({
    state: 'failed',
    error: 'nonce_taken',
  })
  expect((await world.storage.ledger.check()).filter(({ ok }) => !ok)).toEqual([])
})

test('gas that takes too much of a value waits, and comes through when it is cheap or money would be lost', async () => {
  // A unit of gas at one wei, a coin worth a million dollars: 21,000 gas are $0.000000021 of a deposit of $0.005.
  const coinPicoUsd = 10n ** 18n
  world.script.gas = { maxShareBps: 2_500n, coinPicoUsd: coinPicoUsd * 10n ** 6n }
  const funding = await reserve('dear')
  expect(await send(funding)).toMatchObject({ kind: 'pending' })
  expect(await world.transactions('deposit')).toHaveLength(0)
  expect(world.notices).toContainEqual({
    network: NETWORK,
    kind: 'held-back',
    purpose: 'deposit',
    reason: 'gas_above_share',
  })
  world.script.gas = { maxShareBps: 2_500n, coinPicoUsd }
  await send(funding)
  expect(await world.transactions('deposit')).toHaveLength(1)
})

test('a day has a budget of gas: what is beyond it waits for the next day', async () => {
  world.script.gas = { maxShareBps: 10_000n, maxPerDayWei: 30_000n }
  await sendDeposit('today')
  await sendDeposit('tomorrow')
  expect(await world.transactions('deposit')).toHaveLength(1)
  expect(world.notices.at(-1)).toMatchObject({ kind: 'held-back', reason: 'gas_budget_spent' })
  world.script.nowMs += 86_400_001
  await sweep({ dependencies: world.dependencies })
  expect(await world.transactions('deposit')).toHaveLength(2)
  expect(USDC).toMatch(/^0x/)
})

test('a block that takes it between two looks is not somebody else', async () => {
  const funding = await reserve('in-between')
  await send(funding)
  let looks = 0
  world.script.receiptOf = () => ((looks += 1) === 1 ? undefined : minedTransfer(BATCH_SETTLEMENT, 5_000n))
  world.script.nonceOf = () => 1
  world.script.broadcast = () => 'nonce-too-low'
  await pass()
  expect(await onlyRow()).toMatchObject({ state: 'final' })
  expect((await world.storage.settlement.getFunding(funding.id))?.state).toBe('final')
})

test('a payer’s own bytes are never signed again; sent in vain for ten minutes they are given up, and cost us nothing', async () => {
  repriceEachTime()
  world.script.broadcast = () => 'underpriced'
  const payer = hex(20, 'payer')
  await world.storage.settlement.appendTransaction({
    id: 'approval',
    lane: { network: NETWORK, role: 'payer', address: payer },
    firstNonce: 0,
    purpose: { kind: 'approval', asset: USDC, payer, amount: '1', giftId: 'gift' },
    effects: [],
    atMs: world.script.nowMs,
    maxCostWei: 0n,
    sign: () => Promise.resolve({ raw: '0x02', hash: hex(32, 'approval') }),
  })
  const row = async () => (await world.transactions('approval'))[0]
  world.script.nowMs += LIMITS.replaceAfterMs
  await pass()
  expect(await row()).toMatchObject({ state: 'signed', replaced: [] })
  world.script.nowMs += LIMITS.sponsoredApprovalMs
  await pass()
  expect(await row()).toMatchObject({ state: 'failed' })
  expect(world.notices).toEqual([])
  expect(await world.storage.ledger.trialBalance()).toEqual([])
})
