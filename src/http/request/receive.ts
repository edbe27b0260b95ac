import { createHash } from 'node:crypto'
import type { Request } from 'express'
import type { CallDependencies } from '../../call/dependencies.ts'
import type { ReceivedCall } from '../../call/types.ts'
import { BUDGET_HEADERS, withBudget } from '../../chat/budget/read-budget.ts'
import { STRATEGY_HEADER, withStrategy } from '../../chat/routing/with-strategy.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { newCallId } from '../../lib/ids.ts'
import { parseAddress } from '../../payment/hex.ts'
import { hashRequest } from '../../payment/offers/quote.ts'
import { dialectAt } from './dialects.ts'

/** The wallet that a caller says it will pay from, where its own experience is to count before it has paid. */
export const PAYER_HEADER = 'x-turnpike-payer'
export const FEEDBACK_HEADER = 'x-turnpike-feedback'

/** What came in on a paid path: a call, or somebody who wants to know the price. */
export type Received =
  | { readonly kind: 'call'; readonly call: ReceivedCall }
  | { readonly kind: 'probe'; readonly requestHash: string }

/**
 * Reads a request on a paid path once: its bytes are hashed and parsed here and nowhere else. An empty body, or an object
 * without the route's required field, is a probe.
 *
 * @param path where the body is a call: the requested one, unless somebody asks for the price of a call elsewhere.
 * @throws invalid_json, ambiguous_json and the codes of lib/errors/chat, each naming its field; nothing was charged.
 */
export function receive({
  request,
  requestId,
  body,
  path = request.path,
  dependencies: { secret, clock },
}: {
  request: Request
  requestId: string
  body: Buffer
  path?: string
  dependencies: CallDependencies
}): Received {
  const requestHash = hashRequest({ method: request.method, path, body, secret })
  if (body.length === 0) return { kind: 'probe', requestHash }
  try {
    const receivedAtMs = clock.nowMs()
    const call: ReceivedCall = {
      callId: newCallId({ nowMs: receivedAtMs, random: clock.random(16) }),
      requestId,
      path,
      request: withBudget({
        request: withStrategy({
          request: dialectAt(path).read({ body }),
          header: request.headersDistinct[STRATEGY_HEADER]?.join(),
        }),
        headers: budgetHeaders(request),
      }),
      requestHash,
      receivedAtMs,
      retryCount: retryCountOf(request),
      ...(wantsSignedReceipt(request) ? { bodyDigest: sha256(body) } : {}),
      ...(isFeedbackOff(request) ? { feedback: 'off' as const } : {}),
      ...claimedPayerOf(request),
    }
    return { kind: 'call', call }
  } catch (error) {
    const isProbe =
      error instanceof TurnpikeError && error.code === 'missing_field' && error.details.param === 'model'
    if (isProbe) return { kind: 'probe', requestHash }
    throw error
  }
}

/** Signatures cost time, and what they prove is of use to few: they are made for those who say so. */
export const wantsSignedReceipt = (request: Request): boolean =>
  request.headers['x-turnpike-receipt'] === 'signed'

/** @throws invalid_field for another word: a caller that misspells it would be watched against its will. */
function isFeedbackOff({ headers }: Request): boolean {
  const word = headers[FEEDBACK_HEADER]
  if (word === undefined || word === 'on') return false
  if (word === 'off') return true
  throw new TurnpikeError('invalid_field', {
    param: FEEDBACK_HEADER,
    message: `The header ${FEEDBACK_HEADER} must be on or off.`,
  })
}

/**
 * Whose experience with this kind of call counts: nobody has paid yet. It is not proved, and decides nothing but which model `auto` takes.
 *
 * @throws invalid_field where it is no address.
 */
function claimedPayerOf({ headers }: Request): Pick<ReceivedCall, 'claimedPayer'> {
  const claim = headers[PAYER_HEADER]
  if (claim === undefined) return {}
  const id = parseAddress(claim)
  if (id) return { claimedPayer: { kind: 'wallet', id } }
  throw new TurnpikeError('invalid_field', {
    param: PAYER_HEADER,
    message: `The header ${PAYER_HEADER} must be the address that will pay: 0x and 40 digits of hex.`,
  })
}

const budgetHeaders = ({ headersDistinct }: Request) =>
  Object.fromEntries(Object.values(BUDGET_HEADERS).map((name) => [name, headersDistinct[name]?.join()]))

const sha256 = (body: Buffer): `0x${string}` => `0x${createHash('sha256').update(body).digest('hex')}`

function retryCountOf(request: Request): number {
  const count = Number(request.headers['x-stainless-retry-count'] ?? 0)
  return Number.isInteger(count) && count > 0 ? count : 0
}
