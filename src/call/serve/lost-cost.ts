import { NO_USAGE } from '../../chat/usage.ts'
import type { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { costOf } from '../../pricing/cost.ts'
import type { Prices } from '../../catalog/types.ts'
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

/** An attempt that came to nothing and may be billed all the same. */
export type LostAttempt = {
  readonly prices: Prices
  /** Of a beginning that was sent along. */
  readonly prefixTokens: number
}

/**
 * Whether an attempt that came to nothing costs us something: a provider that took the request and then broke off, or was given up, has
 * read the input. Nothing is counted here, since the next candidate waits.
 */
export function lostAttemptOf({
  attempted: { endpoint, failure, hasContent },
  prefixTokens = 0,
}: {
  attempted: Attempted
  prefixTokens?: number
}): LostAttempt | undefined {
  if (hasContent || !failure || !endpoint.prices || !mayBeBilled(failure)) return undefined
  return { prices: endpoint.prices, prefixTokens }
}

/**
 * What such attempts cost us together at the most likely. It is our cost and never part of a charge.
 *
 * @param inputTokens counts the request's input; asked only where something was lost.
 */
export async function lostCostOf({
  lost,
  inputTokens,
}: {
  lost: readonly LostAttempt[]
  inputTokens: () => Promise<number>
}): Promise<PicoUsd> {
  if (lost.length === 0) return 0n
  const tokens = await inputTokens()
  return lost.reduce(
    (sum, { prices, prefixTokens }) =>
      sum + costOf({ usage: { ...NO_USAGE, inputUncached: tokens + prefixTokens }, prices }),
    0n,
  )
}
