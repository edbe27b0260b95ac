import { createRandom } from '../../bench/random.ts'
import { untilWritten } from '../world/chain-slot.ts'
import type { World } from '../world/open-world.ts'
import type { Wallet } from '../world/wallets.ts'
import { type Agent, createAgent } from './agent.ts'
import { readBalances } from './balances.ts'
import type { CallNote } from './call-note.ts'
import { type CrashRun, FINALITY_BLOCKS } from './crash-run.ts'
import { drain } from './drain.ts'
import { type CrashFigures, gatherFigures, NO_SERVICE, readEnding } from './figures.ts'
import { expireLeases, openLedgerQuery } from './ledger-facts.ts'
import { type Storm, strikeAll } from './storm.ts'

/** One service, many calls, many kills; then a drain within a bound, and the verdict. */
export async function runCrash({
  world,
  wallets,
  run,
}: {
  world: World
  /** One paying client each. */
  wallets: readonly Wallet[]
  run: CrashRun
}): Promise<CrashFigures> {
  const random = createRandom(run.seed)
  await untilWritten()
  const killsBefore = { queue: world.queue?.kills() ?? 0, chain: world.chain.kills() }
  const before = await readBalances({ world, wallets })
  const service = await world.openService({
    finalityBlocks: FINALITY_BLOCKS,
    ...(run.isEmbedded ? { isEmbedded: true } : {}),
    ...(run.edits ? { edits: run.edits } : {}),
  })
  const books = service.databaseUrl === undefined ? undefined : await openLedgerQuery(service)
  const hurry = books && run.hurriesLeases ? () => expireLeases(books.query) : undefined
  const slot = await service.openServer({
    hasSpare: true,
    upWithinMs: run.upWithinMs,
    ...(hurry ? { onDeath: hurry } : {}),
  })
  world.chain.tick()

  const notes: CallNote[] = []
  const storm: Storm = { isOver: false, missed: [], isHopeless: false }
  const agents = wallets.map((wallet, number) =>
    createAgent({
      name: `${run.name}-${number}`,
      wallet,
      url: slot.url,
      assets: Object.values(world.assets),
      random: createRandom(run.seed * 1_000 + number),
      mixNow: () => (storm.isOver ? run.calmMix : run.stormMix),
      isHopeless: () => storm.isHopeless,
      onNote: (note) => void notes.push(note),
    }),
  )
  const startedMs = performance.now()
  const striking = strikeAll({ world, slot, run, random, storm })
  await Promise.all(agents.map((agent) => callUntil({ agent, notes, run, storm })))
  await striking
  const callsPerSecond = notes.length / ((performance.now() - startedMs) / 1_000)
  run.onProgress(`${notes.length} calls, ${slot.deaths()} kills of the server; draining`)

  const drainStartedMs = performance.now()
  if (!storm.isHopeless) await drain({ world, slot, run, query: books?.query })
  const ending = storm.isHopeless ? NO_SERVICE : await readEnding(slot)
  const drainSeconds = Math.round((performance.now() - drainStartedMs) / 100) / 10
  await slot.close()
  await books?.close()
  return gatherFigures({
    world,
    service,
    killsBefore,
    slot,
    notes,
    agents,
    storm,
    ending,
    before,
    callsPerSecond,
    drainSeconds,
    wallets,
  })
}

async function callUntil({
  agent,
  notes,
  run,
  storm,
}: {
  agent: Agent
  notes: readonly CallNote[]
  run: CrashRun
  storm: Storm
}): Promise<void> {
  while ((notes.length < run.calls && !storm.isHopeless) || !storm.isOver) await agent.call()
}
