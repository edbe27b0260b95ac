import { CRASH_POINTS } from '../../../src/settlement/crash-points.ts'
import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import { hasRedis, MISSING_REDIS } from '../../support/redis.ts'
import type { HarnessPart, PartOptions, PartResult } from '../part.ts'
import { openWorld, type World } from '../world/open-world.ts'
import type { Wallet } from '../world/wallets.ts'
import { AGENTS, EMBEDDED, LONG, LONG_WORLDS, mutantForm, SHORT } from './forms.ts'
import { complaintsOf, CRASH_MUTANTS, type CrashMutant, isCaught } from './mutants.ts'
import type { CrashFigures } from './figures.ts'
import { runCrash } from './run-crash.ts'
import { sumFigures } from './sum-figures.ts'

const SEED = 1

type NamedFigures = { readonly name: string; readonly figures: CrashFigures }

/** Real processes, clients that retry, kill -9 at random and at every named point; then drained and compared. */
export const crash: HarnessPart = {
  name: 'crash',
  run: async ({ short, seed = SEED, onProgress }) => {
    const runs: NamedFigures[] = []
    const worlds = short ? 1 : LONG_WORLDS
    const caughtBy: Record<string, string> = {}
    // The simulation sees these bugs sooner; the long form shows that processes which really die are judged as well.
    const mutants = hasPostgres && !short ? CRASH_MUTANTS : []
    for (let number = 0; number < worlds; number += 1) {
      // A world of its own each: a chain that has grown long is slow to kill and to bring back.
      await inWorld(async ({ world, wallets }) => {
        const name = `world-${number + 1}`
        const run = { ...(short ? SHORT : LONG), name, seed: seed + number, onProgress }
        const figures = await runCrash({ world, wallets, run })
        runs.push({ name, figures })
        onProgress(`drained in ${figures.drainSeconds} s; ${saysOf(figures)}`)
        if (number > 0) return
        if (!short) {
          const embedded = { ...EMBEDDED, name: 'embedded', seed, onProgress }
          runs.push({ name: 'embedded', figures: await runCrash({ world, wallets, run: embedded }) })
        }
        Object.assign(caughtBy, await findMutants({ world, wallets, mutants, seed, onProgress }))
      })
    }
    return resultOf({ runs, mutants, caughtBy })
  },
}

async function inWorld(
  use: (place: { world: World; wallets: readonly Wallet[] }) => Promise<void>,
): Promise<void> {
  const world = await openWorld({ withQueue: true })
  try {
    await use({ world, wallets: await Promise.all(Array.from({ length: AGENTS }, world.newWallet)) })
  } finally {
    await world.close()
  }
}

/** @returns by the name of each mutant that was caught, what gave it away first. */
async function findMutants({
  world,
  wallets,
  mutants,
  seed,
  onProgress,
}: {
  world: World
  wallets: readonly Wallet[]
  mutants: readonly CrashMutant[]
  seed: number
  onProgress: PartOptions['onProgress']
}): Promise<Record<string, string>> {
  const caughtBy: Record<string, string> = {}
  for (const [index, { name, edits, force }] of mutants.entries()) {
    const run = { ...mutantForm(force), name: `mutant-${index}`, seed, edits, onProgress: () => undefined }
    const figures = await runCrash({ world, wallets, run })
    if (isCaught(figures)) caughtBy[name] = complaintsOf(figures)[0] ?? ''
    onProgress(`mutant "${name}": ${caughtBy[name] ?? 'not seen'}`)
  }
  return caughtBy
}

function resultOf({
  runs,
  mutants,
  caughtBy,
}: {
  runs: readonly NamedFigures[]
  mutants: readonly CrashMutant[]
  caughtBy: Readonly<Record<string, string>>
}): PartResult {
  const sums = sumFigures(runs.map(({ figures }) => figures))
  const lived = mutants.filter(({ name }) => !(name in caughtBy))
  const unhit = CRASH_POINTS.filter((point) => !(sums.crashPoints[point] ?? 0))
  return {
    ...sums,
    mutants: { caught: mutants.length - lived.length, total: mutants.length },
    violations: [
      ...runs.flatMap(({ name, figures }) => complaintsOf(figures).map((line) => `${name}: ${line}`)),
      ...unhit.map((point) => `no process ended at the crash point ${point}`),
      ...lived.map(({ name }) => `the mutant "${name}" was not seen`),
    ],
    skipped: [
      ...(hasPostgres ? [] : [`crash: the ledger on Postgres and its mutants, ${MISSING_POSTGRES}`]),
      ...(hasRedis ? [] : [`crash: kills of the queue, ${MISSING_REDIS}`]),
    ],
    details: {
      mutants: caughtBy,
      runs: Object.fromEntries(runs.map(({ name, figures }) => [name, detailsOf(figures)])),
    },
  }
}

/** Enough to begin the search while the other worlds still run. */
const saysOf = (figures: CrashFigures) => complaintsOf(figures).slice(0, 4).join('; ') || 'the books are good'

/** What the other figures do not say. */
function detailsOf(figures: CrashFigures) {
  const { endings, codes, missed, duplicatesSent, refunds, tries, recoveryMs } = figures
  const { callsPerSecond, deepestRollback, drainSeconds, open } = figures
  return {
    endings,
    codes,
    missed,
    duplicatesSent,
    refunds,
    tries,
    recoveryMs,
    callsPerSecond,
    deepestRollback,
    drainSeconds,
    open,
  }
}
