import { isLimited } from '../../ledger/accounts.ts'
import { isMarked, lockPayer } from './deposits-only.ts'
import type { Row, Sql } from '../database/database.ts'
import { big } from '../database/row.ts'

export type AccountKey = { readonly ledger: string; readonly account: string }

/** Ids never change, so they may be remembered; the memory is bounded. */
const REMEMBERED = 200_000

const kindOf = (account: string): 'channel' | 'credit' | 'exposure' | 'organization' | 'budget' => {
  if (account.startsWith('channel:')) return 'channel'
  if (account.startsWith('receivable:')) return 'exposure'
  if (account.startsWith('budget:')) return 'budget'
  return account.startsWith('organization:') ? 'organization' : 'credit'
}

/**
 * Makes the account and its balance row where they are missing.
 *
 * @throws RangeError for an account without a limit: those are only paths in postings.
 */
export async function ensureAccount({
  sql,
  ledger,
  account,
}: AccountKey & { readonly sql: Sql }): Promise<bigint> {
  if (!isLimited(account)) throw new RangeError(`The account ${account} has no balance row.`)
  await sql.query('insert into accounts (ledger, path) values ($1, $2) on conflict do nothing', [
    ledger,
    account,
  ])
  const [row] = await sql.query('select id::text from accounts where ledger = $1 and path = $2', [
    ledger,
    account,
  ])
  const id = big(row?.['id'])
  const kind = kindOf(account)
  const opened = await sql.query(
    `insert into balances (account_id, kind, deposits_only) values ($1, $2, ${isMarked('$3')})
     on conflict do nothing returning 1`,
    [id.toString(), kind, account],
  )
  if (opened.length > 0 && kind === 'exposure') await markWhereMissed({ sql, id, account })
  return id
}

/** Whoever wrote a loss of this payer off at the same moment did not see the new row, and was not seen by it. */
async function markWhereMissed({
  sql,
  id,
  account,
}: {
  sql: Sql
  id: bigint
  account: string
}): Promise<void> {
  await lockPayer({ sql, account })
  await sql.query(
    `update balances set deposits_only = true where account_id = $1 and not deposits_only and ${isMarked('$2')}`,
    [id.toString(), account],
  )
}

/** Looks up the ids of accounts, and remembers them. */
export function openAccountIds({ sql }: { sql: Sql }) {
  const remembered = new Map<string, bigint>()
  const looking = new Map<string, Promise<bigint | undefined>>()
  const nameOf = ({ ledger, account }: AccountKey) => `${ledger} ${account}`

  const remember = (key: string, id: bigint) => {
    if (remembered.size >= REMEMBERED) {
      const [oldest] = remembered.keys()
      if (oldest !== undefined) remembered.delete(oldest)
    }
    remembered.set(key, id)
    return id
  }

  async function lookUp({ ledger, account }: AccountKey): Promise<bigint | undefined> {
    const rows: readonly Row[] = await sql.query(
      'select a.id::text from accounts a join balances b on b.account_id = a.id where ledger = $1 and path = $2',
      [ledger, account],
    )
    const [row] = rows
    // What a payer owes begins with its first call; everything else begins with money.
    if (!row) return kindOf(account) === 'exposure' ? ensureAccount({ sql, ledger, account }) : undefined
    return big(row['id'])
  }

  return {
    /** The id, without asking the database. */
    peek: ({ ledger, account }: AccountKey) => remembered.get(nameOf({ ledger, account })),
    /** The id; undefined where the account has no row. Exposure accounts are opened. Calls that ask together share a query. */
    find: (key: AccountKey): Promise<bigint | undefined> => {
      const name = nameOf(key)
      const known = remembered.get(name)
      if (known !== undefined) return Promise.resolve(known)
      const underway = looking.get(name)
      if (underway) return underway
      const look = lookUp(key)
        .then((id) => (id === undefined ? undefined : remember(name, id)))
        .finally(() => looking.delete(name))
      looking.set(name, look)
      return look
    },
  }
}

export type AccountIds = ReturnType<typeof openAccountIds>
