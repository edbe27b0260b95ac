import type { Effect } from '../settlement/types.ts'
import type { Sql } from './database.ts'
import { openChannel } from './open-channel.ts'

type StateEffect = Extract<Effect, { kind: 'funding' | 'settlement' | 'refund' }>
type ChannelEffect = Exclude<Effect, StateEffect | { kind: 'channel-opened' }>

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
}: {
  sql: Sql
  effect: StateEffect
  signing?: string | undefined
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
  const from = effect.kind === 'funding' ? (effect.from ?? null) : null
  // A row that becomes unsigned again is free for another transaction.
  await sql.query(
    `update ${table} set state = $2, error = $3, transaction_id = case when $2 = $4 then null else transaction_id end
     where ${id} = $1 and ($5::text is null or state = $5)`,
    [subject, effect.state, error, unsigned, from],
  )
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
    // What was charged after the claim was signed stays unclaimed; when exactly is not kept, so from now on.
    await sql.query(
      `update balances b set claimed = greatest(b.claimed, $2::numeric), unclaimed_since_ms =
         case when $2::numeric >= b.debits_posted - b.refunds_posted then null else $3::bigint end ${OF_CHANNEL}`,
      [effect.id, effect.claimedAtomic.toString(), nowMs],
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
 * @throws Error where a row that is to be signed was signed already.
 */
export async function applyEffects({
  sql,
  effects,
  nowMs,
  signing,
}: {
  sql: Sql
  effects: readonly Effect[]
  nowMs: number
  signing?: string
}): Promise<void> {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'funding':
      case 'settlement':
      case 'refund':
        await applyState({ sql, effect, signing })
        break
      case 'channel-opened':
        await openChannel({ sql, id: effect.id, network: effect.network, config: effect.config, atMs: nowMs })
        break
      case 'channel-claimed':
      case 'channel-refunded':
      case 'channel-withdrawing':
        await applyToChannel({ sql, effect, nowMs })
        break
    }
  }
}
