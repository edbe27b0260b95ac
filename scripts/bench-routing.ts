import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
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
  const figures: Record<string, RoutingFigures['figures']> = {}
  for (const name of names) figures[name] = names.length === 1 ? await runHere(name) : await runApart(name)
  if (values.json) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`)
  else for (const [name, row] of Object.entries(figures)) console.table({ [name]: row })
}

async function runHere(name: string): Promise<RoutingFigures['figures']> {
  const part = await PARTS[name]?.()
  if (part === undefined) return {}
  const { figures, misses } = await part.run({ isShort: values.short, note: startNotes() })
  for (const miss of misses) process.stderr.write(`✗ ${name}: ${miss}\n`)
  if (misses.length > 0) process.exitCode = 1
  return figures
}

/** In a process of its own: a part is not measured among the compiled code and the heap that another one left. */
async function runApart(name: string): Promise<RoutingFigures['figures']> {
  const options = ['--json', ...(values.short ? ['--short'] : [])]
  const child = spawn(process.execPath, [import.meta.filename, name, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) process.exitCode = 1
  if (printed === '') throw new Error(`The part ${name} ended with code ${code} and printed no figures.`)
  return (JSON.parse(printed) as Record<string, RoutingFigures['figures']>)[name] ?? {}
}
