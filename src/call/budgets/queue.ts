import { LIMITS } from '../../lib/limits.ts'
import type { Clock } from '../ports.ts'

/** A place in the line. */
export type Ticket = {
  /** Until something of what stands in its way by now is freed, or it is worth looking again, or the time is over. */
  readonly wait: (until: {
    readonly counters: readonly string[]
    readonly durationMs: number
  }) => Promise<void>
  /** Gives the place up; whoever comes next looks at once. */
  readonly leave: () => void
}

/**
 * Calls that wait for the holds of others, first come, first served, by the budgets they wait for. Only an order of trial: who may go is
 * decided under the rows' locks, so instances need not share this.
 */
export type BudgetQueue = {
  /** undefined: too many wait already, or too many of one owner: an organisation, or a wallet of nobody's. */
  readonly enter: (asked: {
    readonly counters: readonly string[]
    readonly owner: string
  }) => Ticket | undefined
  /** Those of them that somebody waits for. */
  readonly waitedFor: (counters: readonly string[]) => readonly string[]
  /** Something of them was freed. */
  readonly wake: (counters: readonly string[]) => void
}

/** What another instance frees wakes nobody here. */
const LOOK_AGAIN_MS = 100

/** `isWoken`: something was freed while it was trying, which its try may have come too early for. */
type Waiter = {
  readonly owner: string
  counters: ReadonlySet<string>
  alarm?: AbortController
  isWoken?: boolean
}

const shares = ({ counters }: Waiter, others: Iterable<string>): boolean => {
  for (const counter of others) if (counters.has(counter)) return true
  return false
}

export function createBudgetQueue({ sleep }: Pick<Clock, 'sleep'>): BudgetQueue {
  const line = new Set<Waiter>()

  /** The first in line for each of them: who waits for one may be of no use to who waits for another. */
  function wake(counters: Iterable<string>): void {
    const freed = new Set(counters)
    for (const waiter of line) {
      if (freed.size === 0) return
      if (!shares(waiter, freed)) continue
      for (const counter of waiter.counters) freed.delete(counter)
      waiter.isWoken = true
      waiter.alarm?.abort()
    }
  }

  const waitingOf = (owner: string): number => [...line].filter((waiter) => waiter.owner === owner).length

  const isFirst = (waiter: Waiter): boolean => {
    for (const other of line) {
      if (other === waiter) return true
      if (shares(other, waiter.counters)) return false
    }
    return true
  }

  return {
    enter({ counters, owner }) {
      const isCrowded =
        line.size >= LIMITS.budgetWaitersOfOne && waitingOf(owner) >= LIMITS.budgetWaitersOfOne
      if (isCrowded || line.size >= LIMITS.budgetWaiters) return undefined
      const waiter: Waiter = { owner, counters: new Set(counters) }
      line.add(waiter)
      return {
        async wait({ counters: blocking, durationMs }) {
          waiter.counters = new Set(blocking)
          if (!waiter.isWoken) {
            const alarm = new AbortController()
            waiter.alarm = alarm
            await sleep(isFirst(waiter) ? Math.min(durationMs, LOOK_AGAIN_MS) : durationMs, alarm.signal)
            delete waiter.alarm
          }
          waiter.isWoken = false
        },
        leave() {
          line.delete(waiter)
          wake(waiter.counters)
        },
      }
    },
    waitedFor: (counters) =>
      counters.filter((counter) => [...line].some((waiter) => waiter.counters.has(counter))),
    wake: (counters) => {
      if (line.size > 0) wake(counters)
    },
  }
}
