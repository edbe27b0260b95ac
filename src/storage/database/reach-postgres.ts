import { Client } from 'pg'

export type DatabaseSight =
  | { readonly kind: 'silent'; readonly code: string }
  | { readonly kind: 'answered'; readonly elapsedMs: number; readonly hasLedger: boolean }

/** Asks a Postgres whether it answers and whether a ledger is in it; changes nothing. Never throws. */
export async function reachPostgres({
  databaseUrl,
  timeoutMs,
}: {
  databaseUrl: string
  timeoutMs: number
}): Promise<DatabaseSight> {
  const startedAtMs = performance.now()
  let client: Client | undefined
  try {
    client = new Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      application_name: 'turnpike doctor',
    })
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query<{ found: boolean }>(
      "select to_regclass('admissions') is not null as found",
    )
    const elapsedMs = Math.round(performance.now() - startedAtMs)
    return { kind: 'answered', elapsedMs, hasLedger: rows[0]?.found === true }
  } catch (error) {
    return { kind: 'silent', code: codeOf(error) }
  } finally {
    await client?.end().catch(() => {})
  }
}

/** The code of a failure, never its message: that may quote the address with its password. */
const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'no answer'
