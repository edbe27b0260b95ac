import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { VARIABLES } from '../src/config/schema.ts'
import { EVENT_TYPES } from '../src/governance/alerts/events.ts'
import { MATRIX_HEADS, matrixRows } from '../src/governance/roles/permission-matrix.ts'
import { type ErrorSpec } from '../src/lib/errors/define.ts'
import { GOVERNANCE_ERRORS } from '../src/lib/errors/governance.ts'
import { ERRORS } from '../src/lib/errors/registry.ts'
import { SIGN_IN_ERRORS } from '../src/lib/errors/sign-in.ts'
import { WEBHOOK_ERRORS } from '../src/lib/errors/webhooks.ts'
import { INVARIANTS } from '../src/storage/invariants/invariants.ts'
import { ADAPTER, ALLOWED, PURE } from '../test/support/import-table.ts'
import { providerRows, vendorRows } from './model-tables.ts'
import { priorRows, publishedRows } from './prior-table.ts'
import { storedColumns } from './stored-columns.ts'
import { TOKEN_HEADS, tokenRows } from './token-table.ts'

/**
 * `node scripts/doc-tables.ts`: writes the tables of the documents that the sources know better, each between two comments
 * with its name. A unit test holds the documents equal to this.
 */
const GOVERNED_ERRORS = { ...GOVERNANCE_ERRORS, ...WEBHOOK_ERRORS, ...SIGN_IN_ERRORS }

type DocTable = { readonly name: string; readonly document: string; readonly text: string }

/** What looks like a tag would vanish from the page. */
const row = (cells: readonly string[]) => `| ${cells.join(' | ').replaceAll('<', '&lt;')} |`
const table = (heads: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(heads), row(heads.map(() => '---')), ...rows.map(row)].join('\n')
const code = (text: string) => `\`${text}\``

/** Long lists are named, so that a change of the list is one change of the page. */
function listOf(rooms: readonly string[]): string {
  if (rooms.length === 0) return 'nothing'
  const has = (group: readonly string[]) => group.every((room) => rooms.includes(room))
  if (has(ADAPTER))
    return ['call, settlement, facilitator, config, every pure room', ...without(rooms, ADAPTER)].join(', ')
  if (has(PURE)) return [...without(rooms, PURE), 'every pure room'].join(', ')
  return rooms.join(', ')
}

const without = (rooms: readonly string[], group: readonly string[]) =>
  rooms.filter((room) => !group.includes(room))

function importTable(): string {
  return table(
    ['room', 'may import'],
    Object.entries(ALLOWED).map(([room, others]) => [
      PURE.includes(room) ? `${code(room)} (pure)` : code(room),
      listOf(others),
    ]),
  )
}

function errorTable(errors: readonly (readonly [string, ErrorSpec])[]): string {
  const rows = errors.map(([name, { status, retryable, message, next }]) => [
    code(name),
    String(status),
    retryable ? 'yes' : 'no',
    message,
    next,
  ])
  return table(['code', 'status', 'retry unchanged', 'what happened', 'what to do'], rows)
}

function environmentTable(): string {
  const rows = Object.entries(VARIABLES.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined)
    const value =
      typeof fallback.data === 'string' || typeof fallback.data === 'number' ? code(`${fallback.data}`) : ''
    return [code(name), value, z.globalRegistry.get(schema)?.description ?? schema.description ?? '']
  })
  return table(['variable', 'default', 'meaning'], rows)
}

const invariantTable = () =>
  table(
    ['invariant', 'what it says'],
    INVARIANTS.map(({ name, says }) => [code(name), says]),
  )

const columnTable = () =>
  table(
    ['table', 'purpose', 'columns'],
    storedColumns().map(({ tableName, purpose, columns }) => [
      code(tableName),
      purpose,
      columns.map(code).join(', '),
    ]),
  )

const permissionTable = () =>
  table(
    MATRIX_HEADS,
    matrixRows().map(([name = '', ...cells]) => [code(name), ...cells]),
  )

const alertTable = () =>
  table(
    ['event', 'means', 'counted together by'],
    Object.entries(EVENT_TYPES).map(([type, { means, coalescedBy }]) => [
      code(type),
      means,
      (coalescedBy ?? []).map(code).join(', '),
    ]),
  )

const VENDOR_HEADS = [
  'vendor',
  'chat models',
  'embeddings',
  'endpoints',
  'sellers',
  'priced',
  'context known',
  'capabilities known',
]
const PROVIDER_HEADS = ['id', 'provider', 'dialect', 'reachable with', 'address', 'endpoints', 'models']

const PRIOR_HEADS = ['kind', 'rests on', 'chat models', 'such as']
const PUBLISHED_HEADS = ['address', 'date', 'models', 'benchmarks']

export const DOC_TABLES: readonly DocTable[] = [
  { name: 'imports', document: 'docs/ARCHITECTURE.md', text: importTable() },
  { name: 'errors', document: 'docs/PAYMENTS.md', text: errorTable(callErrors()) },
  {
    name: 'governance-errors',
    document: 'docs/GOVERNANCE.md',
    text: errorTable(Object.entries(GOVERNED_ERRORS)),
  },
  { name: 'permissions', document: 'docs/GOVERNANCE.md', text: permissionTable() },
  { name: 'alerts', document: 'docs/GOVERNANCE.md', text: alertTable() },
  { name: 'environment', document: 'docs/OPERATING.md', text: environmentTable() },
  { name: 'invariants', document: 'docs/OPERATING.md', text: invariantTable() },
  { name: 'columns', document: 'docs/SECURITY.md', text: columnTable() },
  { name: 'vendors', document: 'docs/MODELS.md', text: table(VENDOR_HEADS, vendorRows()) },
  { name: 'tokens', document: 'docs/TOKENS.md', text: table(TOKEN_HEADS, tokenRows()) },
  { name: 'providers', document: 'docs/MODELS.md', text: table(PROVIDER_HEADS, providerRows()) },
  { name: 'priors', document: 'docs/ROUTING.md', text: table(PRIOR_HEADS, priorRows()) },
  { name: 'published', document: 'docs/ROUTING.md', text: table(PUBLISHED_HEADS, publishedRows()) },
]

/** All but those of governance, which have a page of their own and are not raised by any route yet. */
function callErrors() {
  return Object.entries(ERRORS).filter(([code]) => !Object.hasOwn(GOVERNED_ERRORS, code))
}

const marks = (name: string) => [`<!-- table: ${name} -->`, `<!-- end: ${name} -->`] as const

/** The text between a table's two comments. @throws RangeError where a document has lost them. */
export function tableIn({ page, name }: { page: string; name: string }): string {
  const [start, end] = marks(name)
  const from = page.indexOf(start)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new RangeError(`The page has no place for the table "${name}".`)
  return page.slice(from + start.length, to).trim()
}

function writeTables(): void {
  const root = new URL('../', import.meta.url)
  for (const { name, document, text } of DOC_TABLES) {
    const path = new URL(document, root)
    const page = readFileSync(path, 'utf8')
    const [start, end] = marks(name)
    const old = page.slice(page.indexOf(start), page.indexOf(end))
    writeFileSync(
      path,
      page.replace(old, () => `${start}\n\n${text}\n\n`),
    )
  }
}

if (import.meta.main) writeTables()
