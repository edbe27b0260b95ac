import { parseArgs } from 'node:util'
import type { RoutingFigures, RoutingPart } from '../test/bench/routing/routing-part.ts'
import { requireNode } from './require-node.ts'
import { startNotes } from './start-notes.ts'

/** One line per part. Loaded only where it is asked for: each brings a world of its own. */
const PARTS: Readonly<Record<string, () => Promise<RoutingPart>>> = {
  chaos: async () => (await import('../test/bench/routing/chaos/chaos-part.ts')).chaosPart,
  decision: async () => (await import('../test/bench/routing/decision-part.ts')).decisionPart,
  prediction: async () => (await import('../test/bench/routing/prediction-part.ts')).predictionPart,
  strategies: async () => (await import('../test/bench/routing/strategies-part.ts')).strategiesPart,
}

const HELP = `npm run bench:routing -- [part ...] [--short] [--json]

Measures the routing. Without a name every part runs. docs/ROUTING.md tells how to read it.

  parts    ${Object.keys(PARTS).join(', ')}
  --short  the form for CI
  --json   one object with a member for each part on stdout

Exit code 1 where a target was not met.
`

requireNode()
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const unknown = positionals.filter((name) => !(name in PARTS))
if (values.help) process.stdout.write(HELP)
else if (unknown.length > 0) {
  process.stderr.write(`No such part: ${unknown.join(', ')}\n\n${HELP}`)
  process.exitCode = 2
} else await runAll(positionals.length > 0 ? positionals : Object.keys(PARTS))

async function runAll(names: readonly string[]): Promise<void> {
  const note = startNotes()
  const results: Record<string, RoutingFigures> = {}
  for (const name of names) {
    const part = await PARTS[name]?.()
    if (part) results[name] = await part.run({ isShort: values.short, note })
  }
  const figures = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.figures]))
  if (values.json) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`)
  else for (const [name, row] of Object.entries(figures)) console.table({ [name]: row })
  const misses = Object.entries(results).flatMap(([name, result]) =>
    result.misses.map((miss) => `${name}: ${miss}`),
  )
  for (const miss of misses) process.stderr.write(`✗ ${miss}\n`)
  process.exitCode = misses.length === 0 ? 0 : 1
}
