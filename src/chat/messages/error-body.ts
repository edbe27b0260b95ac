import type { WireError } from '../../lib/errors/to-wire.ts'

/** Anthropic's error types by our `type`; what is not here is `api_error`. */
const TYPES: Readonly<Record<string, string>> = {
  invalid_request_error: 'invalid_request_error',
  conflict_error: 'invalid_request_error',
  authentication_error: 'authentication_error',
  permission_error: 'permission_error',
  payment_required: 'billing_error',
  rate_limit_error: 'rate_limit_error',
  api_error: 'api_error',
}

/** Codes for which Anthropic has a type of its own. */
const TYPES_BY_CODE: Readonly<Record<string, string>> = {
  not_found: 'not_found_error',
  call_not_found: 'not_found_error',
  body_too_large: 'request_too_large',
  unavailable: 'overloaded_error',
  upstream_timeout: 'timeout_error',
}

/**
 * An error in Anthropic's shape. Code, param and what to do next stand beside its type, as in every error of ours.
 *
 * @param requestId absent inside a stream, whose headers have told it.
 */
export function anthropicError({ error, requestId }: { error: WireError; requestId?: string }): unknown {
  const type = TYPES_BY_CODE[error.code] ?? TYPES[error.type] ?? 'api_error'
  return {
    type: 'error',
    error: { ...error, type },
    ...(requestId === undefined ? {} : { request_id: requestId }),
  }
}
