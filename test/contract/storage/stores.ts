import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { openStorage, type Storage } from '../../../src/storage/open-storage.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'
import { type Books, openMemoryStorage } from '../../support/memory/open-memory-storage.ts'
import { hasPostgres, startPostgres, type PostgresServer } from '../../support/postgres.ts'
import { NOW_MS } from '../../support/calls.ts'

/** The stores of the product. A missing server leaves PGlite, and a skipped test that says so. */
export const KINDS = hasPostgres ? (['pglite', 'postgres'] as const) : (['pglite'] as const)

/** The stores that every contract test runs against: also the one in memory, which the simulation believes in. */
export const ALL_KINDS = ['memory', ...KINDS] as const

/** Opens one store of any kind. The one in memory lacks what only operators ask. */
export function useBooks(kind: (typeof ALL_KINDS)[number]): () => Books {
  if (kind !== 'memory') return useStorage(kind)
  const books = openMemoryStorage({ instanceId: randomUUID(), nowMs: () => NOW_MS })
  return () => books
}

/** Opens one store of the kind before the tests of a block, and closes it after them. */
export function useStorage(kind: 'pglite' | 'postgres'): () => Storage {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-contract-'))
  let server: PostgresServer | undefined
  let storage: Storage | undefined
  beforeAll(async () => {
    if (kind === 'postgres') server = await startPostgres()
    const databaseUrl = await server?.createDatabase()
    const dataDirectory = join(directory, 'ledger')
    if (databaseUrl === undefined) await fillLedgerFolder(dataDirectory)
    storage = await openStorage({
      ...(databaseUrl === undefined ? { dataDirectory } : { databaseUrl }),
      instanceId: randomUUID(),
      region: 'local',
      nowMs: () => NOW_MS,
    })
  })
  afterAll(async () => {
    await storage?.close()
    await server?.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  return () => {
    if (!storage) throw new Error('The store is not open.')
    return storage
  }
}

/** The names of the invariants that do not hold. */
export const brokenInvariants = async (storage: Pick<Books, 'ledger'>) =>
  (await storage.ledger.check()).filter(({ ok }) => !ok).map(({ name, rows }) => ({ name, rows }))
