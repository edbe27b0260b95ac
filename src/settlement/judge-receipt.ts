import { BATCH_SETTLEMENT } from '../payment/contracts.ts'
import type { Address, Hex } from '../payment/types.ts'
import type { SettlementDependencies } from './dependencies.ts'
import type { Receipt } from './ports.ts'
import type { TransactionRow } from './types.ts'

/** A mined transaction with the amounts that it really moved, and why it did not do what it was for. */
export type Judgement = {
  readonly transaction: TransactionRow
  /** Absent where it did. */
  readonly error?: 'reverted' | 'transfer_missing' | 'claim_missing'
  /** Channels of a claim that the contract passed over: it had claimed as much of them before. */
  readonly passedOver?: readonly Hex[]
}

/**
 * Only what the chain says happened counts: Transfer logs of the token to the right address, of exactly the amount, and the
 * channel contract's own word on each claimed channel. A status of success alone is worth nothing.
 */
export function judgeReceipt({
  transaction,
  receipt,
  dependencies,
}: {
  transaction: TransactionRow
  receipt: Receipt
  dependencies: SettlementDependencies
}): Judgement {
  const mined = asMined({ transaction, receipt, payTo: dependencies.payTo })
  if (receipt.status === 'reverted') return { transaction, error: 'reverted' }
  const { purpose } = mined
  if (purpose.kind === 'claim') {
    if (purpose.rows.length === 0) return { transaction, error: 'claim_missing' }
    return { transaction: mined, passedOver: passedOver({ asked: transaction, mined }) }
  }
  if (purpose.kind === 'channel-refund' && !isBooked({ ...purpose, delta: purpose.claimDelta }, receipt))
    return { transaction, error: 'claim_missing' }
  const recipient = recipientOf({ transaction: mined, dependencies })
  const arrived = arrivedAt({ recipient, asset: purpose.asset, receipt })
  const isPaid = arrived > 0n && arrived === BigInt(purpose.amount)
  return isPaid ? { transaction: mined } : { transaction, error: 'transfer_missing' }
}

/**
 * A settle pays out whatever is booked when it is mined: claims that are not final yet as well, and nothing where somebody else
 * has called it before (anybody may). Of a claim, the rows that the contract passed over are left out.
 */
function asMined({
  transaction,
  receipt,
  payTo,
}: {
  transaction: TransactionRow
  receipt: Receipt
  payTo: Address
}): TransactionRow {
  const { purpose } = transaction
  if (purpose.kind === 'settle') {
    const amount = arrivedAt({ recipient: payTo, asset: purpose.asset, receipt }).toString()
    return { ...transaction, purpose: { ...purpose, amount } }
  }
  if (purpose.kind !== 'claim') return transaction
  const rows = purpose.rows.filter((row) => isBooked(row, receipt))
  return { ...transaction, purpose: { ...purpose, rows } }
}

function passedOver({ asked, mined }: { asked: TransactionRow; mined: TransactionRow }): readonly Hex[] {
  if (asked.purpose.kind !== 'claim' || mined.purpose.kind !== 'claim') return []
  const booked = new Set(mined.purpose.rows.map(({ channelId }) => channelId))
  return asked.purpose.rows.map(({ channelId }) => channelId).filter((id) => !booked.has(id))
}

const isBooked = (row: { readonly channelId: string; readonly delta: string }, receipt: Receipt) =>
  BigInt(row.delta) === 0n ||
  receipt.claims.some(
    ({ channelId, addedAtomic }) => channelId === row.channelId && addedAtomic === BigInt(row.delta),
  )

const arrivedAt = ({ recipient, asset, receipt }: { recipient: Address; asset: Address; receipt: Receipt }) =>
  receipt.transfers
    .filter(({ token, to }) => token === asset && to === recipient)
    .reduce((sum, { value }) => sum + value, 0n)

function recipientOf({
  transaction: { purpose, lane },
  dependencies,
}: {
  transaction: TransactionRow
  dependencies: SettlementDependencies
}): Address {
  switch (purpose.kind) {
    case 'deposit':
      return BATCH_SETTLEMENT
    case 'exact':
      return dependencies.chainOf(lane.network).sender.lanes.till.address
    case 'channel-refund':
    case 'credit-refund':
      return purpose.payer
    case 'upto':
    case 'settle':
    case 'sweep':
    case 'claim':
      return dependencies.payTo
  }
}
