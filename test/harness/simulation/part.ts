import type { HarnessPart, PartOptions, PartResult } from '../part.ts'
import { runMutants } from '../run-mutants.ts'
import { KNOWN_BUGS } from './known-bugs.ts'
import { BOUNDARIES } from './process/faults.ts'
import { replay } from './replay.ts'
import { addSums, type Done, runSeeds } from './run-seeds.ts'

const HISTORIES = { short: 100_000, long: 1_000_000 } as const
/** As many as the machine of CI has cores. */
const THREADS = 2
const TELL_EVERY = 10_000

/** The money core against a simulated world, with a crash at every boundary of an effect; then with known bugs planted. */
export const simulation: HarnessPart = {
  name: 'simulation',
  run: (options) =>
    options.seed === undefined ? runAll(options) : replay({ ...options, seed: options.seed }),
}

async function runAll({ short, onProgress }: PartOptions): Promise<PartResult> {
  const startedMs = performance.now()
  const histories = HISTORIES[short ? 'short' : 'long']
  const { done, broken } = await runHistories({ histories, onProgress })
  const historiesSeconds = (performance.now() - startedMs) / 1_000
  const { results, difference } = await runMutants(onProgress)
  const sums = addSums(done.map((one) => one.sums))
  const { unequal, known, histories: ran, ...counts } = sums
  const violated = done.flatMap((one) => one.violations)
  const missed = results.filter(({ caughtBy }) => caughtBy === undefined)
  const hits = addHits(done.map((one) => one.faults))
  return {
    ...counts,
    histories: ran,
    ledgerEqualsChain: unequal === 0,
    mutants: { caught: results.length - missed.length, total: results.length },
    violations: [
      ...violated.map(({ seed, words }) => `--seed ${seed}: ${words.join('; ')}`),
      ...broken,
      ...missed.map(({ mutant }) => `mutant "${mutant.name}" (${mutant.guards}) was not caught`),
      ...(difference === undefined ? [] : [`the database differs from the ledger in memory: ${difference}`]),
    ],
    details: {
      historiesPerSecond: Math.round(ran / historiesSeconds),
      stateEventPairs: new Set(done.flatMap((one) => one.pairs)).size,
      boundaries: { hit: Object.keys(hits).length, total: BOUNDARIES.length, leastHits: leastOf(hits) },
      knownBugs: { histories: known, bugs: KNOWN_BUGS.map(({ name, seeds }) => ({ name, seeds })) },
      mutants: Object.fromEntries(
        results.map(({ mutant, caughtBy }) => [mutant.name, (caughtBy ?? 'missed').slice(0, 120)]),
      ),
    },
  }
}

/** The seeds from 0 on, shared out to the threads. */
async function runHistories({
  histories,
  onProgress,
}: {
  histories: number
  onProgress: PartOptions['onProgress']
}): Promise<{ done: readonly Done[]; broken: readonly string[] }> {
  const count = Math.ceil(histories / THREADS)
  const ran = Array.from({ length: THREADS }, () => 0)
  let told = 0
  const results = await Promise.all(
    ran.map((_, thread) =>
      runSeeds({
        from: thread * count,
        count,
        yieldsCores: true,
        onProgress: (inThread) => {
          ran[thread] = inThread
          const all = ran.reduce((sum, one) => sum + one, 0)
          if (all - told < TELL_EVERY) return
          told = all
          onProgress(`${all} of ${histories} histories`)
        },
      }),
    ),
  )
  return {
    done: results.filter((one): one is Done => one.kind === 'done'),
    broken: results.flatMap((one) =>
      one.kind === 'broken' ? [`a thread came to no end: ${one.reason}`] : [],
    ),
  }
}

function addHits(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const hits: Record<string, number> = {}
  for (const [name, times] of all.flatMap((one) => Object.entries(one)))
    hits[name] = (hits[name] ?? 0) + times
  return hits
}

function leastOf(hits: Readonly<Record<string, number>>): string {
  const [name, times] = Object.entries(hits).toSorted(([, a], [, b]) => a - b)[0] ?? ['none', 0]
  return `${name} ${times}`
}
