import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = resolve(import.meta.dirname, '../..')
const SOURCES = pathToFileURL(resolve(ROOT, 'src')).href
const TAG = /\?mutant=(\d+)$/

/** One change of one product file. */
export type Edit = { readonly file: string; readonly from: string; readonly to: string }

/**
 * The text of a file with the bug in it.
 *
 * @throws Error where the text to be replaced does not occur exactly once: the product has changed, and the mutant is stale.
 */
export function withEdits({ file, edits }: { file: string; edits: readonly Edit[] }): string {
  const original = readFileSync(resolve(ROOT, file), 'utf8')
  return edits
    .filter((edit) => edit.file === file)
    .reduce((text, { from, to }) => {
      const times = text.split(from).length - 1
      if (times !== 1) throw new Error(`Stale: "${from.slice(0, 80)}" occurs ${times} times in ${file}.`)
      return text.replace(from, () => to)
    }, original)
}

/**
 * Lets this thread load the product with bugs in it: `import('./x.ts?mutant=2')` gives x, and all of the product below it, with
 * the edits of `bugs[2]`. So no bug is ever in the product, the product knows nothing of bugs, and many bugs can be had in
 * one thread, one after the other.
 */
export function plant(bugs: readonly (readonly Edit[])[]): void {
  const texts = bugs.map(
    (edits) =>
      new Map(
        [...new Set(edits.map(({ file }) => file))].map((file) => [
          resolve(ROOT, file),
          withEdits({ file, edits }),
        ]),
      ),
  )
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      const tag = TAG.exec(context.parentURL ?? '')?.[0]
      const isOurs = resolved.url.startsWith(SOURCES) || specifier.startsWith('.')
      if (tag === undefined || !isOurs || TAG.test(resolved.url) || resolved.url.includes('node_modules'))
        return resolved
      return { ...resolved, url: `${resolved.url}${tag}` }
    },
    load(url, context, nextLoad) {
      const tag = TAG.exec(url)
      const source = tag && texts[Number(tag[1])]?.get(fileURLToPath(url.slice(0, tag.index)))
      // The types are stripped after the hooks, where Node is told that there are some.
      if (typeof source !== 'string') return nextLoad(url, context)
      return { format: 'module-typescript', source, shortCircuit: true }
    },
  })
}
