import { type Fields, isObject } from '../chat/read-values.ts'
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

const limitedMs = (ms: number) => Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS)

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
  const precise = headers['retry-after-ms']
  if (typeof precise === 'string' && /^\d{1,12}$/.test(precise)) return limitedMs(Number(precise))
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}(?:\.\d{1,6})?$/.test(value)) return limitedMs(Number(value) * 1_000)
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : limitedMs(atMs - nowMs)
}

function readError(body: string): Fields {
  try {
    const value: unknown = JSON.parse(body)
    const error = isObject(value) ? value['error'] : undefined
    return isObject(error) ? error : {}
  } catch {
    return {}
  }
}

function publicCode({ code }: Fields): string | undefined {
  return typeof code === 'string' && PUBLIC_CODES.has(code) ? code : undefined
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

/** Google's way to say how long to wait: a detail of the error with a duration in seconds, e.g. "7s" or "0.25s". */
function retryInfoMs({ details }: Fields): number | undefined {
  for (const detail of Array.isArray(details) ? details : []) {
    if (!isObject(detail) || detail['@type'] !== RETRY_INFO) continue
    const [, seconds] = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(String(detail['retryDelay'])) ?? []
    if (seconds !== undefined) return limitedMs(Number(seconds) * 1_000)
  }
  return undefined
}

/**
 * The error for a provider's refusal. Its text never goes on: providers quote the prompt in it, and name their accounts.
 *
 * @param body what could be read of the answer; only a code that is a known word of the dialect is taken from it, and, where
 * `retryAfterMs` is absent, how long to wait.
 */
export function rejection({
  status,
  body = '',
  retryAfterMs,
  isInStream = false,
}: {
  status: number
  body?: string
  retryAfterMs?: number | undefined
  /** It came after a 200: what was read by then may be billed. */
  isInStream?: boolean
}): TurnpikeError {
  const error = readError(body)
  const providerCode = publicCode(error)
  const waitMs = retryAfterMs ?? retryInfoMs(error)
  return new TurnpikeError(codeFor(status), {
    extra: {
      provider_status: status,
      ...(providerCode ? { provider_code: providerCode } : {}),
      ...(isInStream ? { phase: 'stream' } : {}),
    },
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
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
