import type { Tables } from '../../support/memory/tables.ts'
import { callRecordOf } from '../../support/memory/call-records.ts'

/** Which events met which states: a history that never meets a reorganisation while a refund is signed proves nothing about it. */
export type Coverage = {
  readonly record: (tables: Tables, event: string) => void
  readonly pairs: ReadonlySet<string>
}

export function createCoverage(): Coverage {
  const pairs = new Set<string>()
  return {
    pairs,
    record(tables, event) {
      for (const callId of tables.admissions.keys()) {
        const call = callRecordOf(tables, callId)
        if (call) pairs.add(`${call.admission.scheme} ${call.state} | ${event}`)
      }
      for (const { kind, state } of tables.fundings.values()) pairs.add(`funding ${kind} ${state} | ${event}`)
      for (const { purpose, state } of tables.transactions.values())
        pairs.add(`transaction ${purpose.kind} ${state} | ${event}`)
      for (const { kind, state } of tables.refunds.values()) pairs.add(`refund ${kind} ${state} | ${event}`)
    },
  }
}
