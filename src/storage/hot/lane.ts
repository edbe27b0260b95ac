import { isDataError } from '../database/database-errors.ts'
import { withPatience } from '../database/patience.ts'

type Waiting<Item, Result> = {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Natural batching: a group leaves as soon as the lane is idle, and what arrives while it is under way makes the next
 * one. No timer: it would add latency and save nothing. Before the first group one turn of the event loop joins.
 *
 * @param run commits one group and answers in its order. It must be idempotent: after a lost connection nobody knows
 * whether the group was committed, so it is run again.
 * @param limit items of one group at most.
 */
export function openLane<Item, Result>({
  run,
  limit,
}: {
  run: (items: readonly Item[]) => Promise<readonly Result[]>
  limit: number
}): (item: Item) => Promise<Result> {
  let queue: Waiting<Item, Result>[] = []
  let isBusy = false

  /** One bad value fails a whole statement; alone, it fails only itself. */
  async function runOneByOne(group: readonly Waiting<Item, Result>[]): Promise<void> {
    for (const waiting of group) {
      try {
        const [result] = await withPatience(() => run([waiting.item]))
        waiting.resolve(result as Result)
      } catch (error) {
        waiting.reject(error)
      }
    }
  }

  async function runGroup(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await withPatience(() => run(group.map(({ item }) => item)))
      for (const [index, waiting] of group.entries()) waiting.resolve(results[index] as Result)
    } catch (error) {
      if (isDataError(error) && group.length > 1) return runOneByOne(group)
      for (const waiting of group) waiting.reject(error)
    }
  }

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const group = queue.slice(0, limit)
      queue = queue.slice(limit)
      await runGroup(group)
    }
    isBusy = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject })
      if (isBusy) return
      isBusy = true
      setImmediate(() => void drain())
    })
}
