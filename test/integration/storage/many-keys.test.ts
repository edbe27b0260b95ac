import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { createOrganization } from '../../support/governed.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres } from '../../support/postgres.ts'

const KEYS = 100_000

/** The middle of some tries, in milliseconds. */
async function medianMs(run: () => Promise<unknown>): Promise<number> {
  const tries: number[] = []
  for (let index = 0; index < 21; index += 1) {
    const startedMs = performance.now()
    await run()
    tries.push(performance.now() - startedMs)
  }
  return tries.toSorted((a, b) => a - b)[tries.length >> 1] ?? Infinity
}

test.skipIf(!hasPostgres)(
  `a key is found among a hundred thousand, and a list of them turns its pages (${MISSING_POSTGRES})`,
  async () => {
    const server = await startPostgres()
    const url = await server.createDatabase()
    const storage = await openStorage({ databaseUrl: url, instanceId: randomUUID(), region: 'test' })
    try {
      const { keys, organizations } = await createOrganization({ store: storage.governance, name: 'Acme' })
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(
        `insert into api_keys (id, organization_id, version, created_at_ms, principal_id, name, kind, is_test, secret_hash, pepper_version)
         select 'k' || lpad(n::text, 7, '0'), organization_id, 1, created_at_ms + n, principal_id, 'key ' || n, kind, is_test, secret_hash, pepper_version
         from api_keys, generate_series(1, $2::integer) n where id = $1`,
        [keys.id, KEYS],
      )
      await client.query('analyze api_keys')
      await client.end()
      expect((await storage.rules.getByKey('k0077777'))?.key?.name).toBe('key 77777')
      expect(await medianMs(() => storage.rules.getByKey('k0077777'))).toBeLessThan(50)
      const page = (after?: string) =>
        storage.governance.list({
          resource: 'keys',
          tenant: organizations.id,
          limit: 100,
          ...(after === undefined ? {} : { after }),
        })
      const first = await page()
      expect(first.items[0]?.name).toBe(`key ${KEYS}`)
      const deep = await page('k0000500')
      expect(deep.items[0]?.name).toBe('key 499')
      expect(await medianMs(() => page('k0000500'))).toBeLessThan(100)
    } finally {
      await storage.close()
      await server.stop()
    }
  },
)
