import { beforeAll, expect, test } from 'vitest'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { collectUpto } from '../../../src/settlement/collect.ts'
import type { Address } from '../../../src/payment/types.ts'
import type { Receipt } from '../../../src/settlement/ports.ts'
import { confirmOpen } from '../../../src/settlement/sweep.ts'
import {
  admissionOf,
  captureOf,
  hex,
  LEDGER,
  NETWORK,
  NOW_MS,
  payerNamed,
  USDC,
} from '../../support/calls.ts'
import { minedTransfer, openScriptedWorld, PAY_TO, type ScriptedWorld } from '../../support/scripted-chain.ts'

let world: ScriptedWorld
beforeAll(async () => {
  world = await openScriptedWorld()
  ready = world.script.prepare
})

const CHARGE = 300n
let ready: ScriptedWorld['script']['prepare']

/** One `upto` call that has been served and charged. */
async function serveCall(payer: Address): Promise<string> {
  const admission = admissionOf({
    payer: { kind: 'wallet', id: payer },
    scheme: 'upto',
    holds: [{ ledger: LEDGER, account: ACCOUNTS.receivable(payer), amount: 1_000n }],
    exposureLimitAtomic: 1_000n,
    authorization: {
      nonce: '1',
      permittedAtomic: '1000',
      validAfter: 0,
      deadline: DEADLINE,
      signature: '0x01',
    },
  })
  await world.storage.calls.admit(admission)
  await world.storage.calls.capture(captureOf(admission.callId, { chargeAtomic: CHARGE }))
  return admission.callId
}

const DEADLINE = NOW_MS / 1_000 + 900
let payers = 0

/** Settles one call as the receipt says, and again when its authorisation has expired; what the books say each time. */
async function settleAs(receipt: Receipt) {
  const payer = payerNamed(`payer ${(payers += 1)}`)
  const accounts = {
    payTo: ACCOUNTS.payTo,
    receivable: ACCOUNTS.receivable(payer),
    lost: ACCOUNTS.badDebt,
    clearing: ACCOUNTS.clearing,
  }
  const balances = async () => {
    const entries = Object.entries(accounts).map(async ([name, account]) => [
      name,
      await world.storage.balances.getBalance({ ledger: LEDGER, account }),
    ])
    return Object.fromEntries(await Promise.all(entries)) as Record<keyof typeof accounts, bigint>
  }
  const { script, storage, dependencies } = world
  script.nowMs = NOW_MS
  script.prepare = ready
  const before = await balances()
  const callId = await serveCall(payer)
  script.receiptOf = () => receipt

  const look = async () => {
    const now = await balances()
    const state = (await storage.calls.getCall(callId))?.state
    const moved = Object.entries(now).map(([name, balance]) => [
      name,
      balance - before[name as keyof typeof before],
    ])
    return { state, ...(Object.fromEntries(moved) as typeof now) }
  }
  await collectUpto({ network: NETWORK, dependencies })
  await confirmOpen({ network: NETWORK, dependencies })
  const mined = await look()
  script.nowMs = DEADLINE * 1_000 + 1
  script.prepare = () => ({ ok: false, reason: 'authorization_expired', unknown: false })
  await collectUpto({ network: NETWORK, dependencies })
  const transactions = await world.transactions('upto')
  return {
    mined,
    expired: await look(),
    sent: transactions.filter(({ purpose }) => 'callId' in purpose && purpose.callId === callId).length,
  }
}

/** Owed until the authorisation has expired, lost from then on, and never counted as paid. */
const UNPAID = {
  mined: { state: 'captured', payTo: 0n, receivable: CHARGE, lost: 0n, clearing: 0n },
  expired: { state: 'written-off', payTo: 0n, receivable: 0n, lost: CHARGE, clearing: 0n },
  sent: 1,
}

const moved = (over: Partial<Receipt['transfers'][number]>): Receipt => ({
  ...minedTransfer(PAY_TO, CHARGE),
  transfers: [{ token: USDC, from: payerNamed('payer'), to: PAY_TO, value: CHARGE, logIndex: 0, ...over }],
})

/** Transactions that the chain calls a success, and that brought us nothing. */
const LIES: readonly (readonly [name: string, receipt: Receipt])[] = [
  ['logs nothing, as tokens do that announce a used nonce by an event', minedTransfer(PAY_TO, 0n)],
  ['moves another token', moved({ token: payerNamed('worthless token') })],
  ['pays somebody else', moved({ to: payerNamed('somebody else') })],
  ['pays the till instead of the cold address', moved({ to: hex(20, 'till') })],
  ['moves nothing at all in its Transfer', moved({ value: 0n })],
]

test.each(LIES)(
  'a success that %s is no payment: the charge stays owed, then lost',
  async (_name, receipt) => {
    expect(await settleAs(receipt)).toEqual(UNPAID)
  },
)

test('a revert is no payment either, though it logged one', async () => {
  expect(await settleAs({ ...moved({}), status: 'reverted' })).toEqual(UNPAID)
})

test('the money is counted where it did arrive', async () => {
  const paid = { state: 'final', payTo: CHARGE, receivable: 0n, lost: 0n, clearing: 0n }
  expect(await settleAs(moved({}))).toEqual({ mined: paid, expired: paid, sent: 1 })
})
