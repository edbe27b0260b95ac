import { startRedis } from '../../support/redis.ts'
import { freePort } from './free-port.ts'

/** A queue that keeps nothing: each kill is the loss of everything in it. */
export type QueueSlot = {
  readonly url: string
  readonly kills: () => number
  readonly killAndRestart: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function openQueueSlot(): Promise<QueueSlot> {
  const port = await freePort()
  let redis = await startRedis({ port })
  let kills = 0
  return {
    url: redis.url,
    kills: () => kills,
    async killAndRestart() {
      await redis.kill()
      await redis.stop()
      kills += 1
      redis = await startRedis({ port })
    },
    close: () => redis.stop(),
  }
}
