import type { Admission } from '../../call/types.ts'
import { LIMITS } from '../../lib/limits.ts'

/** A call is admitted with the time at which it was received, which lies a little back. */
const SLACK_MS = LIMITS.callSeconds * 1000

type OpenCall = { readonly callId: string; readonly atMs: number; readonly holds?: Admission['holds'] }

/** The calls of this process that are admitted, or about to be, and not captured; in the order of admission. */
export function openOpenCalls() {
  const admittedAtMs = new Map<string, number>()
  const withBudgets = new Set<string>()
  return {
    add: ({ callId, atMs, holds = [] }: OpenCall): void => {
      admittedAtMs.set(callId, atMs)
      if (holds.some(({ budget }) => budget !== undefined)) withBudgets.add(callId)
    },
    remove: (callId: string): void => {
      admittedAtMs.delete(callId)
      withBudgets.delete(callId)
    },
    /** Whether a call is known to hold in no budget; of what another process has admitted nothing is known. */
    isWithoutBudgets: (callId: string) => admittedAtMs.has(callId) && !withBudgets.has(callId),
    count: () => admittedAtMs.size,
    /** Every call that was received before is captured. */
    openSinceMs: (nowMs: number): number => {
      const [oldestMs = nowMs] = admittedAtMs.values()
      return Math.max(0, Math.min(oldestMs, nowMs) - SLACK_MS)
    },
  }
}

export type OpenCalls = ReturnType<typeof openOpenCalls>
