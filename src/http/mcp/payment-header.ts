import { isObject } from '../../chat/read-values.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { PAYMENT } from './results.ts'
import type { Arguments } from './tool.ts'

/**
 * The payment of a tool call as the header of a paid route: x402's MCP transport carries it as JSON in `_meta`.
 *
 * @throws payment_undecodable, payment_header_too_large
 */
export function paymentHeader(meta: Arguments): Readonly<Record<string, string>> {
  const payment = meta[PAYMENT]
  if (payment === undefined) return {}
  if (!isObject(payment)) {
    throw new TurnpikeError('payment_undecodable', { message: `_meta["${PAYMENT}"] must be an object.` })
  }
  const bytes = Buffer.from(JSON.stringify(payment))
  // Longer ones would be cut off by the limit of HTTP headers, before anybody could say why.
  if (bytes.length > LIMITS.paymentHeaderBytes) throw new TurnpikeError('payment_header_too_large')
  const name = payment['x402Version'] === 1 ? 'x-payment' : 'payment-signature'
  return { [name]: bytes.toString('base64') }
}
