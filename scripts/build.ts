import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildClient } from './build-client.ts'
import { requireNode } from './require-node.ts'

/**
 * `npm run build`: JavaScript of src and the types of its doors in dist, for the published package, and the agents' own
 * package `@turnpike/client` in dist/npm/client; a clone runs its sources as they are.
 */
requireNode()
const root = join(import.meta.dirname, '..')
const tsc = join(root, 'node_modules/.bin/tsc')
rmSync(join(root, 'dist'), { recursive: true, force: true })
for (const project of ['tsconfig.build.json', 'tsconfig.types.json']) {
  const { status } = spawnSync(tsc, ['-p', project], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exitCode = status ?? 1
}
// The dev room needs the clone's contracts and compilers; the published commands say so.
rmSync(join(root, 'dist/dev'), { recursive: true, force: true })
await buildClient(join(root, 'dist/npm/client'))
