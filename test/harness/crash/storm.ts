import type { Random } from '../../bench/random.ts'
import type { World } from '../world/open-world.ts'
import type { ServerSlot } from '../world/server-slot.ts'
import { type CrashRun, FINALITY_BLOCKS } from './crash-run.ts'
import { planKills } from './kill-plan.ts'
import { strike } from './killer.ts'

export type Storm = {
  isOver: boolean
  /** Points at which the server could not be killed within the time for it. */
  readonly missed: string[]
  /** No server comes back any more: whoever waits for one waits in vain. */
  isHopeless: boolean
}

/** Does everything that the plan says, one blow after the other. */
export async function strikeAll({
  world,
  slot,
  run,
  random,
  storm,
}: {
  world: World
  slot: ServerSlot
  run: CrashRun
  random: Random
  storm: Storm
}): Promise<void> {
  const force = { ...run.force, queues: world.queue ? run.force.queues : 0 }
  try {
    for (const blow of planKills({ force, random })) {
      const isDone = await strike({ blow, target: { world, slot, finalityBlocks: FINALITY_BLOCKS } })
      if (!isDone && blow.kind === 'point') storm.missed.push(blow.point)
    }
    await slot.untilUp()
  } catch (error) {
    storm.isHopeless = true
    run.onProgress(error instanceof Error ? error.message : String(error))
  }
  storm.isOver = true
  run.onProgress(`the storm is over after ${slot.deaths()} kills of the server`)
}
