import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** The folder of Permit2 inside Uniswap's package; its own foundry.toml says how it is built. */
const permit2Folder = () =>
  join(dirname(require.resolve('@uniswap/v4-periphery/package.json')), 'lib/permit2')

/** Permit2 maps `solmate/` to its own copy; every other import is relative. */
const pathOfImport = (target: string, importer: string) =>
  target.startsWith('solmate/') ? `lib/${target}` : join(dirname(importer), target)

/**
 * Permit2 and everything it imports, keyed by the names that its import statements resolve to.
 *
 * The source comes from the installed package and is compiled here, so that no foreign bytecode lies in this repository.
 */
export function permit2Sources(): Record<string, { content: string }> {
  const folder = permit2Folder()
  const sources: Record<string, { content: string }> = {}
  const waiting = ['src/Permit2.sol']
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (sources[path]) continue
    const content = readFileSync(join(folder, path), 'utf8')
    sources[path] = { content }
    const importer = path
    for (const match of content.matchAll(/^import .*?["']([^"']+)["'];/gm)) {
      waiting.push(pathOfImport(match[1] ?? '', importer))
    }
  }
  return sources
}
