import { Worker } from 'node:worker_threads'
import type { Edit } from '../mutant-hooks.ts'
import type { Sums, Task, Told } from './worker.ts'

export type Done = Extract<Told, { kind: 'done' }>

/** A thread that has not ended by then hangs. */
const LONGEST_MS = 3_600_000

/**
 * Runs a range of seeds in a thread of its own.
 *
 * @param edits bugs to plant first.
 * @returns what it found; undefined where the thread came to no end (it hung, or a history threw), with the reason.
 */
export function runSeeds({
  from,
  count,
  edits = [],
  untilViolation = false,
  yieldsCores = false,
  longestMs = LONGEST_MS,
  onProgress = () => undefined,
}: {
  from: number
  count: number
  edits?: readonly Edit[]
  untilViolation?: boolean
  yieldsCores?: boolean
  longestMs?: number
  onProgress?: (histories: number) => void
}): Promise<Done | { readonly kind: 'broken'; readonly reason: string }> {
  const workerData: Task = { from, count, untilViolation, yieldsCores, edits }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData, stderr: true })
  return new Promise((resolve) => {
    const timer = setTimeout(() => end({ kind: 'broken', reason: 'it hung' }), longestMs)
    const end = (result: Done | { kind: 'broken'; reason: string }) => {
      clearTimeout(timer)
      void worker.terminate()
      resolve(result)
    }
    worker.on('message', (told: Told) => {
      if (told.kind === 'progress') onProgress(told.histories)
      else end(told)
    })
    worker.on('error', (error) => end({ kind: 'broken', reason: String(error) }))
    worker.on('exit', (code) => end({ kind: 'broken', reason: `it ended with ${code}` }))
  })
}

/** The sums of several threads. */
export function addSums(all: readonly Sums[]): Sums {
  const add = (key: keyof Sums) => all.reduce((sum, sums) => sum + sums[key], 0)
  return {
    histories: add('histories'),
    calls: add('calls'),
    lost: add('lost'),
    doubleCharged: add('doubleCharged'),
    chargedVoid: add('chargedVoid'),
    duplicateUpstream: add('duplicateUpstream'),
    paidNotDelivered: add('paidNotDelivered'),
    unequal: add('unequal'),
    known: add('known'),
  }
}
