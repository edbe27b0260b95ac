import { LIMITS } from '../../lib/limits.ts'
import type { FindingStore } from './ports.ts'
import type { Difference } from './types.ts'

/** What calls have shown of one endpoint and direction since it was last written down. */
export type UsageChange =
  | {
      readonly kind: 'found'
      /** Endpoint and direction. */
      readonly subject: string
      readonly ours: string
      readonly providers: string
      readonly atMs: number
    }
  /** A window of calls agreed; the first of them at this time. */
  | { readonly kind: 'agreed'; readonly subject: string; readonly sinceMs: number }

/** Where findings about usage are kept: no pass over a chain looks there, so none of them closes one. */
export const USAGE_NETWORK = 'providers'

export type UsageRecorded = 'opened' | 'touched' | 'answered' | 'closed' | 'nothing'

/**
 * Writes one change down: a difference is one finding for as long as it lasts. It is closed where a whole window of calls agreed
 * after anybody last saw it differ, since other instances look at the same endpoint. What an operator has closed is not raised
 * again for a day.
 */
export async function recordUsage({
  store,
  change,
  nowMs,
}: {
  store: FindingStore
  change: UsageChange
  nowMs: number
}): Promise<UsageRecorded> {
  const standing = await store.listStanding({ network: USAGE_NETWORK })
  const alike = standing.filter(({ subject }) => subject === change.subject)
  const open = alike.find(({ state }) => state === 'open')
  if (change.kind === 'agreed') {
    if (!open || open.seenAtMs >= change.sinceMs) return 'nothing'
    const reason = `${LIMITS.usageWindowCalls} calls in a row agreed again.`
    return (await store.closeFinding({ id: open.id, by: 'itself', reason, atMs: nowMs }))
      ? 'closed'
      : 'nothing'
  }
  const { atMs } = change
  const difference: Difference = {
    class: 'usage',
    network: USAGE_NETWORK,
    subject: change.subject,
    ledger: change.ours,
    chain: change.providers,
    sinceMs: atMs,
  }
  if (open) {
    await store.touchFinding({ id: open.id, difference, atMs })
    return 'touched'
  }
  if (alike.some(({ closedAtMs = 0 }) => atMs - closedAtMs < LIMITS.usageAnsweredMs)) return 'answered'
  await store.openFinding({ difference, atMs })
  return 'opened'
}
