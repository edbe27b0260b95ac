import { fileURLToPath } from 'node:url'
import type { PGlite } from '@electric-sql/pglite'
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres'
import { migrate as migratePostgres } from 'drizzle-orm/node-postgres/migrator'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import { Client } from 'pg'

/** The same place from the sources and from the build: both are two folders below the package. */
const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Any number, as long as every version of this program uses the same. */
const MIGRATION_LOCK = 402_402_402

/** Brings a server's schema up to date. Instances that start together queue on an advisory lock. */
export async function migrateServer({ databaseUrl }: { databaseUrl: string }): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'turnpike migrate' })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    await migratePostgres(drizzlePostgres(client), { migrationsFolder })
    await client.query('analyze')
  } finally {
    await client.end()
  }
}

/** Brings an embedded database up to date. */
export async function migrateEmbedded({ client }: { client: PGlite }): Promise<void> {
  await migratePglite(drizzlePglite(client), { migrationsFolder })
  await client.exec('analyze')
}
