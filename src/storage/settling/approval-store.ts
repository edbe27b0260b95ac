import type { ApprovalStore, AppendOutcome } from '../../settlement/sponsored/approval-ports.ts'
import { insertTransaction, nextNonce, setNextNonce } from './append-transaction.ts'
import type { Database, Sql } from '../database/database.ts'
import { integer, single } from '../database/row.ts'
import { TRANSACTIONS, transactionOf } from './settlement-rows.ts'

type Request = Parameters<ApprovalStore['appendApproval']>[0]
type Scope = { readonly sql: Sql; readonly request: Request }

/** Another one of the payer's that is on its way, or one with this nonce: a block takes one of them. */
async function isBusy({ sql, request: { approval } }: Scope): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from transactions where network = $1 and address = $2 and (state = 'signed' or nonce = $3) limit 1`,
    [approval.network, approval.payer, approval.nonce],
  )
  return rows.length > 0
}

/** The lane's row is locked, so nobody else counts meanwhile. */
async function giftRefusal({ sql, request }: Scope): Promise<string | undefined> {
  const { approval, sinceMs, most } = request
  const vain = await sql.query(
    `select 1 from transactions where network = $1 and address = $2 and state in ('failed', 'reverted')
       and purpose ->> 'giftId' is not null limit 1`,
    [approval.network, approval.payer],
  )
  if (vain.length > 0) return 'sponsored_in_vain'
  const [row] = await sql.query(
    `select count(*) as on_network, count(*) filter (where purpose ->> 'payer' = $3) as to_payer
     from transactions where network = $1 and signed_at_ms >= $2 and purpose ->> 'kind' = 'gas-gift'`,
    [approval.network, sinceMs, approval.payer],
  )
  if (integer(row?.['on_network'] ?? 0) >= most.onNetwork) return 'sponsored_enough_today'
  return integer(row?.['to_payer'] ?? 0) >= most.toPayer ? 'sponsored_enough_for_payer' : undefined
}

async function appendGift({ sql, request }: Scope) {
  const { gift, atMs } = request
  if (!gift) return undefined
  const { lane } = gift
  const nonce = await nextNonce({ sql, lane, firstNonce: gift.firstNonce })
  const reason = await giftRefusal({ sql, request })
  if (reason !== undefined) return { reason }
  const row = await insertTransaction({ sql, request: { ...gift, atMs }, nonce })
  await setNextNonce({ sql, lane, nonce: nonce + 1 })
  return { gift: transactionOf(row) }
}

/** Raised to undo the commit: a payer's other approval came first. */
class Busy extends Error {
  override readonly name = 'Busy'
}

async function append({ sql, request }: Scope): Promise<AppendOutcome> {
  const { approval, atMs } = request
  const given = await appendGift({ sql, request })
  if (given?.reason !== undefined) return { kind: 'refused', reason: given.reason }
  if (await isBusy({ sql, request })) throw new Busy()
  const { id, network, payer, nonce, raw, hash, purpose } = approval
  const lane = { network, role: 'payer', address: payer } as const
  const sign = () => Promise.resolve({ raw, hash })
  const row = await insertTransaction({
    sql,
    request: { id, lane, purpose, atMs, maxCostWei: 0n, sign },
    nonce,
  })
  return { kind: 'appended', approval: transactionOf(row), ...(given?.gift ? { gift: given.gift } : {}) }
}

/** Payers' approvals, beside our own transactions: the same table, watched by the same sweep. */
export function openApprovalStore({ database }: { database: Database }): ApprovalStore {
  return {
    findApproval: async ({ network, payer, nonce }) => {
      const [row] = await database.query(
        `${TRANSACTIONS} where t.network = $1 and t.address = $2 and t.nonce = $3 and t.role = 'payer'`,
        [network, payer, nonce],
      )
      return row && transactionOf(row)
    },
    appendApproval: async (request) => {
      try {
        return await database.transaction((sql) => append({ sql, request }))
      } catch (error) {
        if (error instanceof Busy) return { kind: 'busy' }
        throw error
      }
    },
    isFundingKnown: async (key) => {
      const rows = await database.query('select exists (select 1 from fundings where key = $1) as known', [
        key,
      ])
      return single(rows)['known'] === true
    },
  }
}
