import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown, type OutputChunk } from 'rolldown'

/** The package `@turnpike/client`: what an agent imports, without the server. */
const ROOT = join(import.meta.dirname, '..')
const DOORS = { index: 'src/client/index.ts', 'file-store': 'src/client/file-store.ts' }

/**
 * Bundles the client into ESM of web standards. viem stays outside (it is the one peer dependency), and so does Node,
 * which only the file store uses.
 *
 * @returns the chunks; nothing is written.
 */
export async function bundleClient(): Promise<readonly OutputChunk[]> {
  const build = await rolldown({
    cwd: ROOT,
    input: DOORS,
    external: [/^viem(\/|$)/, /^node:/],
    platform: 'neutral',
    treeshake: { moduleSideEffects: false },
    // js-sha3 looks whether it runs in Node, to use its crypto; it needs none.
    transform: { define: { process: 'undefined' } },
    tsconfig: false,
  })
  try {
    const { output } = await build.generate({
      format: 'esm',
      dir: 'dist',
      entryFileNames: '[name].js',
      chunkFileNames: 'shared-[hash].js',
      minify: true,
      comments: { legal: true, annotation: false, jsdoc: false },
    })
    return output.filter((file) => file.type === 'chunk')
  } finally {
    await build.close()
  }
}

function manifest(): object {
  const text = readFileSync(join(ROOT, 'package.json'), 'utf8')
  const main = JSON.parse(text) as {
    version: string
    license: string
    engines: object
    dependencies: Record<string, string>
  }
  const door = (name: string) => ({ types: `./types/client/${name}.d.ts`, default: `./${name}.js` })
  return {
    name: '@turnpike/client',
    version: main.version,
    description:
      'A fetch that pays for each call (x402, USDC and USDT), within limits, and believes no receipt that contradicts what it signed.',
    keywords: ['agents', 'fetch', 'llm', 'micropayments', 'usdc', 'usdt', 'x402'],
    license: main.license,
    type: 'module',
    sideEffects: false,
    exports: { '.': door('index'), './file-store': door('file-store') },
    files: ['*.js', 'types', 'README.md', 'LICENSE'],
    peerDependencies: { viem: `^${main.dependencies['viem'] ?? '2'}` },
  }
}

/**
 * Writes the package's folder.
 *
 * @throws Error where the types do not compile.
 */
export async function buildClient(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const { fileName, code } of await bundleClient()) writeFileSync(join(folder, fileName), code)
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const { status } = spawnSync(tsc, ['-p', 'tsconfig.client.json', '--outDir', join(folder, 'types')], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('The types of the client do not compile.')
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  copyFileSync(join(ROOT, 'docs/examples/client.md'), join(folder, 'README.md'))
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
}
