import { LIMITS } from '../../lib/limits.ts'
import type { Atomic } from '../../lib/money.ts'
import type { Asset, Address, Network, SponsoredApproval } from '../../payment/types.ts'
import type { ApprovalChain, ApprovalStore, SignedApproval } from './approval-ports.ts'
import { confirmTransaction } from '../confirm/confirm.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import { GAS_DAY_MS, maxCostWeiOf } from '../send/gas-policy.ts'
import { judgeApproval, judgeFacts } from './judge-approval.ts'
import type { Prepared } from '../ports.ts'
import type { TransactionRow, TransactionState } from '../types.ts'

export type ApprovalOutcome =
  /** A block has it: Permit2 may move what the payment needs. `isRepeat`: it was taken before, and may have been used up since. */
  | { readonly kind: 'approved'; readonly isRepeat: boolean }
  /** Nothing was sent for it now, or it came to nothing. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It is on its way, or another one of this payer is. */
  | { readonly kind: 'pending' }
  /** The chain could not be asked, or our lane cannot send. */
  | { readonly kind: 'unknown' }

type Order = {
  readonly payment: { readonly network: Network; readonly asset: Asset; readonly payer: Address }
  readonly approval: SponsoredApproval
  readonly neededAtomic: Atomic
}

export type SponsorApproval = (order: Order) => Promise<ApprovalOutcome>

type World = {
  /** Gifts of gas on each network within 24 hours. */
  readonly perDay: number
  readonly store: ApprovalStore
  readonly approvalsOf: (network: Network) => ApprovalChain
  readonly dependencies: SettlementDependencies
}

type Good = Order & World & { readonly signed: SignedApproval }

const refused = (reason: string): ApprovalOutcome => ({ kind: 'refused', reason })

/**
 * Brings a payer's own signed `approve` of Permit2 on chain before its payment: gives the payer the coins for the gas where it has too
 * few, and sends the payer's bytes once these are there. Both transactions are rows, written in one commit before either leaves, so that
 * the sweep finishes what a crash cut short, and neither is ever made twice.
 *
 * What the payer does with the coins nobody can rule out: they are few, a payer who spends them otherwise gets none again, and a day has
 * so many and no more.
 */
export function createApprovalSponsor(world: World): SponsorApproval {
  return async (order) => {
    const { network, asset, payer } = order.payment
    const signed = await world.approvalsOf(network).read(order.approval.raw)
    if (!signed) return refused('approval_unreadable')
    const { neededAtomic } = order
    const fault = judgeApproval({ approval: signed, network, asset: asset.address, payer, neededAtomic })
    if (fault !== undefined) return refused(fault)
    const known = await world.store.findApproval({ network, payer, nonce: signed.nonce })
    if (known) return resume({ known, ...order, ...world, signed })
    return begin({ ...order, ...world, signed })
  }
}

/**
 * One with this nonce was taken before. Calls that a payer makes at the same time carry the same approval, or the same at other fees:
 * the first is the one for all of them, and coins are given once.
 */
function resume({ known, signed, payment, dependencies }: Good & { known: TransactionRow }) {
  const { purpose, state } = known
  const isOver = state === 'failed' || state === 'reverted'
  if (isOver) {
    const reason = known.hash === signed.hash ? 'approval_failed' : 'approval_nonce_given_up'
    return Promise.resolve(refused(reason))
  }
  const isOfToken = purpose.kind === 'approval' && purpose.asset === payment.asset.address
  if (!isOfToken) return Promise.resolve<ApprovalOutcome>({ kind: 'pending' })
  return follow({ id: known.id, giftId: purpose.giftId, isRepeat: true, dependencies })
}

async function begin(good: Good): Promise<ApprovalOutcome> {
  const { payment, signed, store, perDay, approvalsOf, neededAtomic, dependencies } = good
  const { network, payer } = payment
  const asset = payment.asset.address
  const { clock, newId } = dependencies
  if (dependencies.isSuspended({ network, asset })) return refused('token_suspended')
  const facts = await approvalsOf(network).weigh(signed)
  const fault = judgeFacts({ approval: signed, facts })
  if (fault !== undefined) return refused(fault)
  const missingWei = facts.requiredWei - facts.coinWei
  const gift = missingWei > 0n ? await prepareGift({ ...good, wei: missingWei }) : undefined
  if (gift && gift.kind !== 'prepared') return gift

  const atMs = clock.nowMs()
  const outcome = await store.appendApproval({
    approval: {
      id: newId(),
      network,
      payer,
      nonce: signed.nonce,
      raw: signed.raw,
      hash: signed.hash,
      purpose: {
        kind: 'approval',
        asset,
        payer,
        amount: neededAtomic.toString(),
        ...(gift ? { giftId: gift.order.id } : {}),
      },
    },
    ...(gift ? { gift: gift.order } : {}),
    atMs,
    sinceMs: atMs - GAS_DAY_MS,
    most: { onNetwork: perDay, toPayer: LIMITS.approvalsPerPayer },
  })
  if (outcome.kind === 'busy') {
    const known = await store.findApproval({ network, payer, nonce: signed.nonce })
    return known ? resume({ known, ...good }) : { kind: 'pending' }
  }
  if (outcome.kind === 'refused') return outcome
  dependencies.reach('signed')
  if (outcome.gift) {
    await dependencies.chainOf(network).sender.broadcast(outcome.gift.raw)
    dependencies.reach('broadcast')
  }
  return follow({ id: outcome.approval.id, giftId: outcome.gift?.id, isRepeat: false, dependencies })
}

