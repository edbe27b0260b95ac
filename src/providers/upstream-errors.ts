import type { ErrorCode } from '../lib/errors/registry.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'

/** A provider may ask us to stay away for long; beyond this it is as good as gone. */
const MAX_RETRY_AFTER_MS = 3_600_000

/** Statuses that speak about the caller's request, not about our account or the provider's health. */
const REJECTED: ReadonlySet<number> = new Set([400, 404, 405, 406, 410, 411, 413, 414, 415, 422])

/** Codes that are plain words of the dialect: the only ones of the provider's words that are passed on. */
const PUBLIC_CODES: ReadonlySet<unknown> = new Set([
  'context_length_exceeded',
  'content_filter',
  'content_policy_violation',
  'invalid_image_url',
  'model_not_found',
  'string_above_max_length',
  'unsupported_parameter',
  'unsupported_value',
])

function codeFor(status: number): ErrorCode {
  if (status === 429 || status === 425) return 'upstream_rate_limited'
  if (status === 408 || status === 504) return 'upstream_timeout'
  return REJECTED.has(status) ? 'upstream_rejected' : 'upstream_error'
}

/**
 * Reads how long to wait from Retry-After (seconds or an HTTP date) or OpenAI's retry-after-ms.
 *
 * @returns milliseconds of at least 0 and at most an hour; undefined where the provider said nothing readable.
 */
export function readRetryAfterMs({
  headers,
  nowMs,
}: {
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
  nowMs: number
}): number | undefined {
  const limit = (ms: number) => Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS)
  const precise = headers['retry-after-ms']
  if (typeof precise === 'string' && /^\d{1,12}$/.test(precise)) return limit(Number(precise))
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}(?:\.\d{1,6})?$/.test(value)) return limit(Number(value) * 1_000)
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : limit(atMs - nowMs)
}

function publicCode(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const error: unknown =
      typeof value === 'object' && value !== null ? Reflect.get(value, 'error') : undefined
    const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
    return typeof code === 'string' && PUBLIC_CODES.has(code) ? code : undefined
  } catch {
    return undefined
  }
}

/**
 * The error for a provider's refusal. Its text never goes on: providers quote the prompt in it, and name their accounts.
 *
 * @param body what could be read of the answer; only a code that is a known word of the dialect is taken from it.
 */
export function rejection({
  status,
  body = '',
  retryAfterMs,
}: {
  status: number
  body?: string
  retryAfterMs?: number | undefined
}): TurnpikeError {
  const providerCode = publicCode(body)
  return new TurnpikeError(codeFor(status), {
    extra: { provider_status: status, ...(providerCode ? { provider_code: providerCode } : {}) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/**
 * The error for a connection that could not be made or broke. Only the code of the cause is kept: a parser's error
 * carries the bytes that it could not read.
 */
export function connectionError(error: unknown): TurnpikeError {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  const cause = new Error(typeof code === 'string' ? code : 'unknown')
  const isTimeout = code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT'
  return new TurnpikeError(isTimeout ? 'upstream_timeout' : 'upstream_error', { cause })
}
