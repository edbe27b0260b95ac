import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Edit, withEdits } from '../mutant-hooks.ts'

/** Loaded before a server where a harness shall find a bug in it: plants the edits that its parent has put into the environment. */
const ROOT = resolve(import.meta.dirname, '../../..')
const edits = JSON.parse(process.env['HARNESS_EDITS'] ?? '[]') as readonly Edit[]
const sources = new Map(
  edits.map(({ file }) => [pathToFileURL(resolve(ROOT, file)).href, withEdits({ file, edits })]),
)

registerHooks({
  load(url, context, nextLoad) {
    const source = sources.get(url)
    // The types are stripped after the hooks, where Node is told that there are some.
    return source === undefined
      ? nextLoad(url, context)
      : { format: 'module-typescript', source, shortCircuit: true }
  },
})
