import type { CallDependencies } from '../dependencies.ts'
import type { PlannedCall } from '../types.ts'
import type { Ticket } from './queue.ts'

/** How long one call waits for the holds of others, and its place in the line. */
export type Patience = {
  /** Who comes while others wait for the same budget does not go before them. */
  readonly behindOthers: (counters: readonly string[]) => Promise<void>
  readonly isLeft: () => boolean
  /** Only for what stands in the way: who has room elsewhere is not kept waiting. False: too many wait already. */
  readonly wait: (counters: readonly string[]) => Promise<boolean>
  /** 0 where it did not wait at all. */
  readonly waitedMs: () => number
  readonly end: () => void
}

export function createPatience({
  planned: { budgets, caller },
  dependencies: {
    governed: { queue },
    clock,
  },
}: {
  planned: PlannedCall
  dependencies: Pick<CallDependencies, 'governed' | 'clock'>
}): Patience {
  const startedAtMs = clock.nowMs()
  const waitMs = budgets?.rule.waitMs ?? 0
  const leftMs = () => startedAtMs + waitMs - clock.nowMs()
  const owner = caller?.rules.organization?.id ?? caller?.rules.principal.id ?? ''
  let ticket: Ticket | undefined

  async function wait(counters: readonly string[]): Promise<boolean> {
    ticket ??= queue.enter({ counters, owner })
    await ticket?.wait({ counters, durationMs: Math.max(1, leftMs()) })
    return ticket !== undefined
  }

  return {
    behindOthers: async (counters) => {
      const waitedFor = waitMs > 0 ? queue.waitedFor(counters) : []
      if (waitedFor.length > 0) await wait(waitedFor)
    },
    isLeft: () => leftMs() > 0,
    wait,
    waitedMs: () => (ticket ? clock.nowMs() - startedAtMs : 0),
    end: () => ticket?.leave(),
  }
}
