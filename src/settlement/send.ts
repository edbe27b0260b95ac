import type { SettlementDependencies } from './dependencies.ts'
import type { Calldata } from './ports.ts'
import type { Effect, Lane, Purpose, TransactionRow } from './types.ts'

export type SendOutcome =
  /** Signed and stored; whether the chain has it is for confirm to find out. */
  | { readonly kind: 'sent'; readonly transaction: TransactionRow }
  /** The chain would revert it now: nothing was signed. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The chain could not be asked: nothing was signed. */
  | { readonly kind: 'unknown' }

/**
 * Simulates, signs, stores, then broadcasts (W4). The bytes are durable before they leave the process, so any later
 * doubt is settled by sending the same bytes again.
 */
export async function sendTransaction({
  lane,
  call,
  purpose,
  effects,
  dependencies,
}: {
  lane: Lane
  call: Calldata
  purpose: Purpose
  effects: readonly Effect[]
  dependencies: SettlementDependencies
}): Promise<SendOutcome> {
  const { store, clock, newId } = dependencies
  const { sender } = dependencies.chainOf(lane.network)
  const prepared = await sender.prepare({ lane, call })
  if (!prepared.ok)
    return prepared.unknown ? { kind: 'unknown' } : { kind: 'refused', reason: prepared.reason }
  const transaction = await store.appendTransaction({
    id: newId(),
    lane,
    firstNonce: await sender.getNonce(lane),
    purpose,
    effects,
    atMs: clock.nowMs(),
    sign: (nonce) => sender.sign({ lane, nonce, prepared }),
  })
  dependencies.reach('broadcast')
  await sender.broadcast(transaction.raw)
  return { kind: 'sent', transaction }
}
