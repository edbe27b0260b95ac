import { ACCOUNTS, tokenLedger } from '../ledger/accounts.ts'
import { gasPaid } from '../ledger/entries.ts'
import { commitAdopting } from './adopt.ts'
import { consequencesOf } from './consequences.ts'
import type { SettlementDependencies } from './dependencies.ts'
import { type Judgement, judgeReceipt } from './judge-receipt.ts'
import type { Receipt } from './ports.ts'
import { resend } from './resend.ts'
import { settledByOthers } from './settled-by-others.ts'
import type { Purpose, SettlementCommit, TransactionRow, TransactionState } from './types.ts'

type Subject = { readonly transaction: TransactionRow; readonly dependencies: SettlementDependencies }
type Mined = { readonly receipt: Receipt; readonly hash: TransactionRow['hash'] }

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
    record({ judgement, from, to, mined, dependencies })

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

/** It can never be mined. */
async function giveUp({ transaction, dependencies }: Subject): Promise<'failed'> {
  const error = 'nonce_taken'
  const availableAtomic = await availableOf({ transaction, dependencies })
  const consequence = consequencesOf({ transaction, error, availableAtomic }).failed
  await dependencies.store.commit({
    transaction: { id: transaction.id, from: ['signed'], to: 'failed', error },
    ...consequence,
  })
  noticeOf({ transaction, kind: 'nonce-taken', dependencies })
  return 'failed'
}

/** One step of its life, in one commit with all that follows from it. Gas is booked with the last one, when it is known. */
async function record({
  judgement: { transaction, error, passedOver = [] },
  from,
  to,
  mined: { receipt, hash },
  dependencies,
}: {
  judgement: Judgement
  from: TransactionState
  to: Exclude<TransactionState, 'signed'>
  mined: Mined
  dependencies: SettlementDependencies
}): Promise<TransactionState> {
  const availableAtomic = to === 'failed' ? await availableOf({ transaction, dependencies }) : 0n
  const byOthers = to === 'failed' ? await settledByOthers({ transaction, dependencies }) : []
  const gas = to === 'final' || to === 'failed' ? [gasOf({ transaction, receipt })] : []
  const skipped = to === 'seen' ? passedOver : []
  const commitWith = (moreAtomic: bigint): SettlementCommit => {
    const given = { transaction, error: error ?? '', availableAtomic: availableAtomic + moreAtomic }
    const { entries, effects } = consequencesOf(given)[to]
    return {
      transaction: {
        id: transaction.id,
        from: [from],
        to,
        // What follows from a failure depends on it: a row that was seen meanwhile is looked at afresh.
        ...(error === undefined ? {} : { wasSeen: transaction.wasSeen, error }),
        hash,
        blockNumber: receipt.blockNumber,
        blockHash: receipt.blockHash,
        gasUsed: receipt.gasUsed,
        effectiveGasPriceWei: receipt.effectiveGasPriceWei,
      },
      entries: [...entries, ...byOthers, ...gas],
      effects: [
        ...effects,
        ...skipped.map((id) => ({ kind: 'claim-passed-over', transactionId: transaction.id, id }) as const),
      ],
    }
  }
  const isDone =
    (to === 'failed' && (await commitAdopting({ transaction, commitWith, dependencies }))) ||
    (await dependencies.store.commit(commitWith(0n)))
  if (to === 'reverted' && isDone) {
    noticeOf({
      transaction,
      kind: 'reverted',
      ...(error === undefined ? {} : { reason: error }),
      dependencies,
    })
  }
  if (to !== 'failed') dependencies.reach(to)
  return to
}

function gasOf({ transaction, receipt }: { transaction: TransactionRow; receipt: Receipt }) {
  const amountWei = receipt.gasUsed * receipt.effectiveGasPriceWei + receipt.l1FeeWei
  const { network, role } = transaction.lane
  return gasPaid({ network, lane: role, transactionId: transaction.id, amountWei })
}

/** What the account that a funding credited could still give back. */
async function availableOf({ transaction, dependencies }: Subject): Promise<bigint> {
  const { purpose, lane } = transaction
  const account = creditedAccount(purpose)
  if (account === undefined || !transaction.wasSeen) return 0n
  const ledger = tokenLedger({ network: lane.network, asset: purpose.asset })
  return dependencies.balances.getAvailable({ ledger, account })
}

function creditedAccount(purpose: Purpose): string | undefined {
  if (purpose.kind === 'exact') return ACCOUNTS.credit(purpose.payer)
  return purpose.kind === 'deposit' && purpose.channelId ? ACCOUNTS.channel(purpose.channelId) : undefined
}

function noticeOf({
  transaction,
  dependencies,
  ...notice
}: Subject & { kind: 'walked-back' | 'nonce-taken' | 'reverted'; reason?: string }): void {
  const { lane, purpose } = transaction
  dependencies.notice({ network: lane.network, purpose: purpose.kind, ...notice })
}
