import type { Admission, AdmitOutcome } from '../../call/types.ts'
import type { Database } from '../database/database.ts'
import { openBudgetWindow } from './open-budget-window.ts'
import { big } from '../database/row.ts'

type Otherwise = Extract<AdmitOutcome, { kind: 'opened_otherwise' }>

/** Ends the commit, so that nothing stays of a run which was opened in part. */
class OpenedOtherwise extends Error {
  readonly outcome: Otherwise

  constructor(outcome: Otherwise) {
    super('Another call has opened this run.')
    this.outcome = outcome
  }
}

/**
 * Opens the counters of a run for the call that brings its limits, in one commit. Of calls that come together exactly one is the first: the
 * others wait for its row and then find its limits. A call that comes again is still the one that has opened them, whatever they are now.
 *
 * @returns what stands in the way; undefined where nothing does.
 */
export async function openRun({
  database,
  admission: { callId, holds, atMs },
}: {
  database: Database
  admission: Admission
}): Promise<Otherwise | undefined> {
  const opening = holds.flatMap((hold) => (hold.budget?.opens ? [{ ...hold, terms: hold.budget }] : []))
  if (opening.length === 0) return undefined
  try {
    await database.transaction(async (sql) => {
      for (const { ledger, account, terms } of opening) {
        const id = await openBudgetWindow({ sql, ledger, account, terms, atMs, openedBy: callId })
        const [row] = await sql.query(
          `select b.credit_limit, w.opened_by from balances b join budget_windows w on w.account_id = b.account_id where b.account_id = $1`,
          [id.toString()],
        )
        const limit = big(row?.['credit_limit'])
        if (row?.['opened_by'] === callId || limit === terms.limit) continue
        throw new OpenedOtherwise({ kind: 'opened_otherwise', terms, limit })
      }
    })
    return undefined
  } catch (error) {
    if (error instanceof OpenedOtherwise) return error.outcome
    throw error
  }
}
