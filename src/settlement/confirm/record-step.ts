import { ACCOUNTS, tokenLedger } from '../../ledger/accounts.ts'
import { gasPaid, tokenFee } from '../../ledger/entries.ts'
import type { Entry } from '../../ledger/types.ts'
import { commitAdopting } from './adopt.ts'
import { consequencesOf, refundMadeByOthers } from './consequences.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import { claimsOf, type Judgement } from './judge-receipt.ts'
import { movedByOthers } from './moved-by-others.ts'
import type { Receipt } from '../ports.ts'
import type {
  AccountAtRest,
  Effect,
  Purpose,
  SettlementCommit,
  TransactionRow,
  TransactionState,
} from '../types.ts'

type Subject = { readonly transaction: TransactionRow; readonly dependencies: SettlementDependencies }

/** The receipt of whichever of its bytes a block has. */
export type Mined = { readonly receipt: Receipt; readonly hash: TransactionRow['hash'] }

type Step = {
  readonly judgement: Judgement
  readonly from: TransactionState
  readonly to: Exclude<TransactionState, 'signed'>
  readonly mined: Mined
  readonly dependencies: SettlementDependencies
}

/** One step of its life, in one commit with all that follows from it. Gas is booked with the last one, when it is known. */
export async function recordStep(step: Step): Promise<TransactionState> {
  const { judgement, from, to, mined, dependencies } = step
  const { transaction, error } = judgement
  const { blockNumber, blockHash, gasUsed, effectiveGasPriceWei } = mined.receipt
  const block = { hash: mined.hash, blockNumber, blockHash, gasUsed, effectiveGasPriceWei }
  // What follows from a failure depends on it: a row that was seen meanwhile is looked at afresh.
  const failure = error === undefined ? {} : { wasSeen: transaction.wasSeen, error }
  const move = { id: transaction.id, from: [from], to, ...failure, ...block }
  if (to === 'failed') {
    const isDone = await fail({ transaction, move, more: gasOf({ transaction, ...mined }), dependencies })
    return isDone ? to : from
  }
  const isDone = await dependencies.store.commit({ transaction: move, ...(await whatFollows(step)) })
  if (to === 'reverted' && isDone) {
    noticeOf({
      transaction,
      kind: 'reverted',
      ...(error === undefined ? {} : { reason: error }),
      dependencies,
    })
  }
  dependencies.reach(to)
  return to
}

/** It can never be mined; or is of no use any more. */
export async function giveUp({
  transaction,
  error = 'nonce_taken',
  dependencies,
}: Subject & { error?: 'nonce_taken' | 'approval_lapsed' }): Promise<TransactionState> {
  const move = { id: transaction.id, from: ['signed'], to: 'failed', error } as const
  const isDone = await fail({ transaction, move, more: [], dependencies })
  if (!isDone) return transaction.state
  if (error === 'nonce_taken') noticeOf({ transaction, kind: 'nonce-taken', dependencies })
  return 'failed'
}

/** Entries and effects of any step but a failure. */
async function whatFollows({
  judgement: { transaction, error, claimedBefore, passedOver, feeAtomic },
  to,
  mined,
  dependencies,
}: Step): Promise<Pick<SettlementCommit, 'entries' | 'effects'>> {
  const { entries, effects } = consequencesOf({ transaction, error: error ?? '', availableAtomic: 0n })[to]
  if (to === 'seen')
    return { entries, effects: [...effects, ...passedOver.flatMap(claimedElsewhere(transaction))] }
  if (to !== 'final') return { entries, effects }
  const others = await movedByOthers({
    transaction,
    channels: claimedBefore,
    hasFailed: false,
    dependencies,
  })
  const costs = [...gasOf({ transaction, ...mined }), ...feeOf({ transaction, feeAtomic })]
  return { entries: [...entries, ...others.entries, ...costs], effects: [...effects, ...others.effects] }
}

