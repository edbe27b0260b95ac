import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { isPayersFault } from '../../../src/storage/books/deposits-only.ts'
import type { Effect } from '../../../src/settlement/types.ts'
import { openChannel } from './admit.ts'
import { putBalance } from './balances.ts'
import type { BalanceRow, Tables } from './tables.ts'

type StateEffect = Extract<Effect, { kind: 'funding' | 'settlement' | 'refund' }>

const subjectOf = (effect: StateEffect) => (effect.kind === 'settlement' ? effect.callId : effect.id)

/** Thrown to take a commit back that somebody else has made already. */
export class AlreadyDone extends Error {}

/** The state from which a row of each kind may be signed. */
const UNSIGNED = { funding: 'reserved', settlement: 'due', refund: 'held' } as const

type IntentRow = { readonly state: string; readonly transactionId?: string; readonly error?: string }

function intents(tables: Tables, kind: StateEffect['kind']): Map<string, IntentRow> {
  if (kind === 'funding') return tables.fundings
  return kind === 'settlement' ? tables.settlements : tables.refunds
}

/** Whose effects are applied: the transaction that is being signed, or the one that they follow from. */
export type By = { readonly signing?: string; readonly of?: string | undefined }

/** From now on this call's payer is served from what it has paid in advance, in every ledger. */
function markDepositsOnly(tables: Tables, callId: string): void {
  const account = ACCOUNTS.receivable(tables.admissions.get(callId)?.payer.id ?? '')
  for (const row of tables.balances.values()) {
    if (row.account === account) putBalance(tables, { ...row, depositsOnly: true })
  }
}

function applyState(tables: Tables, effect: StateEffect, { signing, of }: By): void {
  const rows = intents(tables, effect.kind)
  const id = subjectOf(effect)
  const row = rows.get(id)
  const unsigned = UNSIGNED[effect.kind]
  if (signing !== undefined && effect.state === 'signed') {
    if (row?.state !== unsigned)
      throw new Error(`The ${effect.kind} ${id} is not ${unsigned}: it may not be signed again.`)
    tables.journal.put(rows, id, { ...row, state: 'signed', transactionId: signing })
    return
  }
  if (effect.kind === 'funding' && effect.adopted !== undefined) return adopt(tables, effect)
  if (!row || (of !== undefined && row.transactionId !== of)) return
  if (effect.kind === 'funding' && effect.from !== undefined && row.state !== effect.from) return
  const { error: _error, transactionId, ...rest } = row
  const bound = effect.state === unsigned || transactionId === undefined ? {} : { transactionId }
  const error = effect.error === undefined ? {} : { error: effect.error }
  const foreign =
    effect.kind === 'refund' && effect.foreignHash !== undefined ? { foreignHash: effect.foreignHash } : {}
  tables.journal.put(rows, id, { ...rest, ...bound, ...foreign, ...error, state: effect.state })
  if (effect.kind === 'settlement' && isPayersFault(effect)) markDepositsOnly(tables, effect.callId)
}

/** Binds a funding to the log that brought it, or lets go of it. @throws AlreadyDone where that log is explained. */
function adopt(tables: Tables, effect: Extract<Effect, { kind: 'funding' }>): void {
  const { id, state, from, error, adopted } = effect
  const row = tables.fundings.get(id)
  const isExplained =
    adopted &&
    ([...tables.transactions.values()].some(({ hash }) => hash === adopted.transactionHash) ||
      tables.replacedBytes.has(adopted.transactionHash) ||
      [...tables.fundings.values()].some(
        ({ adopted: other }) =>
          other?.transactionHash === adopted.transactionHash && other.logIndex === adopted.logIndex,
      ))
  if (!row || row.state !== from || isExplained) throw new AlreadyDone()
  const { error: _error, transactionId: _transaction, adopted: _adopted, ...rest } = row
  tables.journal.put(tables.fundings, id, {
    ...rest,
    state,
    ...(error === undefined ? {} : { error }),
    ...(adopted ? { adopted } : {}),
  })
}

function withChannel(tables: Tables, id: string, change: (row: BalanceRow) => Partial<BalanceRow>): void {
  const row = tables.balances.get(tables.channels.get(id)?.key ?? '')
  if (row) putBalance(tables, { ...row, ...change(row) })
}

const most = (a: bigint, b: bigint) => (a > b ? a : b)
const least = (a: bigint, b: bigint) => (a < b ? a : b)

/** Applies effects inside a commit, in the order given. */
export function applyEffects(tables: Tables, effects: readonly Effect[], nowMs: number, by: By = {}): void {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'funding':
      case 'settlement':
      case 'refund':
        applyState(tables, effect, by)
        break
      case 'channel-opened':
        openChannel(tables, effect)
        break
      case 'channel-claimed':
        withChannel(tables, effect.id, (row) => ({
          claimed: most(row.claimed, least(effect.claimedAtomic, row.debitsPosted - row.refundsPosted)),
          unclaimedSinceMs: effect.claimedAtomic >= row.debitsPosted - row.refundsPosted ? undefined : nowMs,
        }))
        break
      case 'channel-unclaimed':
        withChannel(tables, effect.id, (row) => ({
          claimed: most(0n, row.claimed - effect.deltaAtomic),
          unclaimedSinceMs: row.unclaimedSinceMs ?? nowMs,
        }))
        break
      case 'claim-passed-over':
        tables.journal.remove(tables.claims, `${effect.transactionId} ${effect.id}`)
        break
      case 'channel-refunded':
        withChannel(tables, effect.id, (row) => ({ refundNonce: most(row.refundNonce, effect.refundNonce) }))
        break
      case 'channel-withdrawing':
        withChannel(tables, effect.id, () => ({ withdrawRequestedAt: effect.requestedAt }))
        break
    }
  }
}
