import type { RedisSight } from '../../queue/reach-redis.ts'
import { ok, type Verdict, warn } from './verdict.ts'

/** Redis only wakes the settlement; without it a timer does. */
export function judgeRedis(sight: RedisSight): Verdict {
  const name = 'redis'
  if (sight.kind === 'answered') return ok(name, `answers in ${sight.elapsedMs} ms`)
  return warn({
    name,
    seen: `does not answer (${sight.code}); settlements wait for a timer.`,
    fix: 'Start it, correct REDIS_URL, or leave REDIS_URL out.',
  })
}
