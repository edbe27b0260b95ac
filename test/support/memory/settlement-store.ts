import type { LaneStore, SettlementStore } from '../../../src/settlement/ports.ts'
import type { FundingRow, SettlementCommit, TransactionRow } from '../../../src/settlement/types.ts'
import { appendTransaction } from './append-transaction.ts'
import { isAtRest } from './at-rest.ts'
import { keyText } from './call-records.ts'
import { AlreadyDone, applyEffects } from './effects.ts'
import { appendEntries } from './entries.ts'
import { moveTransaction, replaceBytes } from './move-transaction.ts'
import { atomically, type Tables } from './tables.ts'

function commitOnce(
  tables: Tables,
  { transaction, atRest, entries, effects }: SettlementCommit,
  nowMs: number,
) {
  if (transaction && !moveTransaction(tables, transaction)) throw new AlreadyDone()
  if (atRest && !isAtRest(tables, atRest)) throw new AlreadyDone()
  const added = appendEntries(tables, entries, nowMs)
  if (!transaction && entries.length > 0 && added === 0) throw new AlreadyDone()
  applyEffects(tables, effects, nowMs, { of: transaction?.id })
  return true
}

const inOrder = (a: TransactionRow, b: TransactionRow) => {
  if (a.lane.address !== b.lane.address) return a.lane.address < b.lane.address ? -1 : 1
  return a.nonce - b.nonce
}

const EXPIRED_SECONDS = 60

function isListed({
  row: { state, adopted, expiresAt },
  asked,
  nowMs,
}: {
  row: FundingRow
  asked: 'reserved' | 'signed' | 'adopted' | 'expired'
  nowMs: number
}): boolean {
  if (asked === 'adopted') return state === 'seen' && adopted !== undefined
  if (asked === 'expired')
    return state === 'failed' && expiresAt < Math.floor(nowMs / 1_000) - EXPIRED_SECONDS
  return state === asked
}

/** What is durable about settlement, in memory. */
export function openMemorySettlementStore({
  tables,
  nowMs,
}: {
  tables: Tables
  nowMs: () => number
}): SettlementStore {
  const withHash = (row: FundingRow): FundingRow => {
    const hash = tables.transactions.get(row.transactionId ?? '')?.hash ?? row.adopted?.transactionHash
    return hash === undefined ? row : { ...row, transactionHash: hash }
  }
  return {
    reserveFunding: async (funding) => {
      const key = keyText(funding.key)
      const taken = tables.fundings.get(tables.fundingOfKey.get(key) ?? '')
      if (taken) return { isNew: false, funding: withHash(taken) }
      const row: FundingRow = { ...funding, atMs: nowMs(), state: 'reserved' }
      tables.journal.put(tables.fundings, funding.id, row)
      tables.journal.put(tables.fundingOfKey, key, funding.id)
      tables.journal.forget()
      return { isNew: true, funding: row }
    },
    getFunding: async (id) => {
      const row = tables.fundings.get(id)
      return row && withHash(row)
    },
    listFundings: async ({ network, state, limit }) =>
      [...tables.fundings.values()]
        .filter((row) => row.network === network && isListed({ row, asked: state, nowMs: nowMs() }))
        .sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(withHash),
    appendTransaction: (request) => appendTransaction(tables, request),
    replaceBytes: async (request) => replaceBytes(tables, request),
    commit: async (commit) => {
      try {
        return atomically(tables, () => commitOnce(tables, commit, nowMs()))
      } catch (error) {
        if (error instanceof AlreadyDone) return false
        throw error
      }
    },
    listTransactions: async ({ network, states, limit }) =>
      [...tables.transactions.values()]
        .filter((row) => row.lane.network === network && states.includes(row.state))
        .sort(inOrder)
        .slice(0, limit),
    getTransaction: async (id) => tables.transactions.get(id),
  }
}

/** The signing keys, in memory. */
export function openMemoryLaneStore({ tables }: { tables: Tables }): LaneStore {
  return {
    getLane: async ({ address }) => {
      const row = tables.lanes.get(address)
      return row && { firstNonce: row.firstNonce, nextNonce: row.nextNonce }
    },
    listFromNonce: async ({ lane: { address }, nonce, limit }) =>
      [...tables.transactions.values()]
        .filter((row) => row.lane.address === address && row.nonce >= nonce)
        .sort(inOrder)
        .slice(0, limit),
    isOurs: async (hash) =>
      tables.replacedBytes.has(hash) || [...tables.transactions.values()].some((row) => row.hash === hash),
    getGasSpent: async ({ network, sinceMs }) => {
      let wei = 0n
      for (const { id, lane, signedAtMs } of tables.transactions.values()) {
        if (lane.network !== network || signedAtMs < sinceMs) continue
        const cost = tables.costs.get(id)
        wei += cost?.paidWei ?? cost?.maxCostWei ?? 0n
      }
      return wei
    },
  }
}
