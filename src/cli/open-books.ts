import { type Books, openBooks } from '../app/open-books.ts'
import { readEnvironment } from './read-environment.ts'

/** The ledger of this environment, for the commands that only read it. The caller closes it. */
export function openBooksOfEnvironment(): Promise<Books> {
  const { config } = readEnvironment()
  return openBooks({
    place: config.DATABASE_URL
      ? { databaseUrl: config.DATABASE_URL }
      : { dataDirectory: `${config.TURNPIKE_DATA_DIR}/ledger` },
    region: config.TURNPIKE_REGION,
  })
}
