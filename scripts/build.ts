import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { requireNode } from './require-node.ts'

/** `npm run build`: JavaScript and types of src in dist, for the published package; a clone runs its sources as they are. */
requireNode()
const root = join(import.meta.dirname, '..')
rmSync(join(root, 'dist'), { recursive: true, force: true })
const { status } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
// The dev room needs the clone's contracts and compilers; the published bin says so.
rmSync(join(root, 'dist/dev'), { recursive: true, force: true })
process.exitCode = status ?? 1
