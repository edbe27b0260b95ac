import type { ChannelConfig } from '../../payment/types.ts'
import type { DueStore } from '../../settlement/ports.ts'
import type { ClaimableChannel, DueSettlement } from '../../settlement/types.ts'
import type { UptoAuthorization } from '../../settlement/upto-authorization.ts'
import { channelStateOf } from '../books/channel-row.ts'
import type { Database, Row } from '../database/database.ts'
import { holdRefund, REFUNDS } from './hold-refund.ts'
import { big, integer, text } from '../database/row.ts'
import { IS_UNFINAL, refundOf } from './settlement-rows.ts'

/**
 * A channel with what a signed, unmined claim will make of its claimed total. There is at most one (append-transaction): were
 * there two, and the first reverted, the second would bring more than the ledger expects of it.
 */
const CHANNELS = `
  select b.*, c.id, c.network, c.config, c.opened_at_ms, greatest(0, coalesce(k.total, 0) - b.claimed) as claiming,
    coalesce(k.is_unmined, false) as is_being_claimed
  from channels c join balances b on b.account_id = c.account_id
  left join (
    select x.channel_id, max(x.total_claimed) as total, bool_or(t.state <> 'seen') as is_unmined from claims x join transactions t on t.id = x.transaction_id
    where t.state in ('signed', 'seen', 'reverted') group by x.channel_id
  ) k on k.channel_id = c.id`

/** Of a channel on which no call was ever admitted: nothing was charged, so nothing is claimed with it. */
const NO_VOUCHER = { maxAtomic: 0n, signature: '0x' } as const

function claimableOf(row: Row): ClaimableChannel {
  const { chargedAtomic, heldAtomic, claimedAtomic, highest, withdrawRequestedAt } = channelStateOf(row)
  return {
    id: text(row['id']),
    network: text(row['network']),
    config: row['config'] as ChannelConfig,
    chargedAtomic,
    heldAtomic,
    claimedAtomic,
    claimingAtomic: big(row['claiming']),
    highest: highest ?? NO_VOUCHER,
    oldestUnclaimedAtMs: integer(row['unclaimed_since_ms'] ?? row['moved_at_ms']),
    withdrawRequestedAt,
  }
}

const dueSettlementOf = (row: Row): DueSettlement => ({
  callId: text(row['call_id']),
  network: text(row['network']),
  asset: text(row['asset']),
  payer: text(row['payer_id']),
  amountAtomic: big(row['charge']),
  authorization: row['authorization'] as UptoAuthorization,
})

/**
 * Claimed for good, minus what settles brought or are bringing to `payTo`. A settle that brought nothing (anybody may have called
 * it before us) is not repeated before another claim is final: it would bring nothing again, and cost gas each time.
 */
const CLAIMED_FUNDS = `
  select asset, sum(amount) as amount from (
    select split_part(p.ledger, '/', 2) as asset, p.amount * case e.event when 'claim_final' then 1 else -1 end as amount
    from entries e join postings p on p.entry_id = e.id
    where e.event in ('claim_final', 'settle_final') and p.ledger like $1 || '/%'
    union all
    select purpose ->> 'asset', -(purpose ->> 'amount')::numeric from transactions
    where network = $1 and state in ('signed', 'seen', 'reverted') and purpose ->> 'kind' = 'settle'
  ) moves
  where not exists (
    select 1 from transactions t
    where t.network = $1 and t.state = 'failed' and t.purpose ->> 'kind' = 'settle' and t.purpose ->> 'asset' = moves.asset
      and t.signed_at_ms >= (
        select max(e.at_ms) from entries e join postings p on p.entry_id = e.id
        where e.event = 'claim_final' and p.ledger = $1 || '/' || moves.asset)
  )
  group by asset having sum(amount) > 0`

/** What is due. The lists are the truth; a job only says "look". */
export function openDueStore({ database }: { database: Database }): DueStore {
  return {
    listDueSettlements: async ({ network, limit, order = '' }) => {
      const rows = await database.query(
        `select a.call_id, a.network, a.asset, a.payer_id, a.authorization, c.charge
         from settlements s join admissions a on a.call_id = s.call_id join captures c on c.call_id = s.call_id
         where s.state = 'due' and s.network = $1 order by md5(s.call_id || $3) limit $2`,
        [network, limit, order],
      )
      return rows.map(dueSettlementOf)
    },
    listClaimableChannels: async ({ network, limit }) => {
      const rows = await database.query(
        `select * from (${CHANNELS} where c.network = $1) x
         where debits_posted - refunds_posted > claimed and not is_being_claimed and voucher_signature is not null
         order by unclaimed_since_ms, id limit $2`,
        [network, limit],
      )
      return rows.map(claimableOf)
    },
    getChannelForClaim: async ({ network, channelId }) => {
      const [row] = await database.query(`${CHANNELS} where c.network = $1 and c.id = $2`, [
        network,
        channelId,
      ])
      return row && claimableOf(row)
    },
    listClaimedFunds: async ({ network }) => {
      const rows = await database.query(CLAIMED_FUNDS, [network])
      return rows.map((row) => ({
        asset: text<`0x${string}`>(row['asset']),
        amountAtomic: big(row['amount']),
      }))
    },
    listIdleCredit: async ({ network, limit }) => {
      const rows = await database.query(
        `select a.ledger, a.path, b.moved_at_ms, b.credits_posted - b.debits_posted - b.debits_pending as available
         from balances b join accounts a on a.id = b.account_id
         where b.kind = 'credit' and a.ledger like $1 || '/%' and b.credits_posted - b.debits_posted - b.debits_pending > 0
           and not exists (
             select 1 from fundings f left join transactions t on t.id = f.transaction_id
             where f.network = $1 and ${IS_UNFINAL} and f.kind = 'exact'
               and a.ledger = f.network || '/' || f.asset and a.path = 'payer:' || f.payer || ':credit')
           and not exists (
             select 1 from fundings f where f.is_top_up and f.network = $1 and f.state in ('signed', 'seen', 'final')
               and a.ledger = f.network || '/' || f.asset and a.path = 'payer:' || f.payer || ':credit')
         order by available desc, a.id limit $2`,
        [network, limit],
      )
      return rows.map((row) => ({
        network,
        asset: text<`0x${string}`>(text<string>(row['ledger']).slice(network.length + 1)),
        payer: text<`0x${string}`>(text<string>(row['path']).split(':')[1]),
        availableAtomic: big(row['available']),
        lastMovedAtMs: integer(row['moved_at_ms']),
      }))
    },
    holdRefund: (request) => holdRefund({ database, request }),
    listRefunds: async ({ network, states, limit }) => {
      const rows = await database.query(
        `${REFUNDS} where r.network = $1 and r.state = any($2::text[]) order by r.at_ms, r.id limit $3`,
        [network, [...states], limit],
      )
      return rows.map(refundOf)
    },
  }
}
