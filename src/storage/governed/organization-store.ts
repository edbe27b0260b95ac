import type {
  MoneyMover,
  MoneyOrder,
  OrganizationStore,
  PayerCredited,
} from '../../call/organization-ports.ts'
import type { JsonValue } from '../../governance/audit/canonical-json.ts'
import { ACCOUNTS, tokenLedger, USD_LEDGER } from '../../ledger/accounts.ts'
import {
  organizationCredited,
  organizationToppedUp,
  organizationWithdrawn,
} from '../../ledger/organization-entries.ts'
import type { Entry } from '../../ledger/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { atomicToPicoUsd, formatUsd } from '../../lib/money.ts'
import { ensureAccount } from '../books/account-ids.ts'
import { appendAudit, closeLog, lockLog, type LockedLog } from '../admin/audit-log.ts'
import { appendEntries } from '../books/append-entries.ts'
import type { Database, Row, Sql } from '../database/database.ts'
import { big, text } from '../database/row.ts'

const NOTHING = { availablePicoUsd: 0n, heldPicoUsd: 0n, spentPicoUsd: 0n }

/** What left by a withdrawal was not spent. */
const moneyOf = (row: Row) => ({
  availablePicoUsd: big(row['credits_posted']) - big(row['debits_posted']) - big(row['debits_pending']),
  heldPicoUsd: big(row['debits_pending']),
  spentPicoUsd: big(row['debits_posted']) - big(row['refunds_posted']),
})

async function requireOrganization({
  sql,
  organizationId,
  mayBeArchived = false,
}: {
  sql: Sql
  organizationId: string
  mayBeArchived?: boolean
}): Promise<void> {
  const rows = await sql.query(
    'select 1 from organizations where id = $1 and ($2::boolean or archived_at_ms is null)',
    [organizationId, mayBeArchived],
  )
  if (rows.length === 0)
    throw new TurnpikeError('invalid_governance_value', {
      param: 'organization_id',
      message: 'There is no such organisation, or it is archived.',
    })
}

/** The account's balance row, locked until the commit; made where there is none. */
async function lockBalance({
  sql,
  ledger,
  account,
}: {
  sql: Sql
  ledger: string
  account: string
}): Promise<Row> {
  const id = await ensureAccount({ sql, ledger, account })
  const [row] = await sql.query('select * from balances where account_id = $1 for update', [id.toString()])
  if (!row) throw new Error(`The account ${account} has no balance row.`)
  return row
}

/**
 * Whether the entry is there already.
 *
 * @throws TurnpikeError `idempotency_conflict` where it is about other money.
 */
async function isThere({ sql, entry }: { sql: Sql; entry: Entry }): Promise<boolean> {
  const rows = await sql.query(
    'select ledger, debit, credit, amount::text from postings where entry_id = $1 order by number',
    [entry.id],
  )
  if (rows.length === 0) return false
  const isSame = entry.postings.every(({ ledger, debit, credit, amount }, index) => {
    const row = rows[index]
    const isOfSides = row?.['debit'] === debit && row['credit'] === credit && row['ledger'] === ledger
    return isOfSides && big(row['amount']) === amount
  })
  if (!isSame) throw new TurnpikeError('idempotency_conflict')
  return true
}

async function writeMove({
  sql,
  entry,
  log,
  mover: { actor, via, requestId, addressDigest, atMs },
  organizationId,
  action,
  after,
}: {
  sql: Sql
  entry: Entry
  log: LockedLog
  mover: MoneyMover
  organizationId: string
  action: 'credit:top-up' | 'credit:withdraw'
  after: JsonValue
}): Promise<void> {
  await appendEntries({ sql, entries: [entry], nowMs: atMs })
  const record = {
    organizationId,
    atMs,
    actor,
    via,
    action,
    requestId,
    addressDigest,
    target: { kind: 'balance', id: organizationId },
    before: null,
    after,
  }
  await closeLog({ sql, organizationId, log: await appendAudit({ sql, log, record }) })
}

