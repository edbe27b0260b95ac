import type { ServerResponse } from 'node:http'
import type { Demand } from '../call/plan/demand.ts'
import { errorSpec } from '../lib/errors/registry.ts'
import { toWireError } from '../lib/errors/to-wire.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import { encodePaymentRequired } from '../payment/payment-required.ts'
import { encodeReceipt, type Receipt } from '../payment/receipts/receipt.ts'
import { dialectAt } from './request/dialects.ts'

/** Answers carry prices, receipts and other people's words: nobody in between may keep one. */
export const PRIVATE = { 'cache-control': 'private, no-store' } as const

export const requestIdOf = (response: ServerResponse): string =>
  String(response.getHeader('x-request-id') ?? '')

export type Headers = Readonly<Record<string, string>>

export function sendJson({
  response,
  status,
  body,
  headers = {},
}: {
  response: ServerResponse
  status: number
  /** An object, or JSON that is already text. */
  body: unknown
  headers?: Headers
}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text).toString(),
    ...PRIVATE,
    ...headers,
  })
  response.end(text)
}

/** One error, in the shape of the path's dialect, with what to do next and whether the SDK may try again by itself. */
export function sendError({
  response,
  error,
  path,
  headers = {},
}: {
  response: ServerResponse
  error: TurnpikeError
  path: string
  headers?: Headers
}): void {
  const spec = errorSpec(error.code)
  const { retryAfterMs } = error.details
  sendJson({
    response,
    status: spec.status,
    body: dialectAt(path).errorBody({ error: toWireError(error), requestId: requestIdOf(response) }),
    headers: {
      'x-should-retry': String(spec.retryable),
      ...(retryAfterMs === undefined ? {} : retryAfter(retryAfterMs)),
      ...error.details.headers,
      ...headers,
    },
  })
}

const retryAfter = (durationMs: number) => ({
  'retry-after': String(Math.ceil(durationMs / 1_000)),
  'retry-after-ms': String(durationMs),
})

/** The 402: x402 v2 in the header, v1 in the body, an OpenAI-shaped error beside it. */
export function sendDemand({ response, demand }: { response: ServerResponse; demand: Demand }): void {
  const headers = { 'payment-required': encodePaymentRequired(demand.required), 'x-should-retry': 'false' }
  sendJson({ response, status: 402, body: demand.body, headers })
}

/** The header that carries a receipt on this version of the wire. */
export function receiptHeader({
  receipt,
  x402Version,
}: {
  receipt: Receipt | undefined
  x402Version: 1 | 2
}): Record<string, string> {
  if (!receipt) return {}
  return { [x402Version === 1 ? 'x-payment-response' : 'payment-response']: encodeReceipt(receipt) }
}

/** Whatever was thrown, as an error of the registry. The unknown becomes internal_error and says nothing of its cause. */
export const asTurnpikeError = (error: unknown): TurnpikeError =>
  error instanceof TurnpikeError ? error : new TurnpikeError('internal_error', { cause: error })

/** The same where a call was being admitted or recorded: without the database nothing is served and nobody is asked to pay. */
export const asUnavailable = (error: unknown): TurnpikeError =>
  error instanceof TurnpikeError
    ? error
    : new TurnpikeError('unavailable', { retryAfterMs: LIMITS.storageRetryMs, cause: error })
