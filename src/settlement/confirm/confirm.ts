import { LIMITS } from '../../lib/limits.ts'
import { consequencesOf } from './consequences.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import { judgeReceipt } from './judge-receipt.ts'
import { giveUp, type Mined, noticeOf, recordStep } from './record-step.ts'
import { resend } from '../send/resend.ts'
import type { TransactionRow, TransactionState } from '../types.ts'

type Subject = { readonly transaction: TransactionRow; readonly dependencies: SettlementDependencies }

/**
 * W5 and W6 of one transaction: looks for the receipt of any of its bytes, and records what it means. Without one the stored
 * bytes are sent again: the nonce makes that harmless. Safe to call at any time, any number of times.
 *
 * @returns the state that the transaction has now.
 */
export async function confirmTransaction({ transaction, dependencies }: Subject): Promise<TransactionState> {
  // Before the receipt: a block that is final now cannot be another one by the time the receipt is read.
  const finalBlock = await dependencies.chainOf(transaction.lane.network).reader.getFinalBlock()
  const mined = await findMined({ transaction, dependencies })
  return mined
    ? follow({ transaction, mined, finalBlock, dependencies })
    : unmined({ transaction, finalBlock, dependencies })
}

/** All steps that a receipt allows, each in its own commit. */
async function follow({
  transaction,
  mined,
  finalBlock,
  dependencies,
}: Subject & { mined: Mined; finalBlock: bigint }): Promise<TransactionState> {
  const judgement = judgeReceipt({ transaction, receipt: mined.receipt, dependencies })
  const good = judgement.error === undefined
  const isDeep = mined.receipt.blockNumber <= finalBlock
  const step = (from: TransactionState, to: Exclude<TransactionState, 'signed'>) =>
    recordStep({ judgement, from, to, mined, dependencies })

  let state = transaction.state
  // Another block, another outcome: back to the beginning first.
  if ((state === 'seen' && !good) || (state === 'reverted' && good)) {
    state = await walkBack({ transaction, dependencies })
  }
  // What was booked as seen is taken back only when nothing can bring it back.
  if (state === 'signed' && !good && transaction.wasSeen && !isDeep) return state
  if (state === 'signed') state = await step('signed', good ? 'seen' : 'reverted')
  if (!isDeep) return state
  if (state === 'seen') return step('seen', 'final')
  return state === 'reverted' ? step('reverted', 'failed') : state
}

/** The receipt of whichever of its bytes a block has. */
async function findMined({ transaction, dependencies }: Subject): Promise<Mined | undefined> {
  const { reader } = dependencies.chainOf(transaction.lane.network)
  for (const hash of [transaction.hash, ...transaction.replaced]) {
    const receipt = await reader.getReceipt(hash)
    if (receipt) return { receipt, hash }
  }
  return undefined
}

/** In no block: sent again, or taken back where it was in one. */
async function unmined({
  transaction,
  finalBlock,
  dependencies,
}: Subject & { finalBlock: bigint }): Promise<TransactionState> {
  const { reader } = dependencies.chainOf(transaction.lane.network)
  if (transaction.state === 'signed') {
    if (isLapsed({ transaction, dependencies }))
      return giveUp({ transaction, error: 'approval_lapsed', dependencies })
    const isUsed = (await resend({ transaction, finalBlock, dependencies })) === 'nonce-used'
    return isUsed ? concludeUsed({ transaction, finalBlock, dependencies }) : 'signed'
  }
  // An RPC that is behind has not seen the block yet; that is no reorganisation.
  const { number } = await reader.getHead()
  if (number < (transaction.blockNumber ?? 0n)) return transaction.state
  const state = await walkBack({ transaction, dependencies })
  dependencies.reach('walked-back')
  await resend({ transaction: { ...transaction, state }, finalBlock, dependencies })
  return state
}

/** Of payers' own transactions: their fees may be too low for ever, and they must not be sent for ever. */
const isLapsed = ({ transaction: { lane, signedAtMs }, dependencies: { clock } }: Subject) =>
  lane.role === 'payer' && clock.nowMs() - signedAtMs > LIMITS.sponsoredApprovalMs

async function walkBack({ transaction, dependencies }: Subject): Promise<'signed'> {
  const consequence = consequencesOf({ transaction, error: '', availableAtomic: 0n }).walkedBack
  await dependencies.store.commit({
    transaction: { id: transaction.id, from: [transaction.state], to: 'signed' },
    ...consequence,
  })
  noticeOf({ transaction, kind: 'walked-back', dependencies })
  return 'signed'
}

/**
 * A final block has used its nonce, perhaps for it: it may have been mined since its receipt was asked for, or with bytes that were
 * signed since its row was read. Only when neither is so was it somebody else's transaction.
 */
async function concludeUsed({
  transaction: { id },
  finalBlock,
  dependencies,
}: Subject & { finalBlock: bigint }): Promise<TransactionState> {
  const transaction = await dependencies.store.getTransaction(id)
  if (transaction?.state !== 'signed') return transaction?.state ?? 'signed'
  const mined = await findMined({ transaction, dependencies })
  return mined
    ? follow({ transaction, mined, finalBlock, dependencies })
    : giveUp({ transaction, dependencies })
}
