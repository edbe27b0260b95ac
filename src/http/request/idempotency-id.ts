import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'

/** What the header may be. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

/**
 * A caller's own name for its request: the header `Idempotency-Key`, or the payment-identifier of its x402 payment.
 *
 * @throws invalid_field for a header that is too long, empty, has spaces or comes twice; contradicting_options for two names.
 */
export function idempotencyIdOf({
  header,
  identifier,
}: {
  header: readonly string[] | undefined
  identifier: string | undefined
}): string | undefined {
  const [given, ...others] = header ?? []
  if (given === undefined) return identifier
  if (others.length > 0 || !IDEMPOTENCY_KEY.test(given))
    throw new TurnpikeError('invalid_field', {
      param: 'Idempotency-Key',
      message: 'Idempotency-Key must be one name of 1 to 255 visible ASCII characters.',
    })
  if (identifier !== undefined && identifier !== given)
    throw new TurnpikeError('contradicting_options', {
      param: 'Idempotency-Key',
      message: 'Idempotency-Key and the payment-identifier extension name this request differently.',
    })
  return given
}
