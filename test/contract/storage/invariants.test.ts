import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { channelRefundHeld } from '../../../src/ledger/entries.ts'
import type { Sql } from '../../../src/storage/database/database.ts'
import { extendHistory } from '../../../src/storage/history/extend-history.ts'
import { checkInvariants } from '../../../src/storage/invariants/check-invariants.ts'
import { INVARIANTS } from '../../../src/storage/invariants/invariants.ts'
import { openAccountIds } from '../../../src/storage/books/account-ids.ts'
import { openCallStore } from '../../../src/storage/calls/call-store.ts'
import { openDueStore } from '../../../src/storage/settling/due-store.ts'
import { openOpenCalls } from '../../../src/storage/calls/open-calls.ts'
import { openPglite } from '../../../src/storage/database/pglite.ts'
import { openSettlementStore } from '../../../src/storage/settling/settlement-store.ts'
import type { Storage } from '../../../src/storage/open-storage.ts'
import {
  admissionOf,
  captureOf,
  channelNamed,
  giveCredit,
  LEDGER,
  NETWORK,
  NOW_MS,
  openChannelWith,
  payerNamed,
  USDC,
  voucherAdmissionOf,
} from '../../support/calls.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'
import { appendTransaction } from '../../support/settlements.ts'

/** What a test does as the database's owner, past every rule of the program. */
const FAULTS: Record<string, readonly string[]> = {
  entries_balance: [`insert into entries (id, event, at_ms) values ('empty', 'opening', 0)`],
  ledgers_balance: [
    `alter table postings alter column credit drop not null`,
    `update postings set credit = null where entry_id like 'exact_seen%'`,
  ],
  balances_equal_postings: [`update balances set debits_posted = debits_posted + 1 where kind = 'credit'`],
  limits_hold: [
    `alter table balances drop constraint balances_available`,
    `update balances set credits_posted = 0 where kind = 'credit'`,
  ],
  holds_resolve_once: [`delete from entries where id = 'channel_refund_held:r'`],
  calls_end: [`update admissions set at_ms = 1 where call_id = 'call_open'`],
  charges_are_bounded: [`update captures set charge = 1001 where call_id = 'call_upto'`],
  payments_are_used_once: [
    `alter table admissions drop constraint admissions_payment_key`,
    `update admissions set payment_key = '\\x00'`,
  ],
  nonces_are_contiguous: [`update transactions set nonce = nonce + 1`],
  settlements_have_their_transaction: [`update settlements set transaction_id = null`],
  charges_are_settled: [`delete from settlements`],
  losses_are_remembered: [`update settlements set state = 'failed'`],
  clearing_clears: [`update entries set at_ms = 1 where event = 'exact_seen'`],
  history_is_unchanged: [`update postings set amount = amount + 1 where entry_id like 'exact_seen%'`],
  channels_are_covered: [
    `alter table balances drop constraint balances_voucher`,
    `update balances set voucher_max = 1 where kind = 'channel'`,
  ],
}

const directory = mkdtempSync(join(tmpdir(), 'turnpike-invariants-'))
let sql: Sql
let transaction: Awaited<ReturnType<typeof openPglite>>['client']['transaction']
let close: () => Promise<void>

/** A ledger in which every kind of row occurs: calls open, captured and released, a settlement, a refund. */
async function live(storage: Pick<Storage, 'calls' | 'settlement' | 'due'>): Promise<void> {
  const all = storage as Storage
  const payer = { kind: 'wallet' as const, id: payerNamed('a') }
  await giveCredit(all, payer.id, 100_000n)
  await openChannelWith(all, 'a', 100_000n)
  for (const callId of ['call_open', 'call_done', 'call_void']) {
    await storage.calls.admit(admissionOf({ callId, payer }))
  }
  await storage.calls.capture(captureOf('call_done'))
  await storage.calls.capture(captureOf('call_void', { chargeAtomic: 0n }))
  await storage.calls.admit(
    voucherAdmissionOf({ callId: 'call_channel', channel: 'a', max: 500n, ceiling: 500n }),
  )
  await storage.calls.capture(captureOf('call_channel'))
  const account = ACCOUNTS.receivable(payer.id)
  const holds = [{ ledger: LEDGER, account, amount: 1000n }]
  await storage.calls.admit(
    admissionOf({ callId: 'call_upto', payer, scheme: 'upto', holds, exposureLimitAtomic: 2000n }),
  )
  await storage.calls.capture(captureOf('call_upto'))
  await appendTransaction(all, {
    id: 't',
    purpose: { kind: 'upto', callId: 'call_upto', asset: USDC, payer: payerNamed('a'), amount: '300' },
    effects: [{ kind: 'settlement', callId: 'call_upto', state: 'signed' }],
  })
  const refund = { network: NETWORK, asset: USDC, amountAtomic: 1000n, channelId: channelNamed('a') } as const
  await storage.due.holdRefund({ ...refund, id: 'r', kind: 'channel', payer: payerNamed('a'), atMs: NOW_MS })
  await storage.settlement.commit({
    entries: [
      {
        ...channelRefundHeld({ ...refund, refundId: 'r' }),
        id: 'channel_refund_seen:r',
        event: 'channel_refund_seen',
        postings: channelRefundHeld({ ...refund, refundId: 'r' }).postings.map((posting) => ({
          ...posting,
          kind: 'posted' as const,
        })),
      },
    ],
    effects: [],
  })
}

beforeAll(async () => {
  const dataDirectory = join(directory, 'ledger')
  await fillLedgerFolder(dataDirectory)
  const { database, client } = await openPglite({ dataDirectory })
  sql = database
  close = database.close
  transaction = client.transaction.bind(client)
  const calls = openCallStore({
    database,
    accountIds: openAccountIds({ sql: database }),
    openCalls: openOpenCalls(),
    instance: randomUUID(),
  })
  const settlement = openSettlementStore({ database, nowMs: () => NOW_MS })
  await live({ calls, settlement, due: openDueStore({ database }) })
  await extendHistory({ database, nowMs: NOW_MS + 3 * 3_600_000 })
})
afterAll(async () => {
  await close()
  rmSync(directory, { recursive: true, force: true })
})

const broken = async (on: Sql) =>
  (await checkInvariants({ sql: on, nowMs: NOW_MS })).filter(({ ok }) => !ok).map(({ name }) => name)

test('a ledger in which everything happened breaks no invariant', async () => {
  expect(await broken(sql)).toEqual([])
})

test('there is a planted fault for every invariant', () => {
  expect(Object.keys(FAULTS).sort()).toEqual(INVARIANTS.map(({ name }) => name).sort())
})

test.each(INVARIANTS.map(({ name }) => name))('%s is seen to fail where it is broken', async (name) => {
  let found: readonly string[] = []
  await transaction(async (client) => {
    // Triggers and foreign keys are off for the owner who plants the fault.
    await client.exec('set local session_replication_role = replica')
    for (const fault of FAULTS[name] ?? []) await client.exec(fault)
    const on: Sql = {
      query: async (text, values) =>
        (await client.query<Record<string, unknown>>(text, values && [...values])).rows,
    }
    found = await broken(on)
    await client.rollback()
  })
  expect(found).toContain(name)
  expect(await broken(sql)).toEqual([])
})

test.each(['admissions', 'captures', 'attempts', 'entries', 'postings', 'audit_events', 'budget_windows'])(
  'rows of %s are never changed',
  async (table) => {
    await expect(sql.query(`delete from ${table}`)).rejects.toThrow(`rows of ${table} are never changed`)
  },
)
