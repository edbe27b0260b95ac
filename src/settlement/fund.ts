import type { CallPayment, Hex } from '../payment/types.ts'
import { adoptPayment } from './confirm/adopt.ts'
import type { SettlementDependencies } from './dependencies.ts'
import { fundingOf } from './funding-of.ts'
import { hostedOf, lookForHosted, submitHosted } from './hosted.ts'
import { confirmTransaction } from './confirm/confirm.ts'
import { sendTransaction } from './send/send.ts'
import type { Effect, FundingRow } from './types.ts'

export type FundOutcome =
  /** `isRepeat` where an earlier request had brought it; `isTopUp` where that was for credit, and no call. */
  | {
      readonly kind: 'funded'
      readonly transaction: Hex
      readonly fundingId: string
      readonly isRepeat?: true
      readonly isTopUp?: true
    }
  /** The chain would not take it, or it reverted: nothing was moved. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Sent, or being sent by somebody else, and not known yet: never ask for another payment. */
  | { readonly kind: 'pending'; readonly transaction?: Hex }

export type Fund = (request: {
  payment: CallPayment
  /** `exact` that brings credit and buys no call. */
  isTopUp?: boolean
  dependencies: SettlementDependencies
}) => Promise<FundOutcome>

/** How long a caller waits for its funding to be mined before it is told `pending`. */
const FUNDING_WAIT_MS = 30_000
/** A failed funding that is shown again this soon is looked for on chain once more: an RPC's logs may lag. */
const LOOK_AGAIN_MS = 300_000

/**
 * F1 to F3: brings a deposit or an `exact` payment on chain before a call is served. Each step is durable before the
 * next, so that the sweep can finish what a crash cut short; money that arrives without a call stays credit or channel
 * balance.
 */
export const fund: Fund = async ({ payment, isTopUp = false, dependencies }) => {
  const { store, clock } = dependencies
  const wanted = { ...fundingOf({ payment, id: dependencies.newId() }), ...(isTopUp ? { isTopUp } : {}) }
  const { isNew, funding } = await store.reserveFunding(wanted)
  if (!isNew) {
    const known = await knownFunding({ funding, dependencies })
    return known.kind === 'funded' ? { ...known, isRepeat: true } : known
  }
  dependencies.reach('funding-reserved')
  // The row is durable, so from here on the sweep may bring it on chain: whatever fails now, the payer must not be told to pay
  // again. Not even an error may leave.
  const sent = await sendFunding({ funding, dependencies }).catch((): FundOutcome => ({ kind: 'pending' }))
  if (sent.kind !== 'pending') return sent

  const deadlineMs = clock.nowMs() + FUNDING_WAIT_MS
  while (clock.nowMs() < deadlineMs) {
    const outcome = await lookAtFunding({ fundingId: funding.id, dependencies }).catch(() => sent)
    if (outcome.kind !== 'pending') return outcome
    await clock.sleep(dependencies.pollMs)
  }
  return sent
}

/** The same payment again: what its row says, after another look where it seemed to have failed. */
async function knownFunding({
  funding,
  dependencies,
}: {
  funding: FundingRow
  dependencies: SettlementDependencies
}): Promise<FundOutcome> {
  const isFresh = dependencies.clock.nowMs() - funding.atMs < LOOK_AGAIN_MS
  if (funding.state !== 'failed' || !isFresh) return outcomeOf(funding)
  return concludeFailed({ funding, reason: funding.error ?? 'reverted', dependencies })
}

/**
 * F2: signs and sends the funding's transaction; also the recovery of a funding that was only reserved. Where a facilitator submits it,
 * nothing is signed: the row stays reserved until the money is seen.
 *
 * @param byOurselves a facilitator has had its time.
 */
