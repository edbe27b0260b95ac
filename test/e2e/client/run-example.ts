import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { join, resolve } from 'node:path'

/**
 * Runs files, one after another, as if each stood in a project that has installed this package: `turnpike/client` is the source, and every
 * other package is found where this repository finds it.
 */
const root = resolve(import.meta.dirname, '../../..')
const parentURL = pathToFileURL(join(root, 'src/main.ts')).href

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    if (specifier === 'turnpike/client') return nextResolve('./client/index.ts', { ...context, parentURL })
    const isBare = !specifier.startsWith('.') && !specifier.startsWith('/') && !specifier.includes(':')
    const isExample = context.parentURL?.endsWith('/example.mjs') ?? false
    return nextResolve(specifier, isBare && isExample ? { ...context, parentURL } : context)
  },
})

const [first = '', ...others] = process.argv.slice(2)
await import(pathToFileURL(first).href)
for (const path of others) {
  console.log('####')
  await import(pathToFileURL(path).href)
}
