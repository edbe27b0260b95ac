import type { ChatRequest } from '../chat/types.ts'
import { NO_USAGE } from '../chat/usage.ts'
import { usualInput } from '../chat/usual-input.ts'
import type { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { PicoUsd } from '../lib/money.ts'
import { costOf } from '../pricing/cost.ts'
import type { Attempted } from './try-endpoint.ts'

/** Codes of connections that were never made: nothing was sent on them. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether a provider may bill an attempt of which nothing was delivered. What it refuses with its status it bills nowhere. */
function mayBeBilled({ details: { extra, cause } }: TurnpikeError): boolean {
  const { phase, provider_status: status } = extra ?? {}
  if (phase === 'connect' || (status !== undefined && phase !== 'stream')) return false
  return !(cause instanceof Error && NEVER_SENT.has(cause.message))
}

/**
 * What an attempt that came to nothing costs us at the most likely: a provider that took the request and then broke off, or was given
 * up, has read the input. It is our cost and never part of a charge.
 *
 * @param prefixTokens of a beginning that was sent along.
 */
export async function lostCostOf({
  attempted: { endpoint, failure, hasContent },
  request,
  prefixTokens = 0,
}: {
  attempted: Attempted
  request: ChatRequest
  prefixTokens?: number
}): Promise<PicoUsd> {
  if (hasContent || !failure || !endpoint.prices || !mayBeBilled(failure)) return 0n
  const inputUncached = (await usualInput({ request })) + prefixTokens
  return costOf({ usage: { ...NO_USAGE, inputUncached }, prices: endpoint.prices })
}
