import type { BooksReport } from '../../../src/app/options/options.ts'
import { chargeFor, FEE_PICO_USD } from '../../support/chat.ts'
import { countBy } from '../count-by.ts'
import type { Service } from '../world/open-service.ts'
import type { World } from '../world/open-world.ts'
import { type ProviderRuns, USAGE } from '../world/provider-facts.ts'
import type { ServerSlot } from '../world/server-slot.ts'
import type { Agent } from './agent.ts'
import { readBalances } from './balances.ts'
import type { CallNote } from './call-note.ts'
import { judge, type Verdict } from './judge.ts'
import { countOpen, openLedgerQuery, readLedgerFacts } from './ledger-facts.ts'
import { recoveriesOf } from './recoveries.ts'
import type { Storm } from './storm.ts'

export type CrashFigures = Verdict & {
  readonly calls: number
  readonly endings: Readonly<Record<string, number>>
  readonly codes: Readonly<Record<string, number>>
  readonly kills: { readonly server: number; readonly queue: number; readonly chain: number }
  readonly hits: Readonly<Record<string, number>>
  /** Points at which the server could not be killed within the time for it. */
  readonly missed: readonly string[]
  readonly twiceServed: number
  readonly duplicatesSent: number
  readonly refunds: number
  readonly tries: number
  /** Invariants that do not hold, and what else is wrong with the service. */
  readonly broken: readonly string[]
  readonly differences: BooksReport['differences']
  readonly trialBalance: string
  readonly open: number
  readonly recoveryMs: { readonly p50: number; readonly max: number }
  readonly callsPerSecond: number
  readonly deepestRollback: number
  readonly drainSeconds: number
}

/** What the service itself says of its books, while it still runs. */
export type Ending = {
  readonly broken: readonly string[]
  readonly differences: BooksReport['differences']
  readonly trialBalance: string
}

/** A service that cannot be started any more says nothing, and that is bad enough. */
export const NO_SERVICE: Ending = {
  broken: ['the service does not start again'],
  differences: [],
  trialBalance: '0',
}

export async function readEnding(slot: ServerSlot): Promise<Ending> {
  const checks = await slot.ask<readonly { name: string; ok: boolean; rows: number }[]>('check')
  const { differences } = await slot.ask<BooksReport>('reconcile')
  return {
    broken: checks
      .filter(({ ok }) => !ok)
      .map(({ name, rows }) => `the invariant ${name} is broken in ${rows} rows`),
    differences,
    trialBalance: await slot.ask<string>('balance'),
  }
}

/** Asks everybody what they know, and counts. */
export async function gatherFigures({
  world,
  service,
  killsBefore,
  slot,
  notes,
  agents,
  storm,
  ending,
  before,
  wallets,
  callsPerSecond,
  drainSeconds,
}: {
  world: World
  service: Service
  killsBefore: { readonly queue: number; readonly chain: number }
  slot: ServerSlot
  notes: readonly CallNote[]
  agents: readonly Agent[]
  storm: Storm
  ending: Ending
  before: Awaited<ReturnType<typeof readBalances>>
  wallets: readonly { readonly address: string }[]
  callsPerSecond: number
  drainSeconds: number
}): Promise<CrashFigures> {
  const after = await readBalances({ world, wallets })
  const books = await openLedgerQuery(service)
  const facts = await readLedgerFacts(books.query)
  const open = await countOpen(books.query)
  await books.close()
  const verdict = judge({
    notes,
    runs: await runsOf({ world, notes }),
    facts,
    leftWallet: ({ payer, asset }) =>
      (before.get(`${payer} ${asset}`) ?? 0n) - (after.get(`${payer} ${asset}`) ?? 0n),
    chargeOf: (scheme) =>
      chargeFor({ usage: USAGE, feePicoUsd: scheme === 'batch-settlement' ? 0n : FEE_PICO_USD }),
  })
  const sum = (read: (agent: Agent) => number) => agents.reduce((total, agent) => total + read(agent), 0)
  const hits = countBy(service.hits())
  return {
    ...verdict,
    calls: notes.length,
    endings: countBy(notes.map(({ ending: how, scheme }) => `${scheme} ${how}`)),
    codes: countBy(notes.flatMap(({ code }) => code ?? [])),
    kills: {
      server: slot.deaths(),
      queue: (world.queue?.kills() ?? 0) - killsBefore.queue,
      chain: world.chain.kills() - killsBefore.chain,
    },
    hits,
    missed: storm.missed,
    twiceServed: sum(({ twiceServed }) => twiceServed()),
    duplicatesSent: sum(({ duplicates }) => duplicates()),
    refunds: sum(({ refunds }) => refunds()),
    tries: sum(({ tries }) => tries()),
    broken: ending.broken,
    differences: ending.differences,
    trialBalance: ending.trialBalance,
    open,
    recoveryMs: recoveriesOf({ deathTimes: slot.deathTimes(), notes }),
    callsPerSecond: Math.round(callsPerSecond),
    deepestRollback: world.chain.deepestRollback(),
    drainSeconds,
  }
}

/** What the provider did for this run's calls; it has worked for other runs before. */
async function runsOf({ world, notes }: { world: World; notes: readonly CallNote[] }): Promise<ProviderRuns> {
  const all = await world.runs()
  return Object.fromEntries(notes.map(({ key }) => [key, all[key] ?? []]))
}
