import type { SettlementDependencies } from '../dependencies.ts'
import { GAS_DAY_MS, gasRefusal, maxCostWeiOf } from './gas-policy.ts'
import type { Calldata } from '../ports.ts'
import type { Effect, Lane, Purpose, TransactionRow } from '../types.ts'

export type SendOutcome =
  /** Signed and stored; whether the chain has it is for confirm to find out. */
  | { readonly kind: 'sent'; readonly transaction: TransactionRow }
  /** The chain would revert it now: nothing was signed. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The chain could not be asked, or gas is not worth it now: nothing was signed, and nothing is known of the payment. */
  | { readonly kind: 'unknown'; readonly reason: string }

/**
 * Simulates, prices, signs, stores, then broadcasts (W4). The bytes are durable before they leave the process, so any later
 * doubt is settled by sending the same bytes again.
 *
 * @param isUrgent money would be lost by waiting for cheaper gas.
 */
export async function sendTransaction({
  lane,
  call,
  purpose,
  effects,
  isUrgent = false,
  dependencies,
}: {
  lane: Lane
  call: Calldata
  purpose: Purpose
  effects: readonly Effect[]
  isUrgent?: boolean
  dependencies: SettlementDependencies
}): Promise<SendOutcome> {
  const { store, lanes, policy, clock, newId } = dependencies
  const { network } = lane
  const { sender } = dependencies.chainOf(network)
  const heldBack = (reason: string): SendOutcome => {
    dependencies.notice({ network, kind: 'held-back', purpose: purpose.kind, reason })
    return { kind: 'unknown', reason }
  }
  // A claim moves nothing yet.
  const { asset } = purpose
  if (!isUrgent && purpose.kind !== 'claim' && dependencies.isSuspended({ network, asset }))
    return heldBack('token_suspended')
  const prepared = await sender.prepare({ lane, call })
  if (!prepared.ok)
    return prepared.unknown ? heldBack(prepared.reason) : { kind: 'refused', reason: prepared.reason }
  const spentWei = await lanes.getGasSpent({ network, sinceMs: clock.nowMs() - GAS_DAY_MS })
  const refusal = gasRefusal({ prepared, purpose, network, spentWei, isUrgent, policy })
  if (refusal !== undefined) return heldBack(refusal)
  const transaction = await store.appendTransaction({
    id: newId(),
    lane,
    firstNonce: await sender.getNonce(lane),
    purpose,
    effects,
    atMs: clock.nowMs(),
    maxCostWei: maxCostWeiOf(prepared),
    sign: (nonce) => sender.sign({ lane, nonce, prepared }),
  })
  dependencies.reach('signed')
  await sender.broadcast(transaction.raw)
  dependencies.reach('broadcast')
  return { kind: 'sent', transaction }
}
