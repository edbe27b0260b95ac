import type { Database } from './database.ts'

/** How long a lease outlives its last renewal: long enough for a slow pass, short enough for a crash. */
const LEASE_MS = 15_000

/** Takes or renews a named lease in one statement; the row says who has it and until when. */
export async function takeLease({
  database,
  name,
  owner,
  nowMs,
}: {
  database: Database
  name: string
  owner: string
  nowMs: number
}): Promise<boolean> {
  if (database.kind === 'pglite') return true
  const value = JSON.stringify({ owner, expiresAtMs: nowMs + LEASE_MS })
  const rows = await database.query(
    `insert into meta (key, value) values ($1, $2::jsonb)
     on conflict (key) do update set value = excluded.value
     where meta.value ->> 'owner' = $3 or (meta.value ->> 'expiresAtMs')::bigint < $4
     returning key`,
    [`lease:${name}`, value, owner, nowMs],
  )
  return rows.length === 1
}
