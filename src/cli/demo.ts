import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDevWorld } from './load-dev-world.ts'
import { readConfig } from '../config/read-config.ts'
import { openDevApp } from './dev-app.ts'
import { createProgress } from './progress.ts'
import { runDemo } from './run-demo.ts'
import { createStory } from './story.ts'

/**
 * `turnpike demo`: the main job on a chain of its own, in a temporary folder that is gone afterwards.
 *
 * @returns the exit code: 0 only where the trial balance is zero and ledger and chain agree.
 */
export async function demo({ json }: { json: boolean }): Promise<number> {
  const { startDevWorld } = await loadDevWorld()
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-demo-'))
  // The demo is the same everywhere: nothing of this shell's environment but the pace of the simulated provider.
  const simulated = Object.entries(process.env).filter(([name]) => name.startsWith('TURNPIKE_SIM_'))
  const config = readConfig({ ...Object.fromEntries(simulated), PORT: '0', TURNPIKE_DATA_DIR: folder })
  const progress = createProgress({ quiet: json })
  try {
    const world = await startDevWorld({ config, onProgress: progress.step })
    try {
      const overrides = { onProgress: progress.step, logLevel: 'error' }
      const app = await openDevApp({ config, world, overrides })
      progress.done()
      try {
        const result = await runDemo({ app, world, story: createStory({ quiet: json }) })
        if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
        return result.trialBalance === '0' &&
          result.reconciliation.differences === 0 &&
          result.problems.length === 0
          ? 0
          : 1
      } finally {
        await app.close()
      }
    } finally {
      await world.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
