import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { type Alarm, createTimerAlarm, type Look } from './alarm.ts'

const QUEUE = 'turnpike-settlement'
/** Wakes within this time are one job: the pass looks at everything anyway. */
const JOIN_MS = 50

/**
 * The alarm of many processes: a wake on one instance is a job that any of them takes. The timer keeps running beneath, so
 * that Redis may be flushed, frozen or absent: then settlement is later, and nothing else.
 */
export function createRedisAlarm({
  redisUrl,
  look,
  intervalMs,
  onError,
}: {
  redisUrl: string
  look: Look
  intervalMs: number
  onError: (error: unknown) => void
}): Alarm {
  const timer = createTimerAlarm({ look, intervalMs })
  const producer = new Redis(redisUrl, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    lazyConnect: true,
  })
  const consumer = new Redis(redisUrl, { maxRetriesPerRequest: null, lazyConnect: true })
  for (const connection of [producer, consumer]) connection.on('error', onError)
  const queue = new Queue(QUEUE, { connection: producer })
  const worker = new Worker(QUEUE, async () => timer.wake(), { connection: consumer })
  queue.on('error', onError)
  worker.on('error', onError)

  return {
    wake() {
      const options = {
        deduplication: { id: 'look', ttl: JOIN_MS },
        removeOnComplete: true,
        removeOnFail: true,
      }
      queue.add('look', {}, options).catch((error: unknown) => {
        onError(error)
        timer.wake()
      })
    },
    async close() {
      await timer.close()
      await Promise.allSettled([worker.close(true), queue.close()])
      producer.disconnect()
      consumer.disconnect()
    },
  }
}
