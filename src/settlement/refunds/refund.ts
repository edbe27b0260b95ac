import { channelRefundFailed } from '../../ledger/entries.ts'
import { type Atomic, picoUsdToAtomic } from '../../lib/money.ts'
import type { Address, Hex, Network } from '../../payment/types.ts'
import { claimRowOf } from '../collect.ts'
import { confirmTransaction } from '../confirm/confirm.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import { eachRow } from '../each-row.ts'
import { sendTransaction } from '../send/send.ts'
import type { IdleCredit, Refund } from '../types.ts'

const PASS = 50
const REFUND_WAIT_MS = 30_000
/**
 * Credit that has just arrived belongs to the call that brought it, which is admitted in a second step. Were it sent back between
 * the two, the caller would be asked to pay again.
 */
const ADMISSION_GRACE_MS = 10_000

export type ChannelRefund =
  | { readonly kind: 'refunded' | 'pending'; readonly transaction?: Hex; readonly amountAtomic: Atomic }
  | { readonly kind: 'busy' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Closes or shrinks a channel at its payer's wish: claims what was charged and refunds the rest, in one transaction. The refund
 * is held against the channel first, so that no call can spend it meanwhile.
 */
export async function refundChannel({
  network,
  asset,
  payer,
  channelId,
  amountAtomic,
  dependencies,
}: {
  network: Network
  asset: Address
  payer: Address
  channelId: Hex
  amountAtomic?: Atomic
  dependencies: SettlementDependencies
}): Promise<ChannelRefund> {
  const { due, store, clock, newId } = dependencies
  const wish = amountAtomic === undefined ? {} : { amountAtomic }
  const held = await due.holdRefund({
    id: newId(),
    kind: 'channel',
    network,
    asset,
    payer,
    channelId,
    ...wish,
    atMs: clock.nowMs(),
  })
  if (held.kind !== 'held') return held
  const { refund } = held
  dependencies.reach('refund-held')
  // The refund is durable: where sending it fails now, the sweep sends it later.
  const sent = await sendChannelRefund({ refund, dependencies }).catch((): Sent => ({ kind: 'sent' }))
  if (sent.kind === 'failed') return sent

  const deadlineMs = clock.nowMs() + REFUND_WAIT_MS
  while (sent.transactionId !== undefined && clock.nowMs() < deadlineMs) {
    const transaction = await store.getTransaction(sent.transactionId)
    if (!transaction) break
    const state = await confirmTransaction({ transaction, dependencies })
    if (state === 'seen' || state === 'final') {
      return { kind: 'refunded', transaction: transaction.hash, amountAtomic: refund.amountAtomic }
    }
    if (state === 'failed' || state === 'reverted') return { kind: 'failed', reason: 'reverted' }
    await clock.sleep(dependencies.pollMs)
  }
  return { kind: 'pending', amountAtomic: refund.amountAtomic }
}

type Sent =
  | { readonly kind: 'sent'; readonly transactionId?: string }
  | { readonly kind: 'failed'; readonly reason: string }

/** Signs and sends a held channel refund; also its recovery after a crash. */
async function sendChannelRefund({
  refund,
  dependencies,
}: {
  refund: Refund
  dependencies: SettlementDependencies
}): Promise<Sent> {
  const { network, asset, payer, channelId, amountAtomic } = refund
  const chain = dependencies.chainOf(network)
  const channel = channelId && (await dependencies.due.getChannelForClaim({ network, channelId }))
  if (!channelId || !channel) return { kind: 'failed', reason: 'channel_unknown' }
  const [onChain] = await chain.reader.readChannels([channelId])
  const refundNonce = onChain?.refundNonce ?? 0n
  const claimDelta = channel.chargedAtomic - channel.claimedAtomic - channel.claimingAtomic
  // One claim of a channel at a time: the sweep sends this refund once the claim under way is mined.
  if (claimDelta > 0n && channel.claimingAtomic > 0n) return { kind: 'sent' }
  const outcome = await sendTransaction({
    lane: chain.sender.lanes.signer,
    call: chain.calldata.channelRefund({
      ...(claimDelta > 0n ? { claim: claimRowOf(channel) } : {}),
      config: channel.config,
      channelId,
      amountAtomic,
      refundNonce,
    }),
    purpose: {
      kind: 'channel-refund',
      refundId: refund.id,
      asset,
      payer,
      channelId,
      amount: amountAtomic.toString(),
      totalClaimed: channel.chargedAtomic.toString(),
      claimDelta: claimDelta.toString(),
      refundNonce: refundNonce.toString(),
    },
    effects: [{ kind: 'refund', id: refund.id, state: 'signed' }],
    dependencies,
  })
  if (outcome.kind === 'sent') return { kind: 'sent', transactionId: outcome.transaction.id }
  if (outcome.kind === 'unknown') return { kind: 'sent' }
  const failed = channelRefundFailed({ refundId: refund.id, channelId, network, asset, amountAtomic })
  const { reason } = outcome
  await dependencies.store.commit({
    entries: [failed],
    effects: [{ kind: 'refund', id: refund.id, state: 'failed', error: reason }],
  })
  return { kind: 'failed', reason }
}

/** Holds refunds for credit that its payer leaves lying: at once where it is much, later where it is worth its gas. */
export async function holdIdleCredit({
  network,
  dependencies,
}: {
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const { due, clock, newId } = dependencies
  for (const credit of await due.listIdleCredit({ network, limit: PASS })) {
    if (!isWorthRefunding({ credit, nowMs: clock.nowMs(), dependencies })) continue
    const { asset, payer } = credit
    await due.holdRefund({ id: newId(), kind: 'credit', network, asset, payer, atMs: clock.nowMs() })
  }
}

function isWorthRefunding({
  credit,
  nowMs,
  dependencies,
}: {
  credit: IdleCredit
  nowMs: number
  dependencies: SettlementDependencies
}): boolean {
  const { policy } = dependencies
  const decimals = policy.decimalsOf(credit)
  const atLeast = (amountPicoUsd: bigint) =>
    credit.availableAtomic >= picoUsdToAtomic({ amountPicoUsd, decimals })
  const idleMs = nowMs - credit.lastMovedAtMs
  if (atLeast(policy.refundAtOncePicoUsd(credit.network))) return idleMs >= ADMISSION_GRACE_MS
  return atLeast(policy.refundLaterPicoUsd(credit.network)) && idleMs >= policy.refundAfterMs
}

/** Sends refunds that are held: the till's transfers, and channel refunds that a crash cut short. */
export async function sendRefunds({
  network,
  dependencies,
}: {
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const { due, chainOf, clock } = dependencies
  const chain = chainOf(network)
  const minimumAgeMs = 2_000
  await eachRow(await due.listRefunds({ network, states: ['held'], limit: PASS }), async (refund) => {
    if (refund.kind === 'channel') {
      // Its own request is probably sending it at this moment; only one that was left behind is ours.
      if (clock.nowMs() - refund.atMs > REFUND_WAIT_MS + minimumAgeMs)
        await sendChannelRefund({ refund, dependencies })
      return
    }
    const { asset, payer, amountAtomic, feeAtomic } = refund
    await sendTransaction({
      lane: chain.sender.lanes.till,
      call: chain.calldata.transfer({ asset, to: payer, amountAtomic }),
      purpose: {
        kind: 'credit-refund',
        refundId: refund.id,
        asset,
        payer,
        amount: amountAtomic.toString(),
        ...(feeAtomic === undefined ? {} : { fee: feeAtomic.toString() }),
      },
      effects: [{ kind: 'refund', id: refund.id, state: 'signed' }],
      dependencies,
    })
  })
}
