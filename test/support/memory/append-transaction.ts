import type { SettlementStore } from '../../../src/settlement/ports.ts'
import type { Purpose, TransactionRow } from '../../../src/settlement/types.ts'
import { LaneTakenError } from '../../../src/storage/settling/append-transaction.ts'
import { putBalance } from './balances.ts'
import { OPEN_STATES } from './open-states.ts'
import { isBeingClaimed } from './claims.ts'
import { applyEffects } from './effects.ts'
import { atomically, type Tables } from './tables.ts'

type Request = Parameters<SettlementStore['appendTransaction']>[0]
type ClaimRow = { readonly channelId: string; readonly totalClaimed: string; readonly delta: string }

function claimRowsOf(purpose: Purpose): readonly ClaimRow[] {
  if (purpose.kind === 'claim') return purpose.rows
  if (purpose.kind !== 'channel-refund' || BigInt(purpose.claimDelta) <= 0n) return []
  const { channelId, totalClaimed, claimDelta: delta } = purpose
  return [{ channelId, totalClaimed, delta }]
}

/** One claim of a channel at a time, over what is claimed by now. */
function insertClaim(tables: Tables, transactionId: string, row: ClaimRow): void {
  const { channelId } = row
  const balance = tables.balances.get(tables.channels.get(channelId)?.key ?? '')
  if (
    !balance ||
    isBeingClaimed(tables, channelId) ||
    balance.claimed + BigInt(row.delta) !== BigInt(row.totalClaimed)
  )
    throw new Error(`The channel ${channelId} is being claimed by another transaction.`)
  putBalance(tables, { ...balance, publishedMax: balance.voucherMax })
  tables.journal.put(tables.claims, `${transactionId} ${channelId}`, {
    transactionId,
    channelId,
    totalClaimed: BigInt(row.totalClaimed),
  })
}

function demandOnlySweep(tables: Tables, asset: string): void {
  const isSwept = [...tables.transactions.values()].some(
    ({ purpose, state }) => purpose.kind === 'sweep' && purpose.asset === asset && OPEN_STATES.has(state),
  )
  if (isSwept) throw new Error(`The till's ${asset} is being swept by another transaction.`)
}

function append(
  tables: Tables,
  request: Request,
  nonce: number,
  signed: Pick<TransactionRow, 'raw' | 'hash'>,
): TransactionRow {
  const { id, lane, purpose, effects, atMs, maxCostWei } = request
  const begin = { state: 'signed', replaced: [], wasSeen: false } as const
  const row: TransactionRow = { id, lane, nonce, purpose, ...signed, ...begin, signedAtMs: atMs }
  return atomically(tables, () => {
    applyEffects(tables, effects, atMs, { signing: id })
    for (const claim of claimRowsOf(purpose)) insertClaim(tables, id, claim)
    if (purpose.kind === 'sweep') demandOnlySweep(tables, purpose.asset)
    tables.journal.put(tables.transactions, id, row)
    tables.journal.put(tables.costs, id, { maxCostWei })
    const firstNonce = tables.lanes.get(lane.address)?.firstNonce ?? nonce
    const { network } = lane
    tables.journal.put(tables.lanes, lane.address, { network, firstNonce, nextNonce: nonce + 1 })
    return row
  })
}

/** W4: nonce, bytes and effects in one commit; a transaction that exists under this id is returned as it is. */
export async function appendTransaction(tables: Tables, request: Request): Promise<TransactionRow> {
  const { id, lane, firstNonce } = request
  const nextNonce = () => tables.lanes.get(lane.address)?.nextNonce ?? firstNonce
  for (;;) {
    const nonce = nextNonce()
    if (firstNonce > nonce) throw new LaneTakenError(lane)
    const existing = tables.transactions.get(id)
    if (existing) return existing
    const signed = await request.sign(nonce)
    // The lane is not locked while its key signs, so whoever comes second signs again.
    if (nextNonce() === nonce && !tables.transactions.has(id)) return append(tables, request, nonce, signed)
  }
}
