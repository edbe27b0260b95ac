import { parentPort, workerData } from 'node:worker_threads'
import type * as RunHistoryModule from './run-history.ts'
import { type Edit, plant } from '../mutant-hooks.ts'
import { yieldCores } from '../yield-cores.ts'

/** What one thread is asked to do. */
export type Task = {
  readonly from: number
  readonly count: number
  /** The first violation is enough. */
  readonly untilViolation: boolean
  /** Whether other parts run beside it, which must not be late. */
  readonly yieldsCores: boolean
  readonly edits: readonly Edit[]
}

export type Sums = {
  histories: number
  calls: number
  lost: number
  doubleCharged: number
  chargedVoid: number
  duplicateUpstream: number
  paidNotDelivered: number
  unequal: number
  /** Histories that showed a bug of known-bugs.ts and nothing else. */
  known: number
}

export type Told =
  | { readonly kind: 'progress'; readonly histories: number }
  | {
      readonly kind: 'done'
      readonly sums: Sums
      readonly violations: readonly { readonly seed: number; readonly words: readonly string[] }[]
      readonly faults: Readonly<Record<string, number>>
      readonly pairs: readonly string[]
    }

type RunHistory = typeof RunHistoryModule
const WITH_BUG: string = './run-history.ts?mutant=0'

/** Seeds that are told of; the sums count them all. */
const VIOLATIONS_TOLD = 20
const TELL_EVERY = 500

// Nobody reads the stacks of refusals, and making them takes a tenth of the time.
Error.stackTraceLimit = 0

const task = workerData as Task
if (task.yieldsCores) yieldCores()
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
const tell = (told: Told) => parentPort?.postMessage(told)
plant([task.edits])
// With the bug in it: mutant-hooks.
const { runHistory } = (await import(WITH_BUG)) as RunHistory
const { createCoverage } = await import('./coverage.ts')

const coverage = createCoverage()
const violations: { seed: number; words: readonly string[] }[] = []
const faults: Record<string, number> = {}
const sums: Sums = {
  histories: 0,
  calls: 0,
  lost: 0,
  doubleCharged: 0,
  chargedVoid: 0,
  duplicateUpstream: 0,
  paidNotDelivered: 0,
  unequal: 0,
  known: 0,
}

for (let seed = task.from; seed < task.from + task.count; seed += 1) {
  const { verdict, faults: hits, known } = await runHistory({ seed, coverage })
  sums.histories += 1
  sums.calls += verdict.calls
  for (const [name, times] of hits) faults[name] = (faults[name] ?? 0) + times
  if (known !== undefined) {
    sums.known += 1
    continue
  }
  sums.lost += verdict.lost
  sums.doubleCharged += verdict.doubleCharged
  sums.chargedVoid += verdict.chargedVoid
  sums.duplicateUpstream += verdict.duplicateUpstream
  sums.paidNotDelivered += verdict.paidNotDelivered
  if (!verdict.ledgerEqualsChain) sums.unequal += 1
  if (verdict.violations.length > 0) {
    if (violations.length < VIOLATIONS_TOLD) violations.push({ seed, words: verdict.violations })
    if (task.untilViolation) break
  }
  if (sums.histories % TELL_EVERY === 0) tell({ kind: 'progress', histories: sums.histories })
}
tell({ kind: 'done', sums, violations, faults, pairs: [...coverage.pairs] })
