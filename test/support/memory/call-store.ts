import type { CallStore } from '../../../src/call/ports.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { checkAdmission, checkAttempt, checkCapture } from '../../../src/storage/books/check-values.ts'
import type { OpenCalls } from '../../../src/storage/calls/open-calls.ts'
import { admitOne } from './admit.ts'
import { channelStateOf, putBalance } from './balances.ts'
import { callRecordOf } from './call-records.ts'
import { captureOne } from './capture.ts'
import { atomically, type Tables } from './tables.ts'

/** The durable side of a call, in memory, for one process by its instance id. */
export function openMemoryCallStore({
  tables,
  instance,
  openCalls,
}: {
  tables: Tables
  instance: string
  openCalls: OpenCalls
}): CallStore {
  const balanceOf = (channelId: string) => tables.balances.get(tables.channels.get(channelId)?.key ?? '')
  const records = (ids: Iterable<string>) => [...ids].flatMap((id) => callRecordOf(tables, id) ?? [])
  return {
    admit: async (admission) => {
      checkAdmission(admission)
      openCalls.add(admission)
      const outcome = atomically(tables, () => admitOne(tables, admission, instance))
      if (outcome.kind !== 'admitted') openCalls.remove(admission.callId)
      return outcome
    },
    appendAttempt: async (attempt) => {
      checkAttempt(attempt)
      const key = `${attempt.callId} ${attempt.number}`
      if (!tables.attempts.has(key)) tables.attempts.set(key, attempt)
    },
    capture: async (capture) => {
      checkCapture(capture)
      const captured = atomically(tables, () => captureOne(tables, capture))
      openCalls.remove(capture.callId)
      return captured
    },
    getCall: async (callId) => callRecordOf(tables, callId),
    findCall: async (query) => {
      if ('idempotencyKey' in query)
        return callRecordOf(tables, tables.callOfIdempotencyKey.get(query.idempotencyKey) ?? '')
      const { payerId, requestHash, sinceMs } = query
      const oldestMs = sinceMs - 2 * LIMITS.callSeconds * 1000
      const [newest] = [...tables.admissions.values()]
        .filter((row) => row.payer.id === payerId && row.atMs >= oldestMs && row.requestHash === requestHash)
        .filter(({ callId }) => {
          const capture = tables.captures.get(callId)
          return !capture || (!capture.delivered && capture.atMs >= sinceMs)
        })
        .sort((a, b) => b.atMs - a.atMs)
      return newest && callRecordOf(tables, newest.callId)
    },
    getChannel: async ({ channelId }) => {
      const row = balanceOf(channelId)
      return row && channelStateOf(row)
    },
    endTurn: async ({ channelId, quoteNonce }) => {
      const row = balanceOf(channelId)
      if (!row?.turn?.quoteNonces.includes(quoteNonce)) return
      atomically(tables, () => putBalance(tables, { ...row, turn: undefined }))
    },
    listAbandoned: async ({ nowMs, limit }) => {
      const left = [...tables.admissions.values()].filter((row) => {
        const owner = tables.instances.get(row.instance)
        const isOver = owner !== undefined && owner.leaseExpiresAtMs < nowMs && row.atMs >= owner.openSinceMs
        return isOver && !tables.captures.has(row.callId)
      })
      left.sort((a, b) => a.atMs - b.atMs)
      return records(left.slice(0, limit).map(({ callId }) => callId))
    },
  }
}