type Gift = NonNullable<Parameters<ApprovalStore['appendApproval']>[0]['gift']>

/** A plain transfer of coins from the signer, within the day's budget of gas. */
async function prepareGift({
  payment: { network, asset, payer },
  wei,
  dependencies,
}: Good & { wei: bigint }): Promise<ApprovalOutcome | { kind: 'prepared'; order: Gift }> {
  const { lanes, policy, clock, newId } = dependencies
  const { sender } = dependencies.chainOf(network)
  const lane = sender.lanes.signer
  const call = { to: payer, data: '0x', valueWei: wei } as const
  const prepared: Prepared = await sender.prepare({ lane, call })
  const heldBack = (reason: string) =>
    dependencies.notice({ network, kind: 'held-back', purpose: 'gas-gift', reason })
  if (!prepared.ok && !prepared.unknown) return refused('approval_payer_has_code')
  if (!prepared.ok) {
    heldBack(prepared.reason)
    return { kind: 'unknown' }
  }
  const maxCostWei = maxCostWeiOf(prepared)
  const { maxPerDayWei } = policy.gasOf(network)
  const spentWei = await lanes.getGasSpent({ network, sinceMs: clock.nowMs() - GAS_DAY_MS })
  if (maxPerDayWei !== undefined && spentWei + maxCostWei > maxPerDayWei) {
    heldBack('gas_budget_spent')
    return refused('gas_budget_spent')
  }
  const order: Gift = {
    id: newId(),
    lane,
    firstNonce: await sender.getNonce(lane),
    purpose: { kind: 'gas-gift', asset: asset.address, payer, wei: wei.toString() },
    maxCostWei,
    sign: (nonce) => sender.sign({ lane, nonce, prepared }),
  }
  return { kind: 'prepared', order }
}

type Way = {
  readonly id: string
  readonly giftId: string | undefined
  readonly isRepeat: boolean
  readonly dependencies: SettlementDependencies
}

type Place = Pick<Way, 'id' | 'dependencies'>

/** Waits for the coins, then sends the approval and waits for it. Whatever is left undone the sweep does. */
async function follow({ id, giftId, isRepeat, dependencies }: Way): Promise<ApprovalOutcome> {
  const { clock, pollMs } = dependencies
  const deadlineMs = clock.nowMs() + LIMITS.approvalWaitMs
  for (;;) {
    const gift = giftId === undefined ? undefined : await lookAt({ id: giftId, dependencies })
    if (gift === 'failed' || gift === 'reverted') return { kind: 'unknown' }
    const state = gift === 'signed' ? 'signed' : await lookAt({ id, dependencies })
    if (state === 'seen' || state === 'final') return { kind: 'approved', isRepeat }
    if (state === 'failed' || state === 'reverted') return refused('approval_failed')
    if (gift !== 'signed' && (await isOvertaken({ id, dependencies }))) return refused('approval_overtaken')
    if (clock.nowMs() >= deadlineMs) return { kind: 'pending' }
    await clock.sleep(pollMs)
  }
}

async function lookAt({ id, dependencies }: Place): Promise<TransactionState> {
  const row = await dependencies.store.getTransaction(id)
  if (row?.state !== 'signed') return row?.state ?? 'failed'
  return confirmTransaction({ transaction: row, dependencies }).catch(() => row.state)
}

/** Another transaction of the payer has its nonce: it can never be mined, though only a final block makes that certain. */
async function isOvertaken({ id, dependencies }: Place): Promise<boolean> {
  const row = await dependencies.store.getTransaction(id)
  if (!row) return true
  const { sender } = dependencies.chainOf(row.lane.network)
  const next = await sender.getNonce(row.lane).catch(() => row.nonce)
  // It may have been mined a moment ago.
  return next > row.nonce && (await lookAt({ id, dependencies })) === 'signed'
}
