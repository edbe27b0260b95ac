import { Client } from 'pg'
import { openPglite } from '../../../src/storage/database/pglite.ts'
import type { Address, Hex } from '../../../src/payment/types.ts'

export type Query = (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>

/** A way past the server into its ledger: only to look, and to let the leases of a dead process run out. */
export async function openLedgerQuery({
  databaseUrl,
  dataDirectory,
}: {
  databaseUrl: string | undefined
  dataDirectory: string
}): Promise<{ readonly query: Query; readonly close: () => Promise<void> }> {
  if (databaseUrl === undefined) {
    const { database } = await openPglite({ dataDirectory })
    return { query: database.query, close: database.close }
  }
  const client = new Client({ connectionString: databaseUrl })
  client.on('error', () => undefined)
  await client.connect()
  return {
    query: async (text, values) =>
      (await client.query<Record<string, unknown>>(text, values ? [...values] : undefined)).rows,
    close: () => client.end(),
  }
}

/** Time passes faster: what a killed process has leased is free now, as it would be some seconds later. */
export async function expireLeases(query: Query): Promise<void> {
  await query(`update meta set value = jsonb_set(value, '{expiresAtMs}', '0') where key like 'lease:%'`)
  await query('update instances set lease_expires_at_ms = 0')
}

/** Rows on their way: a drain goes on until there are none, or its time is over. */
export async function countOpen(query: Query): Promise<number> {
  const [row] = await query(`
    select (select count(*) from transactions where state not in ('final', 'failed', 'replaced'))
      + (select count(*) from fundings where state not in ('final', 'failed', 'lapsed'))
      + (select count(*) from settlements where state not in ('final', 'failed'))
      + (select count(*) from refunds where state not in ('final', 'failed'))
      + (select count(*) from admissions a where not exists (select 1 from captures c where c.call_id = a.call_id))
      + (select count(*) from balances where kind = 'channel' and claimed < debits_posted - refunds_posted)
      as open`)
  return Number(row?.['open'])
}

export type CallRow = {
  readonly callId: string
  readonly requestId: string
  readonly requestHash: string
  readonly scheme: string
  readonly payer: Address
  readonly ceilingAtomic: bigint
  readonly chargeAtomic: bigint | undefined
  readonly outcome: string | undefined
  /** Of an `upto` call. */
  readonly settlement: string | undefined
  /** Of a channel call: whether what is claimed covers it. */
  readonly isClaimed: boolean
}

export type FundingFact = { readonly id: string; readonly state: string; readonly kind: string }

/** What a payer has paid in, spent by `upto`, and got back, per token, if only what is final is believed. */
export type WalletFact = { readonly payer: Address; readonly asset: Address; readonly paidAtomic: bigint }

export type LedgerFacts = {
  readonly calls: readonly CallRow[]
  readonly fundings: readonly FundingFact[]
  readonly wallets: readonly WalletFact[]
  /** Refunds and transactions that never ended, by state. */
  readonly unended: Readonly<Record<string, number>>
}

const amountOf = (value: unknown) => BigInt(typeof value === 'bigint' ? value : textOf(value))
const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const optionalText = (value: unknown) => (typeof value === 'string' ? value : undefined)

export async function readLedgerFacts(query: Query): Promise<LedgerFacts> {
  const calls = await query(`
    select a.call_id, a.request_id, a.request_hash, a.scheme, a.payer_id, a.ceiling, c.charge, c.outcome, s.state as settlement,
      coalesce(c.channel_charged <= b.claimed, true) as is_claimed
    from admissions a left join captures c on c.call_id = a.call_id left join settlements s on s.call_id = a.call_id
    left join channels h on h.id = a.channel_id left join balances b on b.account_id = h.account_id`)
  const fundings = await query('select id, state, kind from fundings')
  const wallets = await query(`
    select payer, asset, sum(amount) as paid from (
      select payer, asset, amount from fundings where state = 'final'
      union all
      select a.payer_id, a.asset, c.charge from settlements s join admissions a on a.call_id = s.call_id
        join captures c on c.call_id = s.call_id where s.state = 'final'
      union all select payer, asset, -amount from refunds where state = 'final'
    ) moves group by payer, asset`)
  const unended = await query(`
    select 'refund ' || state as what, count(*) as rows from refunds where state not in ('final', 'failed') group by state
    union all select 'transaction ' || state, count(*) from transactions
      where state not in ('final', 'failed', 'replaced') group by state`)
  return {
    calls: calls.map((row) => ({
      callId: textOf(row['call_id']),
      requestId: textOf(row['request_id']),
      requestHash: textOf(row['request_hash']),
      scheme: textOf(row['scheme']),
      payer: textOf(row['payer_id']) as Hex,
      ceilingAtomic: amountOf(row['ceiling']),
      chargeAtomic: row['charge'] === null ? undefined : amountOf(row['charge']),
      outcome: optionalText(row['outcome']),
      settlement: optionalText(row['settlement']),
      isClaimed: row['is_claimed'] === true,
    })),
    fundings: fundings.map((row) => ({
      id: textOf(row['id']),
      state: textOf(row['state']),
      kind: textOf(row['kind']),
    })),
    wallets: wallets.map((row) => ({
      payer: textOf(row['payer']) as Hex,
      asset: textOf(row['asset']) as Hex,
      paidAtomic: amountOf(row['paid']),
    })),
    unended: Object.fromEntries(unended.map((row) => [textOf(row['what']), Number(row['rows'])])),
  }
}
