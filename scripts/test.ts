import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireNode } from './require-node.ts'

/**
 * `npm test [-- <vitest arguments>]`: all projects, cheapest first, and the short form of the money harness, then one line that counts.
 * A project that fails does not hide what the next would say.
 */
const PROJECTS = ['unit', 'contract', 'integration', 'e2e']
/** Tests of this one wait for blocks, restarts and time-outs: three files at a time keep two cores busy. */
const CROWDED = 'integration'

type Report = {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
}

requireNode()
const folder = mkdtempSync(join(tmpdir(), 'turnpike-test-'))
// Everything that a test leaves behind, above all one that was killed, goes with the folder. Postgres has a user of its own.
chmodSync(folder, 0o755)
process.env['TMPDIR'] = folder
const totals = { passed: 0, failed: 0, skipped: 0 }
let failedRuns = 0

for (const project of PROJECTS) {
  const startedAtMs = performance.now()
  const outputFile = join(folder, `${project}.json`)
  const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs')
  const flags = [
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${outputFile}`,
    ...(project === CROWDED ? ['--maxWorkers=3'] : []),
  ]
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...flags, ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  if (status !== 0) failedRuns += 1
  count(outputFile)
  process.stdout.write(`${project}: ${Math.round((performance.now() - startedAtMs) / 1_000)} s\n\n`)
}

// The harness judges by itself; here it counts as one test. Arguments are vitest's, and then nobody asks for it.
if (process.argv.length === 2) {
  const startedAtMs = performance.now()
  const harness = join(import.meta.dirname, 'harness.ts')
  const { status } = spawnSync(process.execPath, [harness, '--short', '--json'], {
    stdio: 'inherit',
  })
  if (status === 0) totals.passed += 1
  else failedRuns += 1
  process.stdout.write(`harness: ${Math.round((performance.now() - startedAtMs) / 1_000)} s\n\n`)
}

removeFolder()
const failed = Math.max(totals.failed, failedRuns)
process.stdout.write(`${totals.passed} passed, ${failed} failed, ${totals.skipped} skipped\n`)
process.exitCode = failed === 0 && totals.passed > 0 ? 0 : 1

/** A process that outlives its test may still write here: a pity, not a failure. */
function removeFolder(): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  } catch (error) {
    process.stderr.write(`${folder} stays: ${String(error)}\n`)
  }
}

function count(outputFile: string): void {
  try {
    const report = JSON.parse(readFileSync(outputFile, 'utf8')) as Report
    totals.passed += report.numPassedTests
    totals.failed += report.numFailedTests
    totals.skipped += report.numPendingTests
  } catch {
    process.stderr.write('A run left no report.\n')
    failedRuns += 1
  }
}