/** A row that the contract passed over: it had claimed as much of the channel before, and nothing of it by this transaction. */
const claimedElsewhere =
  ({ id: transactionId }: TransactionRow) =>
  ({ channelId: id, totalClaimed }: Judgement['passedOver'][number]): Effect[] => [
    { kind: 'claim-passed-over', transactionId, id },
    { kind: 'channel-claimed', id, claimedAtomic: BigInt(totalClaimed) },
  ]

/** The end of one that did nothing: taken back, or booked as what somebody else's transaction has done in its place. */
async function fail({
  transaction,
  move,
  more,
  dependencies,
}: Subject & {
  move: NonNullable<SettlementCommit['transaction']>
  more: SettlementCommit['entries']
}): Promise<boolean> {
  const channels = claimsOf(transaction.purpose).map(({ channelId }) => channelId)
  const others = await movedByOthers({ transaction, channels, hasFailed: true, dependencies })
  const atRest = await accountOf({ transaction, dependencies })
  const availableAtomic = atRest?.availableAtomic ?? 0n
  const commitWith = (moreAtomic: bigint): SettlementCommit => {
    const given = { transaction, error: move.error ?? '', availableAtomic: availableAtomic + moreAtomic }
    const { entries, effects } =
      others.refundHash === undefined
        ? consequencesOf(given).failed
        : refundMadeByOthers({ transaction, foreignHash: others.refundHash })
    return {
      transaction: move,
      entries: [...entries, ...others.entries, ...more],
      effects: [...effects, ...others.effects],
    }
  }
  if (await commitAdopting({ transaction, commitWith, dependencies })) return true
  // What was spent of it is counted once nothing of the account is on its way; until then the failure waits.
  return dependencies.store.commit({ ...commitWith(0n), ...(atRest ? { atRest } : {}) })
}

function feeOf({
  transaction: { id, lane, purpose },
  feeAtomic,
}: Pick<Judgement, 'transaction' | 'feeAtomic'>) {
  if (feeAtomic === 0n) return []
  const account = purpose.kind === 'exact' ? ACCOUNTS.till : ACCOUNTS.payTo
  const fee = { network: lane.network, asset: purpose.asset, transactionId: id, amountAtomic: feeAtomic }
  return [tokenFee({ ...fee, subject: id, account })]
}

/** What it cost the key that signed it, coins that it gave away included; a payer's own transaction costs us nothing. */
function gasOf({
  transaction,
  receipt,
}: {
  transaction: TransactionRow
  receipt: Receipt
}): readonly Entry[] {
  const { id: transactionId, purpose } = transaction
  const { network, role } = transaction.lane
  if (role === 'payer') return []
  const givenWei = purpose.kind === 'gas-gift' && receipt.status === 'success' ? BigInt(purpose.wei) : 0n
  const amountWei = receipt.gasUsed * receipt.effectiveGasPriceWei + receipt.l1FeeWei + givenWei
  return [gasPaid({ network, lane: role, transactionId, amountWei })]
}

/** The account that a funding was booked to, and what it could still give back. */
async function accountOf({ transaction, dependencies }: Subject): Promise<AccountAtRest | undefined> {
  const { purpose, lane } = transaction
  const account = creditedAccount(purpose)
  if (account === undefined || !transaction.wasSeen) return undefined
  const ledger = tokenLedger({ network: lane.network, asset: purpose.asset })
  const availableAtomic = await dependencies.balances.getAvailable({ ledger, account })
  return { ledger, account, availableAtomic }
}

function creditedAccount(purpose: Purpose): string | undefined {
  if (purpose.kind === 'exact') return ACCOUNTS.credit(purpose.payer)
  return purpose.kind === 'deposit' && purpose.channelId ? ACCOUNTS.channel(purpose.channelId) : undefined
}

export function noticeOf({
  transaction,
  dependencies,
  ...notice
}: Subject & { kind: 'walked-back' | 'nonce-taken' | 'reverted'; reason?: string }): void {
  const { lane, purpose } = transaction
  dependencies.notice({ network: lane.network, purpose: purpose.kind, ...notice })
}
