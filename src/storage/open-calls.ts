import { LIMITS } from '../lib/limits.ts'

/** A call is admitted with the time at which it was received, which lies a little back. */
const SLACK_MS = LIMITS.callSeconds * 1000

/** The calls of this process that are admitted, or about to be, and not captured; in the order of admission. */
export function openOpenCalls() {
  const admittedAtMs = new Map<string, number>()
  return {
    add: ({ callId, atMs }: { callId: string; atMs: number }) => void admittedAtMs.set(callId, atMs),
    remove: (callId: string) => void admittedAtMs.delete(callId),
    count: () => admittedAtMs.size,
    /** Every call that was received before is captured. */
    openSinceMs: (nowMs: number): number => {
      const [oldestMs = nowMs] = admittedAtMs.values()
      return Math.max(0, Math.min(oldestMs, nowMs) - SLACK_MS)
    },
  }
}

export type OpenCalls = ReturnType<typeof openOpenCalls>
