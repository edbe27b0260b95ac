import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateEmbedded } from '../../src/storage/migrate.ts'
import { openPglite } from '../../src/storage/database/pglite.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')
/** Ledgers of tests hold kilobytes: to set up room for the usual 128 MB is half of what opening one costs. */
const SMALL = 'shared_buffers = 16MB\n'
/** Nobody makes another database in it, and half of the files to copy are what others would be made of. */
const TEMPLATES = ['template0', 'template1']

const LOCK_FILE = join(import.meta.dirname, '../../package-lock.json')

/** Changes with the schema and with the versions of the packages, so that an old template is never taken for a new one. */
function templateName(): string {
  const hash = createHash('sha256').update(readFileSync(LOCK_FILE)).update(SMALL)
  const entries = readdirSync(MIGRATIONS, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile())) {
    hash.update(entry.name).update(readFileSync(join(entry.parentPath, entry.name)))
  }
  return `turnpike-ledger-${hash.digest('hex').slice(0, 16)}`
}

async function makeTemplate(template: string): Promise<void> {
  const draft = mkdtempSync(`${template}-`)
  const dataDirectory = join(draft, 'ledger')
  const { database, client } = await openPglite({ dataDirectory })
  await migrateEmbedded({ client })
  await client.query('update pg_database set datistemplate = false where datname = any ($1)', [TEMPLATES])
  for (const name of TEMPLATES) await client.exec(`drop database ${name}`)
  await database.close()
  appendFileSync(join(dataDirectory, 'postgresql.conf'), SMALL)
  try {
    renameSync(dataDirectory, template)
  } catch (error) {
    // Another test process was faster; its template is as good.
    if (!existsSync(template)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

const templateFolder = () => join(tmpdir(), templateName())

export async function prepareLedgerTemplate(): Promise<void> {
  const template = templateFolder()
  if (!existsSync(template)) await makeTemplate(template)
}

/**
 * Fills a folder with an embedded ledger that has its tables and no row. Making one anew costs seconds, nearly all of them for
 * what is the same every time; so it is made once per schema, kept among the temporary files, and copied.
 *
 * @param folder which does not exist yet.
 */
export async function fillLedgerFolder(folder: string): Promise<void> {
  await prepareLedgerTemplate()
  cpSync(templateFolder(), folder, { recursive: true })
}