export async function sendFunding({
  funding,
  byOurselves = false,
  dependencies,
}: {
  funding: FundingRow
  byOurselves?: boolean
  dependencies: SettlementDependencies
}): Promise<FundOutcome> {
  const hosted = byOurselves ? undefined : hostedOf({ funding, dependencies })
  if (hosted) {
    const answer = await submitHosted({ funding, hosted, dependencies })
    if (answer.kind === 'asked') return { kind: 'pending' }
    if (answer.kind === 'refused') return refuseFunding({ funding, reason: answer.reason, dependencies })
  }
  const chain = dependencies.chainOf(funding.network)
  const call = funding.kind === 'deposit' ? chain.calldata.deposit(funding) : chain.calldata.exact(funding)
  const sent = await sendTransaction({
    lane: chain.sender.lanes.signer,
    call,
    purpose: {
      kind: funding.kind,
      fundingId: funding.id,
      asset: funding.asset,
      payer: funding.payer,
      amount: funding.amountAtomic.toString(),
      ...(funding.channel ? { channelId: funding.channel.id } : {}),
    },
    effects: [{ kind: 'funding', id: funding.id, state: 'signed' }],
    dependencies,
  })
  if (sent.kind === 'sent') return { kind: 'pending', transaction: sent.transaction.hash }
  if (sent.kind === 'unknown') return { kind: 'pending' }
  return refuseFunding({ funding, reason: sent.reason, dependencies })
}

/**
 * Gives a funding up that was never signed. Somebody else may have signed it meanwhile (the sweep, or the request itself): then
 * the chain's refusal was about a payment that is made already, and what counts is the row.
 */
export async function refuseFunding({
  funding,
  reason,
  dependencies,
}: {
  funding: FundingRow
  reason: string
  dependencies: SettlementDependencies
}): Promise<FundOutcome> {
  const { store } = dependencies
  const failed: Effect = { kind: 'funding', id: funding.id, state: 'failed', error: reason, from: 'reserved' }
  await store.commit({ entries: [], effects: [failed] })
  const row = await store.getFunding(funding.id)
  if (row?.state !== 'failed') return row ? outcomeOf(row) : { kind: 'failed', reason }
  return concludeFailed({ funding: row, reason, dependencies })
}

/** The chain did not take it from us. Before the payer is told so: has its money come by another way? */
async function concludeFailed({
  funding,
  reason,
  dependencies,
}: {
  funding: FundingRow
  reason: string
  dependencies: SettlementDependencies
}): Promise<FundOutcome> {
  if (!MAY_BE_PAID.has(reason)) return { kind: 'failed', reason }
  await adoptPayment({ funding, dependencies })
  // Whoever looked at the same moment may have been the one to adopt it: the row says.
  const row = await dependencies.store.getFunding(funding.id)
  return row ? outcomeOf(row) : { kind: 'failed', reason }
}

/** Refusals behind which the payment may have been made already. The others say that it was not. */
const MAY_BE_PAID: ReadonlySet<string> = new Set([
  'nonce_used',
  'reverted',
  'transfer_missing',
  'expired',
  'authorization_expired',
  'nonce_taken',
  'deposit_not_collected',
  'facilitator_refused',
])

/** Looks for the funding's receipt once, and says what the row says then. */
async function lookAtFunding({
  fundingId,
  dependencies,
}: {
  fundingId: string
  dependencies: SettlementDependencies
}): Promise<FundOutcome> {
  const { store } = dependencies
  const row = await store.getFunding(fundingId)
  if (row?.state === 'reserved') await lookForHosted({ funding: row, dependencies })
  if (row?.state === 'signed' && row.transactionId !== undefined) {
    const transaction = await store.getTransaction(row.transactionId)
    if (transaction) await confirmTransaction({ transaction, dependencies })
  }
  const after = await store.getFunding(fundingId)
  if (after?.state === 'failed')
    return concludeFailed({ funding: after, reason: after.error ?? 'reverted', dependencies })
  return after ? outcomeOf(after) : { kind: 'pending' }
}

function outcomeOf(row: FundingRow): FundOutcome {
  const transaction = row.transactionHash
  if (row.state === 'failed' || row.state === 'lapsed')
    return { kind: 'failed', reason: row.error ?? 'reverted' }
  if ((row.state === 'seen' || row.state === 'final') && transaction)
    return { kind: 'funded', transaction, fundingId: row.id, ...(row.isTopUp ? { isTopUp: true } : {}) }
  return { kind: 'pending', ...(transaction ? { transaction } : {}) }
}
