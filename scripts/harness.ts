import { parseArgs } from 'node:util'
import { type FinishedPart, isGood, mergeResults } from '../test/harness/merge-results.ts'
import type { HarnessPart } from '../test/harness/part.ts'
import { requireNode } from './require-node.ts'

/** One line per part. Loaded only where it is asked for: each brings a world of its own. */
const PARTS: Readonly<Record<string, () => Promise<HarnessPart>>> = {
  simulation: async () => (await import('../test/harness/simulation/part.ts')).simulation,
  race: async () => (await import('../test/harness/race/part.ts')).race,
  chain: async () => (await import('../test/harness/chain/part.ts')).chain,
  crash: async () => (await import('../test/harness/crash/part.ts')).crash,
  governance: async () => (await import('../test/harness/governance/part.ts')).governance,
  outages: async () => (await import('../test/harness/outages/part.ts')).outages,
}

/** Rounds of lanes. The simulation takes all cores; the others mostly wait for processes and blocks, and go side by side. */
const ROUNDS: readonly (readonly (readonly string[])[])[] = [
  [['simulation']],
  [['crash'], ['chain', 'race', 'governance', 'outages']],
]

const HELP = `npm run harness -- [part ...] [--short] [--json] [--seed N]

Tries to lose money, and judges that none was lost. Without a name every part runs.

  parts      ${Object.keys(PARTS).join(', ')}
  --short    the form that npm test runs
  --json     figures as JSON on stdout
  --seed N   replays one seed (simulation)

Exit code 1 where anything was lost, charged twice or for nothing, or where a known bug was not caught.
`

requireNode()
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const seed = values.seed === undefined ? undefined : Number(values.seed)
const unknown = positionals.filter((name) => !(name in PARTS))

if (values.help) process.stdout.write(HELP)
else if (unknown.length > 0 || (seed !== undefined && !Number.isSafeInteger(seed))) {
  const complaint = unknown.length > 0 ? `No such part: ${unknown.join(', ')}` : 'A seed is a whole number.'
  process.stderr.write(`${complaint}\n\n${HELP}`)
  process.exitCode = 2
} else await runAll(positionals.length > 0 ? positionals : Object.keys(PARTS))

async function runAll(names: readonly string[]): Promise<void> {
  const finished: FinishedPart[] = []
  for (const round of ROUNDS) {
    const lanes = round.map((lane) => lane.filter((name) => names.includes(name)))
    await Promise.all(
      lanes.map(async (lane) => {
        for (const name of lane) finished.push(await runPart(name))
      }),
    )
  }
  const report = mergeResults(finished)
  for (const violation of report.violations) process.stderr.write(`✗ ${violation}\n`)
  process.stdout.write(
    values.json ? `${JSON.stringify(report)}\n` : `${JSON.stringify(report, undefined, 2)}\n`,
  )
  process.exitCode = isGood(finished) ? 0 : 1
}

/** A part that throws has failed; the others still have their say. */
async function runPart(name: string): Promise<FinishedPart> {
  const startedMs = performance.now()
  const seconds = () => Math.round((performance.now() - startedMs) / 100) / 10
  const onProgress = (line: string) =>
    void process.stderr.write(`${seconds().toFixed(0).padStart(4)} s  ${name}: ${line}\n`)
  try {
    const part = await PARTS[name]?.()
    if (!part) throw new RangeError(`No such part: ${name}`)
    const options = { short: values.short, onProgress, ...(seed === undefined ? {} : { seed }) }
    return { name, result: await part.run(options), seconds: seconds() }
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { name, result: { violations: [`did not finish. ${words}`] }, seconds: seconds() }
  }
}
