import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIT_GROUP, ADMIT_GROUP_BUDGETS } from '../../../src/storage/hot/admit-group.ts'
import { CAPTURE_GROUP, CAPTURE_GROUP_BUDGETS } from '../../../src/storage/hot/capture-group.ts'
import type { HotStatement } from '../../../src/storage/database/database.ts'
import { openStorage, type Storage } from '../../../src/storage/open-storage.ts'
import { HOT_SETTINGS } from '../../../src/storage/database/postgres.ts'
import { admissionOf, captureOf, giveCredit, payerNamed } from '../../support/calls.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres, type PostgresServer } from '../../support/postgres.ts'

let server: PostgresServer
let url: string
let storage: Storage

beforeAll(async () => {
  if (!hasPostgres) return
  server = await startPostgres()
  url = await server.createDatabase()
  storage = await openStorage({ databaseUrl: url, instanceId: randomUUID(), region: 'test' })
})
afterAll(async () => {
  await storage?.close()
  await server?.stop()
})

/** The plan that the hot connection would cache now: generic, whatever the parameters. */
async function planOf({ name, text }: HotStatement): Promise<string> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const setting of HOT_SETTINGS) await client.query(setting)
    await client.query(`prepare ${name} as ${text}`)
    const count = Math.max(...[...text.matchAll(/\$(\d+)/g)].map(([, digits]) => Number(digits)))
    const values = Array.from({ length: count }, () => 'null').join(', ')
    const { rows } = await client.query<Record<string, string>>(
      `explain (costs off) execute ${name}(${values})`,
    )
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  } finally {
    await client.end()
  }
}

/** Tables are entered by an index over the keys of the group, and nothing but a call's own arrays is looped over. */
async function expectGoodPlans(): Promise<void> {
  const admit = await planOf(ADMIT_GROUP)
  expect(admit).not.toContain('Seq Scan')
  expect(admit).not.toContain('Nested Loop')
  expect(admit.match(/Index Scan using balances_pkey on balances/g)).toHaveLength(2)
  const capture = await planOf(CAPTURE_GROUP)
  expect(capture).not.toContain('Seq Scan')
  expect(capture).toMatch(/(Index Scan using|Bitmap Index Scan on) admissions_pkey/)
  expect(capture).toMatch(/(Index (Only )?Scan using|Bitmap Index Scan on) captures_pkey/)
  expect(capture.match(/Index Scan using balances_pkey on balances/g)).toHaveLength(2)
  expect(capture.match(/Nested Loop/g)).toHaveLength(1)
  expect(capture).toMatch(/Nested Loop\n +-> +CTE Scan on bounded b\n +-> +Function Scan on h/)
  // With budgets there is more to add up, and no more to look for.
  for (const statement of [ADMIT_GROUP_BUDGETS, CAPTURE_GROUP_BUDGETS]) {
    const plan = await planOf(statement)
    expect(plan).not.toContain('Seq Scan')
    expect(plan.match(/Index Scan using balances_pkey on balances/g)).toHaveLength(2)
  }
}

test.skipIf(!hasPostgres)(
  `the hot statements use their indexes on empty tables (${MISSING_POSTGRES})`,
  async () => {
    await expectGoodPlans()
  },
)

test.skipIf(!hasPostgres)(`and on full ones (${MISSING_POSTGRES})`, async () => {
  const payer = { kind: 'wallet' as const, id: payerNamed('plans') }
  await giveCredit(storage, payer.id, 10n ** 12n)
  const admissions = Array.from({ length: 6000 }, () => admissionOf({ payer }))
  const outcomes = await Promise.all(admissions.map((admission) => storage.calls.admit(admission)))
  expect(outcomes.every(({ kind }) => kind === 'admitted')).toBe(true)
  await Promise.all(admissions.slice(0, 5000).map(({ callId }) => storage.calls.capture(captureOf(callId))))
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('analyze')
  const { rows } = await client.query<{ tables: string }>(
    `select count(*) as tables from pg_class where relname in ('admissions', 'captures') and reltuples > 1000`,
  )
  await client.end()
  expect(Number(rows[0]?.tables)).toBe(2)
  await expectGoodPlans()
})
