import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { envExample } from '../src/config/read-config.ts'
import { requireNode } from './require-node.ts'

/** `npm run check`: everything that can be judged without running the product. All of it runs, then the verdict. */
requireNode()
const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)

const STEPS: readonly (readonly [string, readonly string[]])[] = [
  ['format', [bin('oxfmt'), '--check', '.']],
  ['lint', [bin('oxlint'), '--type-aware', '--deny-warnings']],
  ['types', [bin('tsc'), '--noEmit', '-p', '.']],
  ['unused', [bin('knip')]],
]

let isGood = true
for (const [name, [command = '', ...parameters]] of STEPS) {
  const { status } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit' })
  report(name, status === 0)
}
report('.env.example', readFileSync(join(root, '.env.example'), 'utf8') === envExample())
process.exitCode = isGood ? 0 : 1

function report(name: string, passed: boolean): void {
  process.stdout.write(`${passed ? '✓' : '✗'} ${name}\n`)
  isGood &&= passed
}
