import type { Effect } from '../../settlement/types.ts'
import type { Sql } from '../database/database.ts'
import { isPayersFault, markDepositsOnly } from '../books/deposits-only.ts'
import { openChannel } from '../books/open-channel.ts'

type StateEffect = Extract<Effect, { kind: 'funding' | 'settlement' | 'refund' }>
type ChannelEffect = Exclude<Effect, StateEffect | { kind: 'channel-opened' | 'claim-passed-over' }>

/** Thrown to roll back a commit that somebody else has made already. */
export class AlreadyDone extends Error {}

/** Where each kind of row lives, and the state from which it may be signed: one live transaction for each. */
const TABLES = {
  funding: { table: 'fundings', id: 'id', unsigned: 'reserved' },
  settlement: { table: 'settlements', id: 'call_id', unsigned: 'due' },
  refund: { table: 'refunds', id: 'id', unsigned: 'held' },
} as const

async function applyState({
  sql,
  effect,
  signing,
  of,
}: {
  sql: Sql
  effect: StateEffect
  signing?: string | undefined
  of?: string | undefined
}): Promise<void> {
  const { table, id, unsigned } = TABLES[effect.kind]
  const subject = effect.kind === 'settlement' ? effect.callId : effect.id
  const error = effect.error ?? null
  if (signing !== undefined && effect.state === 'signed') {
    const rows = await sql.query(
      `update ${table} set state = 'signed', transaction_id = $2, error = $3 where ${id} = $1 and state = $4 returning 1`,
      [subject, signing, error, unsigned],
    )
    if (rows.length === 0)
      throw new Error(`The ${effect.kind} ${subject} is not ${unsigned}: it may not be signed again.`)
    return
  }
  if (effect.kind === 'funding' && effect.adopted !== undefined) return applyAdoption({ sql, effect })
  if (effect.kind === 'refund' && effect.foreignHash !== undefined) {
    await sql.query('update refunds set foreign_hash = $2 where id = $1', [subject, effect.foreignHash])
  }
  const from = effect.kind === 'funding' ? (effect.from ?? null) : null
  // A row that becomes unsigned again is free for another transaction. What a transaction does not carry any more, it does not
  // change either.
  const changed = await sql.query(
    `update ${table} set state = $2, error = $3, transaction_id = case when $2 = $4 then null else transaction_id end
     where ${id} = $1 and ($5::text is null or state = $5) and ($6::text is null or transaction_id = $6) returning 1`,
    [subject, effect.state, error, unsigned, from, of ?? null],
  )
  if (changed.length > 0 && effect.kind === 'settlement' && isPayersFault(effect)) {
    await markDepositsOnly({ sql, callId: effect.callId })
  }
}

/**
 * Binds a funding to the log that brought it, or lets go of it.
 *
 * @throws AlreadyDone where the funding is not in the state expected, or the log is explained: by a transaction of ours, or as
 * another funding.
 */
async function applyAdoption({
  sql,
  effect: { id, state, from, error, adopted },
}: {
  sql: Sql
  effect: Extract<Effect, { kind: 'funding' }>
}): Promise<void> {
  const rows = await sql.query(
    `update fundings f set state = $2, error = $4, transaction_id = null, adopted_hash = $5, adopted_log_index = $6,
       adopted_block = $7
     where f.id = $1 and f.state = $3
       and not exists (select 1 from transactions t where t.hash = $5)
       and not exists (select 1 from replaced_bytes r where r.hash = $5)
       and not exists (select 1 from fundings o where o.network = f.network and o.adopted_hash = $5 and o.adopted_log_index = $6)
     returning 1`,
    [
      id,
      state,
      from ?? null,
      error ?? null,
      adopted?.transactionHash ?? null,
      adopted?.logIndex ?? null,
      adopted?.blockNumber.toString() ?? null,
    ],
  )
  if (rows.length === 0) throw new AlreadyDone()
}

/** The channel's balance row, by the channel's id. */
const OF_CHANNEL = 'from channels c where c.id = $1 and b.account_id = c.account_id'

async function applyToChannel({
  sql,
  effect,
  nowMs,
}: {
  sql: Sql
  effect: ChannelEffect
  nowMs: number
}): Promise<void> {
  if (effect.kind === 'channel-claimed') {
    // What was charged after the claim was signed stays unclaimed; when exactly is not kept, so from now on. A claim of what has been
    // written off since is for reconciliation to find.
    await sql.query(
      `update balances b set claimed = greatest(b.claimed, least($2::numeric, b.debits_posted - b.refunds_posted)),
         unclaimed_since_ms =
         case when $2::numeric >= b.debits_posted - b.refunds_posted then null else $3::bigint end ${OF_CHANNEL}`,
      [effect.id, effect.claimedAtomic.toString(), nowMs],
    )
  } else if (effect.kind === 'channel-unclaimed') {
    await sql.query(
      `update balances b set claimed = greatest(0, b.claimed - $2::numeric),
         unclaimed_since_ms = coalesce(b.unclaimed_since_ms, $3::bigint) ${OF_CHANNEL}`,
      [effect.id, effect.deltaAtomic.toString(), nowMs],
    )
  } else if (effect.kind === 'channel-refunded') {
    await sql.query(
      `update balances b set refund_nonce = greatest(b.refund_nonce, $2::numeric) ${OF_CHANNEL}`,
      [effect.id, effect.refundNonce.toString()],
    )
  } else {
    await sql.query(`update balances b set withdraw_requested_at = $2::bigint ${OF_CHANNEL}`, [
      effect.id,
      effect.requestedAt,
    ])
  }
}

/**
 * Applies effects inside the caller's transaction, in the order given.
 *
 * @param signing the transaction that is being signed: rows that become `signed` are bound to it.
 * @param of the transaction that these effects follow from: only rows that it carries change their state.
 * @throws Error where a row that is to be signed was signed already.
 */
export async function applyEffects({
  sql,
  effects,
  nowMs,
  signing,
  of,
}: {
  sql: Sql
  effects: readonly Effect[]
  nowMs: number
  signing?: string
  of?: string | undefined
}): Promise<void> {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'funding':
      case 'settlement':
      case 'refund':
        await applyState({ sql, effect, signing, of })
        break
      case 'channel-opened':
        await openChannel({ sql, id: effect.id, network: effect.network, config: effect.config, atMs: nowMs })
        break
      case 'claim-passed-over':
        await sql.query('delete from claims where transaction_id = $1 and channel_id = $2', [
          effect.transactionId,
          effect.id,
        ])
        break
      case 'channel-claimed':
      case 'channel-unclaimed':
      case 'channel-refunded':
      case 'channel-withdrawing':
        await applyToChannel({ sql, effect, nowMs })
        break
    }
  }
}
