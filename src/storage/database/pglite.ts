import { mkdirSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { repeating, type Database, type Row, type Sql } from './database.ts'
import { openHealth } from './health.ts'
import { takeFolderLock } from './folder-lock.ts'

const asSql = (client: Pick<PGlite, 'query'>): Sql => ({
  query: async (text, values) => {
    const result = await client.query<Row>(text, values ? [...values] : undefined)
    return result.rows
  },
})

/**
 * Postgres inside this process. One connection: everything is serial. It survives the end of the process at any point, but
 * not a power failure, because PGlite never syncs to the disk.
 *
 * @param dataDirectory where the data is kept; absent: in memory, gone at the end.
 * @throws Error where another living process has the folder.
 */
export async function openPglite({
  dataDirectory,
}: {
  dataDirectory?: string
}): Promise<{ database: Database; client: PGlite }> {
  if (dataDirectory !== undefined) mkdirSync(dataDirectory, { recursive: true })
  const lock = dataDirectory === undefined ? undefined : takeFolderLock({ folder: dataDirectory })
  try {
    const client = await PGlite.create(dataDirectory === undefined ? {} : { dataDir: dataDirectory })
    await client.exec('set jit = off; set enable_seqscan = off')
    const health = openHealth({ probe: () => client.query('select 1') })
    const plain = asSql(client)
    const sql: Sql = { query: (text, values) => health.watch(plain.query(text, values)) }
    const database: Database = {
      kind: 'pglite',
      health,
      ...sql,
      transaction: (work) =>
        repeating(() => health.watch(client.transaction((transaction) => work(asSql(transaction))))),
      runHot: ({ text }, values) => sql.query(text, values),
      close: async () => {
        health.close()
        await client.close()
        lock?.release()
      },
    }
    return { database, client }
  } catch (error) {
    lock?.release()
    throw error
  }
}
