import { LIMITS } from '../../lib/limits.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import type { TransactionRow } from '../types.ts'

type Subject = { readonly transaction: TransactionRow; readonly dependencies: SettlementDependencies }

/** Rows of a lane that are sent again at once where the chain has lost them. */
const GAP_ROWS = 50

/**
 * Sends the stored bytes of a transaction that is in no block. Where it is the next of its lane and has waited too long, or its
 * fee is too low, the same call is signed again with a higher one; whatever stands before it is sent again as well.
 *
 * @returns `nonce-used` where a final block has used its nonce, for it or for another transaction.
 */
export async function resend({
  transaction,
  finalBlock,
  dependencies,
}: Subject & { finalBlock: bigint }): Promise<'sent' | 'nonce-used'> {
  const { lane, nonce, raw, signedAtMs } = transaction
  const { sender } = dependencies.chainOf(lane.network)
  const word = await sender.broadcast(raw)
  const isStale = dependencies.clock.nowMs() - signedAtMs >= LIMITS.replaceAfterMs
  if ((word === 'sent' || word === 'known') && !isStale) return 'sent'

  const next = await sender.getNonce(lane)
  if (next < nonce) await fillGap({ transaction, from: next, dependencies })
  // A payer's own bytes cannot be signed again here.
  const isOurs = lane.role !== 'payer'
  if (isOurs && next === nonce && (isStale || word === 'underpriced'))
    await replace({ transaction, dependencies })
  if (next <= nonce) return 'sent'
  const finalNonce = await sender.getNonce(lane, finalBlock)
  return finalNonce > nonce ? 'nonce-used' : 'sent'
}

/**
 * The chain waits for an earlier nonce. Every nonce was stored with its bytes, so a gap is a transaction that the chain has lost,
 * perhaps after it was final: its bytes are sent again.
 */
async function fillGap({ transaction, from, dependencies }: Subject & { from: number }): Promise<void> {
  const { lane, nonce } = transaction
  const { sender } = dependencies.chainOf(lane.network)
  const rows = await dependencies.lanes.listFromNonce({ lane, nonce: from, limit: GAP_ROWS })
  for (const row of rows) {
    if (row.nonce >= nonce) return
    // Open rows are looked after by themselves, in the order of nonces.
    if (row.state === 'final' || row.state === 'failed') await sender.broadcast(row.raw)
  }
}

/** Record, then act: the new bytes are stored beside the old ones before they leave. */
async function replace({ transaction, dependencies }: Subject): Promise<void> {
  const { id, lane, raw, hash, purpose } = transaction
  const { store, clock } = dependencies
  const { sender } = dependencies.chainOf(lane.network)
  const repriced = await sender.reprice({ lane, raw })
  if (!repriced) return
  const { signed, maxCostWei } = repriced
  const isOurs = await store.replaceBytes({ id, hash, by: signed, maxCostWei, atMs: clock.nowMs() })
  if (!isOurs) return
  dependencies.reach('replaced')
  dependencies.notice({ network: lane.network, kind: 'replaced', purpose: purpose.kind })
  await sender.broadcast(signed.raw)
}
