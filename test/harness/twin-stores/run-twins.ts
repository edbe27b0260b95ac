import { Worker } from 'node:worker_threads'
import type { Edit } from '../mutant-hooks.ts'
import type { TwinAnswer, TwinTask } from './worker.ts'

const SEEDS = [1, 2, 3, 4, 5] as const
const OPERATIONS = 100

/**
 * Compares the embedded database with the ledger in memory, in a thread of its own, once for each bug. No edits: the product.
 *
 * @param onAnswer told of each bug in turn: how it showed, or undefined where it did not.
 */
export function runTwins({
  bugs,
  onAnswer,
}: {
  bugs: readonly (readonly Edit[])[]
  onAnswer: (bug: number, difference: string | undefined) => void
}): Promise<void> {
  const workerData: TwinTask = { bugs, seeds: SEEDS, operations: OPERATIONS }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData })
  return new Promise((resolve, reject) => {
    worker.on('message', ({ bug, difference }: TwinAnswer) => onAnswer(bug, difference))
    worker.on('error', reject)
    worker.on('exit', () => resolve())
  })
}
