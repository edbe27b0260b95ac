import { loseDatabase, OUTAGES } from '../../support/lose-database.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres } from '../../support/postgres.ts'
import { startStack } from '../../support/start-stack.ts'
import type { HarnessPart, PartOptions, PartResult } from '../part.ts'

const AWAY_MS = 30_000

/** The database is away for as long as a real outage may last. */
export const outages: HarnessPart = {
  name: 'outages',
  run: async ({ short, onProgress }) => {
    if (short)
      return { violations: [], skipped: ['outages: the short ones are tests of the integration project'] }
    return hasPostgres
      ? loseDatabases(onProgress)
      : { violations: [], skipped: [`outages: ${MISSING_POSTGRES}`] }
  },
}

async function loseDatabases(onProgress: PartOptions['onProgress']): Promise<PartResult> {
  const server = await startPostgres()
  const databaseUrl = await server.createDatabase()
  const stack = await startStack({ overrides: { place: { databaseUrl }, sweepMs: 300 } })
  const violations: string[] = []
  try {
    for (const [name, outage] of Object.entries(OUTAGES)) {
      const wrong = await loseDatabase({ stack, server, databaseUrl, outage, awayMs: AWAY_MS })
        .then(() => stack.expectCleanBooks())
        .then(() => undefined)
        .catch((error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)))
      onProgress(
        `the database is ${name} for ${AWAY_MS / 1_000} s: ${wrong ?? 'nobody paid, nothing was lost'}`,
      )
      if (wrong === undefined) continue
      violations.push(`the database is ${name}: ${wrong}`)
      // What is wrong now would be wrong for the next as well.
      break
    }
    return { ledgerEqualsChain: violations.length === 0, violations }
  } finally {
    await stack.close()
    await server.stop()
  }
}
