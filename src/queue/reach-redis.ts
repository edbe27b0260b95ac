import { Redis } from 'ioredis'

export type RedisSight =
  | { readonly kind: 'silent'; readonly code: string }
  | { readonly kind: 'answered'; readonly elapsedMs: number }

/** Asks a Redis whether it answers. Never throws. */
export async function reachRedis({
  redisUrl,
  timeoutMs,
}: {
  redisUrl: string
  timeoutMs: number
}): Promise<RedisSight> {
  const startedAtMs = performance.now()
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let code = 'no answer'
  redis.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? code
  })
  try {
    await redis.connect()
    await redis.ping()
    return { kind: 'answered', elapsedMs: Math.round(performance.now() - startedAtMs) }
  } catch {
    return { kind: 'silent', code }
  } finally {
    redis.disconnect()
  }
}
