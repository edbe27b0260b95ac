import { MUTANTS, type Mutant } from './mutants.ts'
import { runSeeds } from './simulation/run-seeds.ts'
import { runTwins } from './twin-stores/run-twins.ts'

/** Histories after which a mutant counts as missed, and how long one may take. */
const HISTORIES = 10_000
const LONGEST_MS = 120_000

/** What became of one mutant: how it showed, or that it lived. */
export type MutantResult = { readonly mutant: Mutant; readonly caughtBy?: string }

/** Runs histories with one bug planted, until anything is violated. */
export async function runInSimulation(
  mutant: Mutant & { readonly histories?: number },
): Promise<MutantResult> {
  const { edits, histories: count = HISTORIES } = mutant
  const options = { from: 0, count, edits, untilViolation: true, longestMs: LONGEST_MS }
  const done = await runSeeds(options)
  // A world that stands still is a violation as well: nothing is settled in it.
  if (done.kind === 'broken') return { mutant, caughtBy: done.reason }
  const [first] = done.violations
  if (!first) return { mutant }
  return { mutant, caughtBy: `history ${done.sums.histories}, ${first.words[0] ?? ''}` }
}

export type MutantRun = {
  readonly results: readonly MutantResult[]
  /** How the database differs from the ledger in memory without any bug planted: then the rest says little. */
  readonly difference?: string
}

/** All mutants, in two threads: those of the database in one, the others in the other, and in both when the database is done. */
export async function runMutants(onProgress: (line: string) => void): Promise<MutantRun> {
  const results: MutantResult[] = []
  let difference: string | undefined
  const tell = (result: MutantResult) => {
    results.push(result)
    const words = result.caughtBy === undefined ? 'MISSED' : `caught: ${result.caughtBy}`
    onProgress(`mutant ${results.length}/${MUTANTS.length} "${result.mutant.name}" ${words.slice(0, 160)}`)
  }
  const twins = MUTANTS.filter(({ harness }) => harness === 'twin-stores')
  const inDatabase = runTwins({
    bugs: [[], ...twins.map(({ edits }) => edits)],
    onAnswer: (bug, caughtBy) => {
      const mutant = twins[bug - 1]
      if (mutant) tell({ mutant, ...(caughtBy === undefined ? {} : { caughtBy }) })
      else difference = caughtBy
    },
  })
  const left = MUTANTS.filter(({ harness }) => harness === 'simulation')
  const runThrough = async () => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) tell(await runInSimulation(mutant))
  }
  await Promise.all([runThrough(), inDatabase.then(runThrough)])
  return { results, ...(difference === undefined ? {} : { difference }) }
}
