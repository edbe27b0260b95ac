import { expect, test } from 'vitest'
import { connectionError, readRetryAfterMs, rejection } from '../../../src/providers/upstream-errors.ts'

const NOW = Date.UTC(2026, 0, 1)
const after = (headers: Record<string, string>) => readRetryAfterMs({ headers, nowMs: NOW })

test.each([
  [400, 'upstream_rejected'],
  [401, 'upstream_error'],
  [402, 'upstream_error'],
  [403, 'upstream_error'],
  [404, 'upstream_rejected'],
  [408, 'upstream_timeout'],
  [413, 'upstream_rejected'],
  [422, 'upstream_rejected'],
  [429, 'upstream_rate_limited'],
  [301, 'upstream_error'],
  [500, 'upstream_error'],
  [503, 'upstream_error'],
  [529, 'upstream_error'],
])('status %i is %s', (status, code) => {
  expect(rejection({ status }).code).toBe(code)
})

test('passes on a code that is a word of the dialect and nothing else of the body', () => {
  const body = (code: string) => JSON.stringify({ error: { code, message: 'canary', type: 'canary' } })
  const known = rejection({ status: 400, body: body('context_length_exceeded') })
  expect(known.details.extra).toEqual({ provider_status: 400, provider_code: 'context_length_exceeded' })
  const unknown = rejection({ status: 400, body: body('canary') })
  expect(JSON.stringify([unknown.message, unknown.details])).not.toContain('canary')
  expect(rejection({ status: 400, body: '<html>' }).details.extra).toEqual({ provider_status: 400 })
})

test('reads Retry-After in seconds, as a date and in OpenAI’s milliseconds', () => {
  expect(after({ 'retry-after': '7' })).toBe(7_000)
  expect(after({ 'retry-after': '0.5' })).toBe(500)
  expect(after({ 'retry-after': new Date(NOW + 9_000).toUTCString() })).toBe(9_000)
  expect(after({ 'retry-after': new Date(NOW - 9_000).toUTCString() })).toBe(0)
  expect(after({ 'retry-after-ms': '250', 'retry-after': '9' })).toBe(250)
  expect(after({ 'retry-after': '99999999' })).toBe(3_600_000)
  expect(after({ 'retry-after': 'soon' })).toBeUndefined()
  expect(after({})).toBeUndefined()
})

test('reads how long to wait from Google’s error, where no header says it', () => {
  const info = (retryDelay: unknown) =>
    JSON.stringify({
      error: {
        code: 429,
        message: 'canary',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          null,
          { '@type': 'type.googleapis.com/google.rpc.Help', retryDelay: '1s' },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
        ],
      },
    })
  const waitMs = (retryDelay: unknown, retryAfterMs?: number) =>
    rejection({ status: 429, body: info(retryDelay), retryAfterMs }).details.retryAfterMs
  expect(waitMs('7s')).toBe(7_000)
  expect(waitMs('0.25s')).toBe(250)
  expect(waitMs('99999999s')).toBe(3_600_000)
  expect(waitMs('7s', 2_000)).toBe(2_000)
  for (const unreadable of ['7', '-1s', 'canary', 7, undefined]) expect(waitMs(unreadable)).toBeUndefined()
  expect(JSON.stringify(rejection({ status: 429, body: info('canary') }).details)).not.toContain('canary')
})

test('keeps only the code of a broken connection', () => {
  const error = Object.assign(new Error('canary'), { code: 'HPE_INVALID_CONSTANT', data: 'canary' })
  const mapped = connectionError(error)
  expect(mapped.code).toBe('upstream_error')
  expect(String(mapped.details.cause)).toBe('Error: HPE_INVALID_CONSTANT')
  expect(connectionError(Object.assign(new Error('x'), { code: 'UND_ERR_CONNECT_TIMEOUT' })).code).toBe(
    'upstream_timeout',
  )
})
