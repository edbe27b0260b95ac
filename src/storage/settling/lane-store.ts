import type { LaneStore } from '../../settlement/ports.ts'
import type { Database } from '../database/database.ts'
import { big, integer } from '../database/row.ts'
import { TRANSACTIONS, transactionOf } from './settlement-rows.ts'

/** The signing keys: their nonces, and what they have spent. */
export function openLaneStore({ database }: { database: Database }): LaneStore {
  return {
    getLane: async ({ network, address }) => {
      const [row] = await database.query(
        'select first_nonce, next_nonce from lanes where network = $1 and address = $2',
        [network, address],
      )
      return row && { firstNonce: integer(row['first_nonce']), nextNonce: integer(row['next_nonce']) }
    },
    listFromNonce: async ({ lane: { network, address }, nonce, limit }) => {
      const rows = await database.query(
        `${TRANSACTIONS} where t.network = $1 and t.address = $2 and t.nonce >= $3 order by t.nonce limit $4`,
        [network, address, nonce, limit],
      )
      return rows.map(transactionOf)
    },
    isOurs: async (hash) => {
      const rows = await database.query(
        'select 1 from transactions where hash = $1 union all select 1 from replaced_bytes where hash = $1',
        [hash],
      )
      return rows.length > 0
    },
    getGasSpent: async ({ network, sinceMs }) => {
      const [row] = await database.query(
        `select coalesce(sum(coalesce(
             gas_used * effective_gas_price_wei + coalesce((purpose ->> 'wei')::numeric, 0), max_cost_wei)), 0) as wei
         from transactions where network = $1 and role <> 'payer' and signed_at_ms >= $2`,
        [network, sinceMs],
      )
      return big(row?.['wei'] ?? 0)
    },
  }
}
