import type { Hex } from '../../../src/payment/types.ts'
import type { SettlementStore } from '../../../src/settlement/ports.ts'
import type { SettlementCommit, TransactionRow } from '../../../src/settlement/types.ts'
import { atomically, type Tables } from './tables.ts'

/** Hashes of a transaction's earlier bytes, newest first. */
function replacedOf(tables: Tables, transactionId: string): readonly Hex[] {
  return [...tables.replacedBytes.entries()]
    .filter(([, bytes]) => bytes.transactionId === transactionId)
    .sort(([a, { atMs: aMs }], [b, { atMs: bMs }]) => bMs - aMs || (a < b ? -1 : 1))
    .map(([hash]) => hash as Hex)
}

/** Moves a transaction to its next state inside a commit. @returns false where a guard does not hold. */
export function moveTransaction(tables: Tables, move: NonNullable<SettlementCommit['transaction']>): boolean {
  const row = tables.transactions.get(move.id)
  if (!row || !move.from.includes(row.state)) return false
  if (move.wasSeen !== undefined && row.wasSeen !== move.wasSeen) return false
  const { blockNumber: _number, blockHash: _hash, ...rest } = row
  const { to: state, hash, blockNumber, blockHash, gasUsed, effectiveGasPriceWei } = move
  const block = {
    ...(blockNumber === undefined ? {} : { blockNumber }),
    ...(blockHash === undefined ? {} : { blockHash }),
  }
  const moved: TransactionRow = { ...rest, ...block, state, wasSeen: row.wasSeen || state === 'seen' }
  tables.journal.put(tables.transactions, row.id, moved)
  const maxCostWei = tables.costs.get(row.id)?.maxCostWei ?? 0n
  const isPaid = gasUsed !== undefined && effectiveGasPriceWei !== undefined
  const paid = isPaid ? { paidWei: gasUsed * effectiveGasPriceWei } : {}
  tables.journal.put(tables.costs, row.id, { maxCostWei, ...paid })
  if (hash !== undefined && hash !== row.hash) swapBytes(tables, moved, hash)
  return true
}

/** The earlier bytes take the row's place, the row's go among the replaced. */
function swapBytes(tables: Tables, row: TransactionRow, hash: Hex): void {
  const mined = tables.replacedBytes.get(hash)
  if (mined?.transactionId !== row.id) return
  tables.journal.remove(tables.replacedBytes, hash)
  tables.journal.put(tables.replacedBytes, row.hash, {
    transactionId: row.id,
    raw: row.raw,
    atMs: mined.atMs,
  })
  const replaced = replacedOf(tables, row.id)
  tables.journal.put(tables.transactions, row.id, { ...row, hash, raw: mined.raw, replaced })
}

/** Stores bytes with a higher fee in the place of a signed transaction's, and keeps the earlier ones. */
export function replaceBytes(
  tables: Tables,
  { id, hash, by, maxCostWei, atMs }: Parameters<SettlementStore['replaceBytes']>[0],
): boolean {
  const row = tables.transactions.get(id)
  if (row?.hash !== hash || row.state !== 'signed') return false
  return atomically(tables, () => {
    tables.journal.put(tables.replacedBytes, hash, { transactionId: id, raw: row.raw, atMs })
    const replaced = replacedOf(tables, id)
    tables.journal.put(tables.transactions, id, { ...row, ...by, replaced, signedAtMs: atMs })
    tables.journal.put(tables.costs, id, { ...tables.costs.get(id), maxCostWei })
    return true
  })
}
