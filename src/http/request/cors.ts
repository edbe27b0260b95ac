import type { RequestHandler } from 'express'

/** What a page's script may read of an answer, beside what it always may. */
const EXPOSED = [
  'payment-required',
  'payment-response',
  'x-call-id',
  'x-request-id',
  'x-should-retry',
  'retry-after',
  'retry-after-ms',
  'x-turnpike-model',
  'x-turnpike-provider',
  'x-turnpike-strategy',
  'x-turnpike-clamped',
  'x-turnpike-run-remaining',
  'x-turnpike-budget-exceeded',
  ...['limit', 'remaining', 'reset'].flatMap((name) => [
    `x-ratelimit-${name}-requests`,
    `x-ratelimit-${name}-tokens`,
  ]),
].join(', ')

const METHODS = 'GET, HEAD, POST'
/** How long a browser may keep a preflight's answer; Chromium keeps none longer. */
const MAX_AGE_SECONDS = '7200'
/** Headers that a script names beyond this are not allowed to it. */
const MAX_NAMES_CHARS = 2_048
const OPERATORS = /^\/admin(\/|$)/

/**
 * Lets pages of any origin call and pay: a call is paid by what its request carries, never by a cookie or by where it
 * comes from. Operators' routes are left out.
 */
export const cors: RequestHandler = (request, response, next) => {
  if (request.headers.origin === undefined || OPERATORS.test(request.path)) {
    next()
    return
  }
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-expose-headers', EXPOSED)
  const isPreflight = request.headers['access-control-request-method'] !== undefined
  if (request.method !== 'OPTIONS' || !isPreflight) {
    next()
    return
  }
  const names = request.headers['access-control-request-headers'] ?? ''
  response.writeHead(204, {
    'access-control-allow-methods': METHODS,
    ...(names.length > 0 && names.length <= MAX_NAMES_CHARS ? { 'access-control-allow-headers': names } : {}),
    'access-control-max-age': MAX_AGE_SECONDS,
    vary: 'access-control-request-headers',
  })
  response.end()
}
