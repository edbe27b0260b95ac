import { USUAL_FEE_WEI } from '../chain/blocks.ts'
import type { World } from '../world.ts'

/** Longest time that a process tries to store one capture, to wait for its turn, or to see its funding. */
const CALLS_END_MS = 700_000
/** A block depth that is final, and what a settlement takes from one look to the next. */
const ROUND_MS = 30_000
const ROUNDS = 6
const COMES_BACK_MS = 3_700_000

/**
 * A healthy world: nothing fails any more, blocks are mined, and a new process looks at what is left, a bounded number of times.
 *
 * @param between called when everything that can be settled should be, before any signature expires.
 */
export async function drain(world: World, between: () => void): Promise<void> {
  const { scheduler, simulated, faults, tables } = world
  faults.heal()
  simulated.mood.failing = 0
  simulated.blocks.state.feeBps.clear()
  simulated.blocks.market.feeWei = USUAL_FEE_WEI
  world.isMining = true
  world.isWaking = false
  world.minedShare = 100
  await scheduler.pass(60_000)
  for (const process of world.processes) world.end(process, 'the end')
  await scheduler.pass(6_000)
  const process = world.begin()
  const rounds = async (pauseMs: number, everything: boolean) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = world.tables.journal.count()
      scheduler.start(process.life, () => process.look({ everything }))
      await scheduler.pass(pauseMs)
      if (world.tables.journal.count() === before && simulated.blocks.mempool.size === 0) return
    }
  }
  await rounds(ROUND_MS, true)
  between()
  if (!canTimeChange(world)) return
  // Everything expires, and credit that lies idle goes back.
  await scheduler.pass(CALLS_END_MS)
  await rounds(ROUND_MS, true)
  await scheduler.pass(CALLS_END_MS)
  await rounds(ROUND_MS, true)
  if ([...tables.fundings.values()].every(({ state }) => state !== 'seen')) return
  // A payment of somebody else that was taken back may return for an hour.
  await scheduler.pass(COMES_BACK_MS)
  await rounds(ROUND_MS, true)
}

/** Whether anything is left that only waits for its time. */
function canTimeChange({ tables }: World): boolean {
  const isOpen = ({ state }: { readonly state: string }) => state !== 'final' && state !== 'failed'
  const hasCredit = [...tables.balances.values()].some(
    (row) => row.kind === 'credit' && row.creditsPosted > row.debitsPosted,
  )
  return (
    hasCredit ||
    // One that failed can still be submitted by somebody else until it expires.
    [...tables.fundings.values()].some(({ state }) => state !== 'final' && state !== 'lapsed') ||
    [tables.settlements, tables.refunds, tables.transactions].some((rows) => [...rows.values()].some(isOpen))
  )
}
