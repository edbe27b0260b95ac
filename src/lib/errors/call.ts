import { defineErrors } from './define.ts'

/** Raised by call/ while a call is admitted, dispatched and recorded. */
export const CALL_ERRORS = defineErrors({
  upstream_error: {
    status: 502,
    type: 'api_error',
    retryable: true,
    message: 'The provider failed before it delivered anything.',
    next: 'Nothing was charged. Try again, or choose another model.',
  },
  upstream_rejected: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'The provider refused the request.',
    next: 'Nothing was charged. Correct the request for this model.',
  },
  upstream_rate_limited: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'The provider is at its rate limit.',
    next: 'Nothing was charged. Try again after Retry-After, or choose another model.',
  },
  upstream_timeout: {
    status: 504,
    type: 'api_error',
    retryable: true,
    message: 'The provider did not answer in time.',
    next: 'Nothing was charged. Try again, or choose another model.',
  },
  upstream_interrupted: {
    status: 502,
    type: 'api_error',
    retryable: true,
    message: 'The provider broke off in the middle of the answer.',
    next: 'Only the tokens that were delivered are charged. Ask again for the rest.',
  },
  all_endpoints_down: {
    status: 503,
    type: 'api_error',
    retryable: true,
    message: 'Every endpoint of this model is down, or has asked not to be called for a while.',
    next: 'Nothing was charged. Try again after Retry-After, or choose another model now.',
  },
  call_not_found: {
    status: 404,
    type: 'invalid_request_error',
    retryable: false,
    message: 'There is no call with this id.',
    next: 'Use the id from the x-call-id header of the answer.',
  },
})
