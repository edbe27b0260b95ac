import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../world/open-world.ts'
import type { ServerSlot } from '../world/server-slot.ts'
import { type CrashRun, FINALITY_BLOCKS } from './crash-run.ts'
import { countOpen, type Query } from './ledger-facts.ts'

const PAUSE_MS = 400

/** Until nothing is open, or the time for it is over: what is open then is a finding, not a reason to wait longer. */
export async function drain({
  world,
  slot,
  run,
  query,
}: {
  world: World
  slot: ServerSlot
  run: CrashRun
  query: Query | undefined
}): Promise<void> {
  const deadlineMs = performance.now() + run.drainMs
  for (let quiet = 0; quiet < 2 && performance.now() < deadlineMs;) {
    if (query) await expireLeasesOfDead({ query, run })
    await slot.ask('settle').catch(() => undefined)
    await world.chain.mine(FINALITY_BLOCKS + 2)
    quiet = query && (await countOpen(query)) === 0 ? quiet + 1 : 0
    await sleep(PAUSE_MS)
  }
}

async function expireLeasesOfDead({ query, run }: { query: Query; run: CrashRun }): Promise<void> {
  if (!run.hurriesLeases) return
  // The living one renews its own within two seconds; its calls are all over.
  await query('update instances set lease_expires_at_ms = 0')
}
