import { gasPaid } from '../ledger/entries.ts'
import { BATCH_SETTLEMENT } from '../payment/contracts.ts'
import type { Address } from '../payment/types.ts'
import { type Consequence, consequencesOf } from './consequences.ts'
import type { SettlementDependencies } from './dependencies.ts'
import type { Receipt } from './ports.ts'
import type { Purpose, TransactionRow, TransactionState } from './types.ts'

/**
 * W5 and W6 of one transaction: looks for its receipt, and records what it means. Without a receipt the stored bytes are sent
 * again: the nonce makes that harmless. Safe to call at any time, any number of times.
 *
 * @returns the state that the transaction has now.
 */
export async function confirmTransaction({
  transaction,
  dependencies,
}: {
  transaction: TransactionRow
  dependencies: SettlementDependencies
}): Promise<TransactionState> {
  const { reader, sender } = dependencies.chainOf(transaction.lane.network)
  const receipt = await reader.getReceipt(transaction.hash)
  if (!receipt) {
    await sender.broadcast(transaction.raw)
    return transaction.state
  }
  const mined = asMined({ transaction, receipt, dependencies })
  if (transaction.state === 'signed') {
    const error = failureOf({ transaction: mined, receipt, dependencies })
    if (error !== undefined) return recordFailed({ transaction, receipt, error, dependencies })
    await record({ transaction: mined, from: 'signed', to: 'seen', receipt, dependencies })
  }
  if (receipt.blockNumber > (await reader.getFinalBlock())) return 'seen'
  await record({ transaction: mined, from: 'seen', to: 'final', receipt, dependencies })
  return 'final'
}

/**
 * A settle pays out whatever is booked when it is mined: claims that are not final yet as well, and nothing where somebody else
 * has called it before (anybody may). Its amount is what arrived.
 */
function asMined({
  transaction,
  receipt,
  dependencies,
}: {
  transaction: TransactionRow
  receipt: Receipt
  dependencies: SettlementDependencies
}): TransactionRow {
  const { purpose } = transaction
  if (purpose.kind !== 'settle') return transaction
  const amount = arrivedAt({ recipient: dependencies.payTo, asset: purpose.asset, receipt }).toString()
  return { ...transaction, purpose: { ...purpose, amount } }
}

const arrivedAt = ({ recipient, asset, receipt }: { recipient: Address; asset: Address; receipt: Receipt }) =>
  receipt.transfers
    .filter(({ token, to }) => token === asset && to === recipient)
    .reduce((sum, { value }) => sum + value, 0n)

/** Why a mined transaction did not do what it was for; undefined where it did. Only Transfer logs count as paid. */
function failureOf({
  transaction,
  receipt,
  dependencies,
}: {
  transaction: TransactionRow
  receipt: Receipt
  dependencies: SettlementDependencies
}): string | undefined {
  if (receipt.status === 'reverted') return 'reverted'
  const recipient = recipientOf({ purpose: transaction.purpose, transaction, dependencies })
  if (!recipient || transaction.purpose.kind === 'claim') return undefined
  const arrived = arrivedAt({ recipient, asset: transaction.purpose.asset, receipt })
  return arrived > 0n && arrived === BigInt(transaction.purpose.amount) ? undefined : 'transfer_missing'
}

function recipientOf({
  purpose,
  transaction,
  dependencies,
}: {
  purpose: Purpose
  transaction: TransactionRow
  dependencies: SettlementDependencies
}): Address | undefined {
  switch (purpose.kind) {
    case 'deposit':
      return BATCH_SETTLEMENT
    case 'exact':
      return dependencies.chainOf(transaction.lane.network).sender.lanes.till.address
    case 'channel-refund':
    case 'credit-refund':
      return purpose.payer
    case 'upto':
    case 'settle':
    case 'sweep':
      return dependencies.payTo
    case 'claim':
      return undefined
  }
}

async function record({
  transaction,
  from,
  to,
  receipt,
  dependencies,
}: {
  transaction: TransactionRow
  from: 'signed' | 'seen'
  to: 'seen' | 'final'
  receipt: Receipt
  dependencies: SettlementDependencies
}): Promise<void> {
  const consequence = consequencesOf({ transaction, error: '' })[to]
  const gas = to === 'seen' ? [gasOf({ transaction, receipt })] : []
  await commit({ transaction, from, to, receipt, consequence, gas, dependencies })
  dependencies.reach(to)
}

async function recordFailed({
  transaction,
  receipt,
  error,
  dependencies,
}: {
  transaction: TransactionRow
  receipt: Receipt
  error: string
  dependencies: SettlementDependencies
}): Promise<'failed'> {
  const consequence = consequencesOf({ transaction, error }).failed
  const gas = [gasOf({ transaction, receipt })]
  await commit({ transaction, from: 'signed', to: 'failed', receipt, consequence, gas, error, dependencies })
  return 'failed'
}

async function commit({
  transaction,
  from,
  to,
  receipt,
  consequence,
  gas,
  error,
  dependencies,
}: {
  transaction: TransactionRow
  from: TransactionState
  to: TransactionState
  receipt: Receipt
  consequence: Consequence
  gas: readonly ReturnType<typeof gasPaid>[]
  error?: string
  dependencies: SettlementDependencies
}): Promise<void> {
  await dependencies.store.commit({
    transaction: {
      id: transaction.id,
      from: [from],
      to,
      blockNumber: receipt.blockNumber,
      blockHash: receipt.blockHash,
      gasUsed: receipt.gasUsed,
      effectiveGasPriceWei: receipt.effectiveGasPriceWei,
      ...(error === undefined ? {} : { error }),
    },
    entries: [...consequence.entries, ...gas],
    effects: consequence.effects,
  })
}

function gasOf({ transaction, receipt }: { transaction: TransactionRow; receipt: Receipt }) {
  const amountWei = receipt.gasUsed * receipt.effectiveGasPriceWei + receipt.l1FeeWei
  const { network, role } = transaction.lane
  return gasPaid({ network, lane: role, transactionId: transaction.id, amountWei })
}
