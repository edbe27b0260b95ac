import { expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { judgeAttempt, RETRY_DELAYS_MS, retryAfterMs } from '../../../src/webhooks/judge-attempt.ts'

const NOW_MS = 1_800_000_000_000
const judge = (status: number, more: { attempts?: number; retryAfter?: string; random?: number } = {}) => {
  const { attempts = 1, random = 0.5, retryAfter } = more
  const result = { status, ...(retryAfter === undefined ? {} : { retryAfter }) }
  return judgeAttempt({ result, attempts, nowMs: NOW_MS, random })
}

test('2xx has taken it, 410 wants no more, all else is tried again', () => {
  for (const status of [200, 201, 202, 204, 299]) expect(judge(status)).toEqual({ kind: 'delivered', status })
  expect(judge(410)).toEqual({ kind: 'gone', status: 410 })
  for (const status of [100, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 502, 503, 504])
    expect(judge(status)).toMatchObject({ kind: 'again', nextAtMs: NOW_MS + 5_000, status })
  const result = { errorCode: 'timeout' }
  expect(judgeAttempt({ result, attempts: 1, nowMs: NOW_MS, random: 0.5 })).toMatchObject({
    kind: 'again',
    errorCode: 'timeout',
  })
})

test('ten attempts after the schedule of Standard Webhooks, each up to a tenth early or late, then it is dead', () => {
  const minutes = [5 / 60, 5, 30, 120, 300, 600, 840, 1_200, 1_440]
  expect(RETRY_DELAYS_MS).toEqual(minutes.map((count) => Math.round(count * 60_000)))
  for (const [index, delayMs] of RETRY_DELAYS_MS.entries())
    for (const random of [0, 0.25, 0.5, 1])
      expect(judge(500, { attempts: index + 1, random })).toMatchObject({
        kind: 'again',
        nextAtMs: expect.closeTo(NOW_MS + delayMs * (0.9 + 0.2 * random), 0),
      })
  expect(judge(500, { attempts: 10 })).toEqual({ kind: 'dead', status: 500 })
  expect(judge(200, { attempts: 10 })).toEqual({ kind: 'delivered', status: 200 })
})

test('429, 502 and 504 may say when, and hold all that goes there; others may not', () => {
  for (const status of [429, 502, 504])
    expect(judge(status, { retryAfter: '120' })).toMatchObject({
      kind: 'again',
      nextAtMs: NOW_MS + 120_000,
      holdsAll: true,
    })
  expect(judge(503, { retryAfter: '120' })).toEqual({ kind: 'again', nextAtMs: NOW_MS + 5_000, status: 503 })
  // Never before the schedule, and never later than a day.
  expect(judge(429, { attempts: 2, retryAfter: '1' })).toMatchObject({ nextAtMs: NOW_MS + 300_000 })
  expect(judge(429, { retryAfter: '999999999' })).toMatchObject({ nextAtMs: NOW_MS + LIMITS.webhookHoldMs })
  expect(judge(429, { attempts: 10, retryAfter: '120' })).toEqual({ kind: 'dead', status: 429 })
})

test('Retry-After is seconds or a date', () => {
  const read = (retryAfter: string | undefined) => retryAfterMs({ retryAfter, nowMs: NOW_MS })
  expect(read('30')).toBe(30_000)
  expect(read(new Date(NOW_MS + 90_000).toUTCString())).toBe(90_000)
  for (const nothing of [undefined, '', '0', '-5', 'soon', new Date(NOW_MS - 1_000).toUTCString()])
    expect(read(nothing)).toBeUndefined()
})
