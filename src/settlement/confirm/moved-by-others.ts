import { ACCOUNTS } from '../../ledger/accounts.ts'
import { claimFinal, settleFinal, tokenFee } from '../../ledger/entries.ts'
import type { Entry } from '../../ledger/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Hex } from '../../payment/types.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import type { ChannelMoves } from '../ports.ts'
import type { Effect, ForeignPayment, Purpose, TransactionRow } from '../types.ts'

/** What others' transactions have done, in final blocks, in the place of one of ours. */
export type ByOthers = {
  readonly entries: readonly Entry[]
  readonly effects: readonly Effect[]
  /** Of the transaction that made our refund. */
  readonly refundHash?: Hex
}

const NO_OTHERS: ByOthers = { entries: [], effects: [] }

type Place = {
  readonly transaction: TransactionRow
  readonly dependencies: SettlementDependencies
  /** The oldest moment that matters, in seconds since 1970. */
  readonly from: number
  /** Whether a log is in a final block and in none of our transactions. */
  readonly isForeign: (log: ForeignPayment) => Promise<boolean>
}

/**
 * Whoever sees one of our transactions may submit what it carries: `settle` is open to everybody, and claims and refunds of
 * channels are signatures that anybody may hand in. The money goes where it should all the same. That ours found less to do, or
 * nothing, is the sign that somebody else was faster: what their transactions have done is booked with it, one entry for each, and
 * one that was booked before has the same id.
 *
 * @param channels of which less was claimed than ours was to claim.
 * @param hasFailed ours did nothing at all.
 */
export async function movedByOthers({
  transaction,
  channels,
  hasFailed,
  dependencies,
}: {
  transaction: TransactionRow
  channels: readonly Hex[]
  hasFailed: boolean
  dependencies: SettlementDependencies
}): Promise<ByOthers> {
  const { purpose, lane, signedAtMs } = transaction
  const isRefund = hasFailed && purpose.kind === 'channel-refund'
  const isSettle = hasFailed && purpose.kind === 'settle'
  if (channels.length === 0 && !isRefund && !isSettle) return NO_OTHERS
  const finalBlock = await dependencies.chainOf(lane.network).reader.getFinalBlock()
  const place: Place = {
    transaction,
    dependencies,
    from: Math.floor(signedAtMs / 1_000) - LIMITS.adoptionSeconds,
    isForeign: async ({ blockNumber, transactionHash }) =>
      blockNumber <= finalBlock && !(await dependencies.lanes.isOurs(transactionHash)),
  }
  if (isSettle) return { entries: await settledByOthers(place), effects: [] }
  const claimed = await claimedByOthers({ channels, ...place })
  const refundHash = isRefund ? await refundedByOthers({ purpose, finalBlock, ...place }) : undefined
  return refundHash === undefined ? claimed : { ...claimed, refundHash }
}

async function settledByOthers({ transaction, dependencies, from, isForeign }: Place): Promise<Entry[]> {
  const { network } = transaction.lane
  const { asset } = transaction.purpose
  const entries: Entry[] = []
  for (const settle of await dependencies.chainOf(network).reader.findSettles({ asset, from })) {
    if (!(await isForeign(settle))) continue
    const { transactionHash, logIndex, amountAtomic } = settle
    const event = { network, asset, subject: `${transactionHash}:${logIndex}` }
    entries.push(settleFinal({ ...event, amountAtomic }))
    const feeAtomic =
      amountAtomic - (await arrivedOf({ transactionHash, amountAtomic, transaction, dependencies }))
    if (feeAtomic > 0n) entries.push(tokenFee({ ...event, amountAtomic: feeAtomic, account: ACCOUNTS.payTo }))
  }
  return entries
}

/** What of a stranger's settle arrived: less than it paid out where the token takes a fee. */
async function arrivedOf({
  transactionHash,
  amountAtomic,
  transaction: { lane, purpose },
  dependencies: { chainOf, payTo },
}: Pick<Place, 'transaction' | 'dependencies'> & {
  transactionHash: Hex
  amountAtomic: bigint
}): Promise<bigint> {
  const receipt = await chainOf(lane.network).reader.getReceipt(transactionHash)
  const arrivedAtomic = (receipt?.transfers ?? [])
    .filter(({ token, to }) => token === purpose.asset && to === payTo)
    .reduce((sum, { value }) => sum + value, 0n)
  return arrivedAtomic > 0n ? arrivedAtomic : amountAtomic
}

async function claimedByOthers({
  channels,
  transaction,
  dependencies,
  from,
  isForeign,
}: Place & { channels: readonly Hex[] }): Promise<ByOthers> {
  const { network } = transaction.lane
  const { asset } = transaction.purpose
  const entries: Entry[] = []
  const effects: Effect[] = []
  for (const id of channels) {
    const { claims } = await dependencies.chainOf(network).reader.findChannelMoves({ channelId: id, from })
    for (const [hash, logs] of Map.groupBy(claims, ({ transactionHash }) => transactionHash)) {
      const [first] = logs
      if (!first || !(await isForeign(first))) continue
      const amountAtomic = logs.reduce((sum, { addedAtomic }) => sum + addedAtomic, 0n)
      entries.push(claimFinal({ network, asset, amountAtomic, channelId: id, subject: hash }))
      for (const { totalClaimedAtomic } of logs)
        effects.push({ kind: 'channel-claimed', id, claimedAtomic: totalClaimedAtomic })
    }
  }
  return { entries, effects }
}

/** A refund's signature is for one nonce of its channel: where that is used up and ours was not it, the newest alike is the one. */
async function refundedByOthers({
  purpose: { channelId, amount, refundNonce },
  finalBlock,
  transaction,
  dependencies,
  from,
  isForeign,
}: Place & {
  purpose: Extract<Purpose, { kind: 'channel-refund' }>
  finalBlock: bigint
}): Promise<Hex | undefined> {
  const { reader } = dependencies.chainOf(transaction.lane.network)
  const [channel] = await reader.readChannels([channelId], finalBlock)
  if (!channel || channel.refundNonce <= BigInt(refundNonce)) return undefined
  const { refunds }: ChannelMoves = await reader.findChannelMoves({ channelId, from })
  for (const refund of refunds.toSorted((a, b) => Number(b.blockNumber - a.blockNumber)))
    if (refund.amountAtomic === BigInt(amount) && (await isForeign(refund))) return refund.transactionHash
  return undefined
}
