import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Address, Hex } from '../../payment/types.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import type { Receipt } from '../ports.ts'
import type { Purpose, TransactionRow } from '../types.ts'

/** A mined transaction with the amounts that it really moved, and why it did not do what it was for. */
export type Judgement = {
  readonly transaction: TransactionRow
  /** Absent where it did. */
  readonly error?: 'reverted' | 'transfer_missing' | 'claim_missing'
  /** Channels of which somebody else's transaction had claimed a part before, or all. */
  readonly claimedBefore: readonly Hex[]
  /** Those of which it was all: the contract passed over their rows. */
  readonly passedOver: readonly ClaimPart[]
  /** What an issuer that takes a fee kept of what was to arrive with us. */
  readonly feeAtomic: bigint
}

type ClaimPart = { readonly channelId: Hex; readonly totalClaimed: string; readonly delta: string }

type Subject = {
  readonly transaction: TransactionRow
  readonly receipt: Receipt
  readonly dependencies: SettlementDependencies
}

/**
 * Only what the chain says happened counts: Transfer logs of the token between the right addresses, of exactly the amount, and
 * the channel contract's own word on each claimed channel. A status of success alone is worth nothing.
 */
export function judgeReceipt({ transaction, receipt, dependencies }: Subject): Judgement {
  const asked = claimsOf(transaction.purpose)
  const none = { claimedBefore: [], passedOver: [], feeAtomic: 0n }
  if (receipt.status === 'reverted') return { transaction, error: 'reverted', ...none }
  const added = new Map(asked.map(({ channelId }) => [channelId, addedTo(channelId, receipt)]))
  const claims = {
    claimedBefore: asked
      .filter(({ channelId, delta }) => added.get(channelId) !== BigInt(delta))
      .map(({ channelId }) => channelId),
    passedOver: asked.filter(({ channelId }) => added.get(channelId) === 0n),
  }
  const purpose = withClaims({ purpose: transaction.purpose, added })
  if (purpose.kind === 'claim') {
    if (purpose.rows.length === 0) return { transaction, error: 'claim_missing', ...none, ...claims }
    return { transaction: { ...transaction, purpose }, ...claims, feeAtomic: 0n }
  }
  // These move no token of ours: that they were mined is all that they are for.
  if (purpose.kind === 'approval' || purpose.kind === 'gas-gift') return { transaction, ...none }
  const moved = movementOf({ transaction, purpose, receipt, dependencies })
  // A settle pays out whatever is booked when it is mined: claims that are not final yet as well, and nothing where somebody else
  // has called it before (anybody may).
  const amount = purpose.kind === 'settle' ? moved.leftAtomic : BigInt(purpose.amount)
  if (!isPaid({ purpose, amount, ...moved }))
    return { transaction, error: 'transfer_missing', ...none, ...claims }
  return {
    transaction: { ...transaction, purpose: { ...purpose, amount: amount.toString() } },
    ...claims,
    feeAtomic: isOursToBear(purpose) ? amount - moved.arrivedAtomic : 0n,
  }
}

/** What a transaction was to claim of each channel. */
export function claimsOf(purpose: Purpose): readonly ClaimPart[] {
  if (purpose.kind === 'claim') return purpose.rows
  if (purpose.kind !== 'channel-refund' || BigInt(purpose.claimDelta) === 0n) return []
  const { channelId, totalClaimed, claimDelta: delta } = purpose
  return [{ channelId, totalClaimed, delta }]
}

const addedTo = (channelId: Hex, { claims }: Receipt) =>
  claims
    .filter((claim) => claim.channelId === channelId)
    .reduce((sum, { addedAtomic }) => sum + addedAtomic, 0n)

/** The claims with what they really added; rows that the contract passed over are left out. */
function withClaims({ purpose, added }: { purpose: Purpose; added: ReadonlyMap<Hex, bigint> }): Purpose {
  const deltaOf = (channelId: Hex) => (added.get(channelId) ?? 0n).toString()
  if (purpose.kind === 'channel-refund') return { ...purpose, claimDelta: deltaOf(purpose.channelId) }
  if (purpose.kind !== 'claim') return purpose
  const rows = purpose.rows.map((row) => ({ ...row, delta: deltaOf(row.channelId) }))
  return { ...purpose, rows: rows.filter(({ delta }) => delta !== '0') }
}

/** Those that move tokens. */
type MovingPurpose = Exclude<Purpose, { kind: 'approval' | 'gas-gift' }>
type Movement = { readonly leftAtomic: bigint; readonly arrivedAtomic: bigint }

/** What left the one and arrived at the other: less where an issuer takes a fee (Tether's contract can). */
function movementOf({
  transaction: { lane },
  purpose,
  receipt,
  dependencies,
}: Subject & { purpose: MovingPurpose }): Movement {
  const till = dependencies.chainOf(lane.network).sender.lanes.till.address
  const { from, to } = sidesOf({ purpose, till, payTo: dependencies.payTo })
  const sumOf = (side: 'from' | 'to', address: Address) =>
    receipt.transfers
      .filter((transfer) => transfer.token === purpose.asset && transfer[side] === address)
      .reduce((sum, { value }) => sum + value, 0n)
  const [left, arrivedAtomic] = [sumOf('from', from), sumOf('to', to)]
  return { leftAtomic: arrivedAtomic > 0n && left > arrivedAtomic ? left : arrivedAtomic, arrivedAtomic }
}

/** A payment is made where it left in full; of a deposit the contract counts only what arrives. */
const isPaid = ({
  purpose,
  amount,
  leftAtomic,
  arrivedAtomic,
}: Movement & { purpose: Purpose; amount: bigint }) =>
  arrivedAtomic > 0n && (purpose.kind === 'deposit' ? arrivedAtomic : leftAtomic) === amount

/** What our payers pay and what we collect is booked in full; of a refund its payer bears what the token takes. */
const isOursToBear = ({ kind }: Purpose) => kind !== 'channel-refund' && kind !== 'credit-refund'

function sidesOf({ purpose, till, payTo }: { purpose: MovingPurpose; till: Address; payTo: Address }): {
  readonly from: Address
  readonly to: Address
} {
  switch (purpose.kind) {
    case 'deposit':
      return { from: purpose.payer, to: BATCH_SETTLEMENT }
    case 'exact':
      return { from: purpose.payer, to: till }
    case 'upto':
      return { from: purpose.payer, to: payTo }
    case 'channel-refund':
      return { from: BATCH_SETTLEMENT, to: purpose.payer }
    case 'credit-refund':
      return { from: till, to: purpose.payer }
    case 'settle':
    case 'claim':
      return { from: BATCH_SETTLEMENT, to: payTo }
    case 'sweep':
      return { from: till, to: payTo }
  }
}