async function moveByOperator({
  sql,
  order,
  action,
}: {
  sql: Sql
  order: MoneyOrder
  action: 'credit:top-up' | 'credit:withdraw'
}): Promise<{ readonly isRepeat: boolean }> {
  const { organizationId, amountPicoUsd, idempotencyKey: subject } = order
  if (amountPicoUsd <= 0n) throw new RangeError('An amount that is moved is above zero.')
  const isWithdrawal = action === 'credit:withdraw'
  const entryOf = isWithdrawal ? organizationWithdrawn : organizationToppedUp
  const entry = entryOf({ organizationId, subject, amountPicoUsd })
  const log = await lockLog({ sql, organizationId })
  if (await isThere({ sql, entry })) return { isRepeat: true }
  await requireOrganization({ sql, organizationId, mayBeArchived: isWithdrawal })
  const account = ACCOUNTS.organizationBalance(organizationId)
  const { availablePicoUsd } = moneyOf(await lockBalance({ sql, ledger: USD_LEDGER, account }))
  if (isWithdrawal && availablePicoUsd < amountPicoUsd)
    throw new TurnpikeError('withdrawal_above_balance', {
      extra: { metadata: { available_usd: formatUsd(availablePicoUsd) } },
    })
  const after = { amountPicoUsd: amountPicoUsd.toString(), entryId: entry.id }
  await writeMove({ sql, entry, log, mover: order, organizationId, action, after })
  return { isRepeat: false }
}

async function creditOnce({
  sql,
  credit: { organizationId, fundingId, decimals, ...mover },
}: {
  sql: Sql
  credit: Parameters<OrganizationStore['creditFromPayer']>[0]
}): Promise<PayerCredited> {
  const log = await lockLog({ sql, organizationId })
  const [funding] = await sql.query(
    `select network, asset, payer, amount::text from fundings where id = $1 and kind = 'exact'`,
    [fundingId],
  )
  if (!funding) return { kind: 'not_seen' }
  const [network, asset, payer] = ['network', 'asset', 'payer'].map((name) => text<string>(funding[name]))
  if (network === undefined || asset === undefined || payer === undefined) return { kind: 'not_seen' }
  const amountAtomic = big(funding['amount'])
  const amountPicoUsd = atomicToPicoUsd({ amountAtomic, decimals })
  if (amountPicoUsd <= 0n) throw new RangeError('The payment is worth less than the smallest amount.')
  const moved = { fundingId, network, asset, payer, amountAtomic, organizationId, amountPicoUsd }
  const entry = organizationCredited(moved)
  if (await isThere({ sql, entry })) return { kind: 'credited', isRepeat: true, amountPicoUsd }
  await requireOrganization({ sql, organizationId })
  // The payer's row first: what takes a payment back locks it as well before it says so in the payment's row.
  const ledger = tokenLedger({ network, asset })
  const row = await lockBalance({ sql, ledger, account: ACCOUNTS.credit(payer) })
  const seen = await sql.query(`select 1 from fundings where id = $1 and state in ('seen', 'final')`, [
    fundingId,
  ])
  if (seen.length === 0) return { kind: 'not_seen' }
  const availableAtomic = big(row['credits_posted']) - big(row['debits_posted']) - big(row['debits_pending'])
  if (availableAtomic < amountAtomic) return { kind: 'spent', availableAtomic }
  const after = {
    amountPicoUsd: amountPicoUsd.toString(),
    entryId: entry.id,
    payer,
    network,
    asset,
  }
  await writeMove({ sql, entry, log, mover, organizationId, action: 'credit:top-up', after })
  return { kind: 'credited', isRepeat: false, amountPicoUsd }
}

/** Balances of organisations; see {@link OrganizationStore}. The audit log is locked first, so one organisation's moves follow one another. */
export function openOrganizationStore({ database }: { database: Database }): OrganizationStore {
  return {
    getBalance: async (organizationId) => {
      const [row] = await database.query(
        'select b.* from accounts a join balances b on b.account_id = a.id where a.ledger = $1 and a.path = $2',
        [USD_LEDGER, ACCOUNTS.organizationBalance(organizationId)],
      )
      return row ? moneyOf(row) : NOTHING
    },
    topUp: (order) => database.transaction((sql) => moveByOperator({ sql, order, action: 'credit:top-up' })),
    withdraw: (order) =>
      database.transaction((sql) => moveByOperator({ sql, order, action: 'credit:withdraw' })),
    creditFromPayer: (credit) => database.transaction((sql) => creditOnce({ sql, credit })),
  }
}
