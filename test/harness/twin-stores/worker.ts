import { parentPort, workerData } from 'node:worker_threads'
import { migrateEmbedded } from '../../../src/storage/migrate.ts'
import { openPglite } from '../../../src/storage/database/pglite.ts'
import { NOW_MS } from '../../support/calls.ts'
import type * as OpenBooksModule from './open-books.ts'
import { type Edit, plant } from '../mutant-hooks.ts'
import { compareStores } from './compare-stores.ts'

type OpenBooks = typeof OpenBooksModule

/** What a thread that compares the stores is asked: one comparison per bug. */
export type TwinTask = {
  readonly bugs: readonly (readonly Edit[])[]
  readonly seeds: readonly number[]
  readonly operations: number
}

/** How a bug showed; without a difference it did not. */
export type TwinAnswer = { readonly bug: number; readonly difference?: string }

const EMPTY = `
  set session_replication_role = replica;
  do $$ declare t text; begin
    for t in select tablename from pg_tables where schemaname = 'public' loop
      execute format('truncate table %I cascade', t);
    end loop;
  end $$;
  set session_replication_role = origin`

const { bugs, seeds, operations } = workerData as TwinTask
plant(bugs)
// One database for all: to make one takes longer than to find a bug.
const { database, client } = await openPglite({})
await migrateEmbedded({ client })

async function compare(bug: number): Promise<string | undefined> {
  const { openBooks } = (await import(`./open-books.ts?mutant=${bug}`)) as OpenBooks
  for (const seed of seeds) {
    await client.exec(EMPTY)
    const sql = await openBooks({ database, nowMs: () => NOW_MS })
    const difference = await compareStores({ sql, seed, operations })
    if (difference !== undefined) return `seed ${seed}, ${difference}`
  }
  return undefined
}

for (const bug of bugs.keys()) {
  const difference = await compare(bug).catch((error: unknown) => String(error))
  const answer: TwinAnswer = { bug, ...(difference === undefined ? {} : { difference }) }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage(answer)
}
await database.close()
