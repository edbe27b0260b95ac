/**
 * Runs every row, although one of them fails: a row that cannot be worked on must not keep those behind it waiting.
 *
 * @throws what the rows threw, once all of them have had their turn: the error itself, or an AggregateError of several.
 */
export async function eachRow<Row>(rows: readonly Row[], run: (row: Row) => Promise<unknown>): Promise<void> {
  const errors: unknown[] = []
  for (const row of rows) {
    try {
      await run(row)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} rows could not be worked on.`)
}
