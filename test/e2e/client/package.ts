import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildClient } from '../../../scripts/build-client.ts'
import { ROOT } from './dev-stack.ts'

/**
 * A fresh folder in which `@turnpike/client` is installed as a stranger would have it: from the packed archive, with
 * viem beside it and nothing else.
 */
export async function installClient(): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-fresh-'))
  const packed = join(folder, 'packed')
  await buildClient(packed)
  // `npm pack` fills the archive by the manifest's `files`; it asks no registry.
  const pack = spawnSync('npm', ['pack', '--pack-destination', folder, '--offline'], {
    cwd: packed,
    encoding: 'utf8',
  })
  if (pack.status !== 0) throw new Error(`npm pack failed: ${pack.stderr}`)
  rmSync(packed, { recursive: true })
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  const home = join(folder, 'node_modules/@turnpike/client')
  mkdirSync(home, { recursive: true })
  const unpacked = spawnSync('tar', ['-xzf', join(folder, archive), '-C', home, '--strip-components=1'])
  if (unpacked.status !== 0) throw new Error('The archive could not be unpacked.')
  symlinkSync(join(ROOT, 'node_modules/viem'), join(folder, 'node_modules/viem'))
  // As `npm install` leaves it: Deno looks into node_modules for nothing else.
  const dependencies = { '@turnpike/client': `file:${archive}`, viem: '*' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies }))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
