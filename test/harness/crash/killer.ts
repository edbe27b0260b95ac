import { setTimeout as sleep } from 'node:timers/promises'
import type { CrashPoint } from '../../../src/settlement/crash-points.ts'
import { disturbChain, type ChainDisturbance } from '../world/disturb-chain.ts'
import type { World } from '../world/open-world.ts'
import type { ServerSlot } from '../world/server-slot.ts'
import type { Blow } from './kill-plan.ts'

const HIT_WITHIN_MS = 20_000
const LOOK_MS = 10
const STIR_MS = 150

type Target = { readonly world: World; readonly slot: ServerSlot; readonly finalityBlocks: number }

/**
 * What has to happen on the chain for a server to come to a point at all; the other points are on the way of every call.
 * Called again and again until the server is gone.
 */
type Stir = (round: number) => Promise<void>

function stirFor({
  point,
  chain,
  target,
}: {
  point: CrashPoint
  chain: ChainDisturbance
  target: Target
}): Stir | undefined {
  const { world, finalityBlocks } = target
  const frontRun = async () => {
    if ((await chain.frontRun('everything')) > 0) await world.chain.mine(1)
  }
  const stand = async () => {
    world.chain.pause()
    await chain.stop()
  }
  const stirs: Partial<Record<CrashPoint, Stir>> = {
    'walked-back': async (round) => {
      // Without a pause for new blocks in between there would be nothing left to take back.
      if (round === 0) world.chain.pause()
      else if (round % 4 === 1) await chain.reorganise(6)
    },
    // Nothing is mined until what waits is old enough to be replaced.
    replaced: async (round) => (round === 0 ? stand() : undefined),
    reverted: async (round) => (round === 0 ? stand() : frontRun()),
    adopted: async (round) => {
      if (round === 0) await stand()
      await frontRun()
      // Ours fails for good only in a block that is deep enough.
      if (round % 4 === 3) await world.chain.mine(finalityBlocks + 2)
    },
  }
  return stirs[point]
}

/** Does one blow. @returns false where the server never came to the point. */
export async function strike({ blow, target }: { blow: Blow; target: Target }): Promise<boolean> {
  const { world, slot } = target
  if (blow.kind === 'point') return strikeAt({ blow, target })
  await sleep(blow.afterMs)
  if (blow.kind === 'chain') await world.chain.killAndRestart()
  else if (blow.kind === 'queue') await world.queue?.killAndRestart()
  else {
    await slot.untilUp()
    await slot.kill()
  }
  return true
}

async function strikeAt({
  blow: { point, countdown },
  target,
}: {
  blow: Extract<Blow, { kind: 'point' }>
  target: Target
}): Promise<boolean> {
  const { world, slot } = target
  const chain = disturbChain({ rpcUrl: world.rpcUrl })
  const stir = stirFor({ point, chain, target })
  const before = slot.deaths()
  await slot.untilUp()
  await slot.arm({ point, countdown: stir ? 1 : countdown }).catch(() => undefined)
  const deadlineMs = performance.now() + HIT_WITHIN_MS
  try {
    let nextStirMs = performance.now()
    for (let round = 0; slot.deaths() === before;) {
      if (performance.now() > deadlineMs) return false
      if (stir && performance.now() >= nextStirMs) {
        // A chain that is busy is stirred again in the next round.
        await stir(round).catch(() => undefined)
        round += 1
        nextStirMs = performance.now() + STIR_MS
      }
      await sleep(LOOK_MS)
    }
    return true
  } finally {
    if (stir) {
      await patiently(chain.resume)
      world.chain.tick()
    }
    if (slot.deaths() === before) await slot.disarm().catch(() => undefined)
  }
}

const TRIES = 10

/** Without it nothing would be mined for the rest of the run. */
async function patiently(run: () => Promise<void>): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      return await run()
    } catch (error) {
      if (round === TRIES) throw error
      await sleep(STIR_MS)
    }
  }
}
