import type { Database } from '../../src/storage/database/database.ts'
import { migrateEmbedded } from '../../src/storage/migrate.ts'
import { openPglite } from '../../src/storage/database/pglite.ts'

/** Of this process, whatever test files share it. */
const shared = globalThis as { emptyLedger?: Promise<Database> }

async function openOnce(): Promise<Database> {
  const { database, client } = await openPglite({})
  await migrateEmbedded({ client })
  return database
}

/**
 * An embedded ledger with its tables and no row. Opening one takes most of a second, emptying it some milliseconds, so it is one for
 * all tests of a process, in memory, and each of them has it to itself: what was opened on it before is not to be used any more.
 */
export async function emptyLedger(): Promise<Database> {
  shared.emptyLedger ??= openOnce()
  const database = await shared.emptyLedger
  const tables = await database.query("select tablename from pg_tables where schemaname = 'public'")
  const names = tables.map(({ tablename }) => `"${String(tablename)}"`)
  // Nobody may take history away, so its guards are looked past for a moment.
  await database.query('set session_replication_role = replica')
  await database.query(`truncate ${names.join(', ')} restart identity`)
  await database.query('set session_replication_role = origin')
  return database
}
