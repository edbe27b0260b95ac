import { openBooksOfEnvironment } from './open-books.ts'

/** `turnpike migrate`: opening the ledger brings its schema up to date. */
export async function migrate({ json }: { json: boolean }): Promise<void> {
  const books = await openBooksOfEnvironment()
  await books.close()
  process.stdout.write(json ? '{"migrated":true}\n' : 'The database is up to date.\n')
}
