import { SCHEMES } from '../../../src/payment/types.ts'
import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import type { HarnessPart, PartOptions, PartResult } from '../part.ts'
import { type Books, booksOf } from '../world/books-of.ts'
import { openWorld } from '../world/open-world.ts'
import type { Race } from './contenders.ts'
import { findMutants, type FoundMutants } from './mutants.ts'
import { loadPublished, MISSING_EXPRESS, raceExpress } from './race-express.ts'
import { raceTurnpike } from './race-turnpike.ts'

const COPIES = { short: [2, 50], long: [2, 10, 50, 200] } as const

/** One payment, sent many times at the same moment to one and to two processes: it buys one run of the work. */
export const race: HarnessPart = {
  name: 'race',
  run: async (options) => {
    const own = await raceServers(options)
    const published = await raceMiddleware(options)
    return {
      calls: own.races.length,
      duplicateUpstream: own.races.reduce((sum, { runs }) => sum + Math.max(0, runs - 1), 0),
      doubleCharged: own.races.reduce((sum, { served }) => sum + Math.max(0, served - 1), 0),
      ledgerEqualsChain: own.books.isEqual,
      mutants: own.found.mutants,
      violations: [...own.races.flatMap(complaintsOf), ...own.books.complaints, ...own.found.violations],
      skipped: [...own.skipped, ...published.skipped, ...own.found.skipped],
      details: { races: [...own.races, ...published.races], mutants: own.found.runs },
    } satisfies PartResult
  },
}

/** @returns what is wrong with a race: anything but one run, one 200, and 409 for everybody else. */
export function complaintsOf({ scheme, copies, processes, runs, statuses }: Race): readonly string[] {
  const cell = `${copies} copies of one ${scheme} payment at ${processes} processes`
  const others = Object.keys(statuses).filter((status) => status !== '200' && status !== '409')
  return [
    ...(runs === 1 ? [] : [`${cell} made ${runs} runs`]),
    ...(statuses['200'] === 1 ? [] : [`${cell} were answered 200 ${statuses['200'] ?? 0} times`]),
    ...(others.length === 0 ? [] : [`${cell} were answered ${others.join(', ')}`]),
  ]
}

type Cells = { readonly races: readonly Race[]; readonly skipped: readonly string[] }

async function raceServers({
  short,
  onProgress,
}: PartOptions): Promise<Cells & { readonly books: Books; readonly found: FoundMutants }> {
  const world = await openWorld()
  const races: Race[] = []
  try {
    const service = await world.openService({ finalityBlocks: 0 })
    const wallet = await world.newWallet()
    const one = await service.openServer()
    // Two processes can share a ledger only where there is a database server for it.
    const two = hasPostgres ? [one, await service.openServer()] : undefined
    for (const slots of [[one], ...(two ? [two] : [])]) {
      for (const scheme of SCHEMES) {
        for (const copies of COPIES[short ? 'short' : 'long']) {
          races.push(await raceTurnpike({ world, slots, wallet, scheme, copies }))
        }
        onProgress(`${slots.length} processes, ${scheme}: done`)
      }
    }
    const books = await booksOf({ slots: two ?? [one], world, finalityBlocks: 0 })
    await service.close()
    const found = await findMutants({ world, wallet, short, onProgress })
    return { races, skipped: two ? [] : [`race: two processes, ${MISSING_POSTGRES}`], books, found }
  } finally {
    await world.close()
  }
}

async function raceMiddleware({ short, onProgress }: PartOptions): Promise<Cells> {
  const published = await loadPublished()
  if (!published) return { races: [], skipped: [`race: the published middleware ${MISSING_EXPRESS}`] }
  const races: Race[] = []
  for (const copies of COPIES[short ? 'short' : 'long']) races.push(await raceExpress({ published, copies }))
  onProgress('the published middleware: done')
  return { races, skipped: [] }
}
