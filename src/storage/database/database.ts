import { isRepeatable } from './database-errors.ts'
import type { Health } from './health.ts'

/** One row as the driver gives it: numeric and bigint columns are strings, numbers or bigints; see row.ts. */
export type Row = Readonly<Record<string, unknown>>

export type Sql = {
  readonly query: (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>
}

/** A named statement of the hot path. Parameters are array literals and digits, see hot/arrays.ts. */
export type HotStatement = { readonly name: string; readonly text: string }

/** The two ways to run Postgres, behind the same five verbs. */
export type Database = Sql & {
  readonly kind: 'postgres' | 'pglite'
  readonly health: Health
  /** One commit. A deadlock or a serialisation failure runs `work` again. */
  readonly transaction: <Result>(work: (sql: Sql) => Promise<Result>) => Promise<Result>
  /** The hot connection: statements of different lanes are pipelined, each is its own commit. */
  readonly runHot: (statement: HotStatement, values: readonly unknown[]) => Promise<readonly Row[]>
  readonly close: () => Promise<void>
}

const REPEATS = 5

/** Runs `attempt` again while it fails in a way that a repetition can mend. */
export async function repeating<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let round = 1; ; round += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!isRepeatable(error) || round === REPEATS) throw error
    }
  }
}
