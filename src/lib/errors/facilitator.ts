import { defineErrors } from './define.ts'

/** Raised by `turnpike facilitator`: an order that is not looked into. What is wrong with a payment itself is an answer in x402's words. */
export const FACILITATOR_ERRORS = defineErrors({
  facilitator_token_required: {
    status: 401,
    type: 'authentication_error',
    retryable: false,
    message: 'This facilitator works for those who have its token.',
    next: 'Send Authorization: Bearer <TURNPIKE_FACILITATOR_ACCESS_TOKEN>.',
  },
  too_many_orders: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'Too many orders from this address.',
    next: 'Try again after Retry-After. An order that was submitted before is answered as before.',
  },
  facilitator_busy: {
    status: 503,
    type: 'api_error',
    retryable: true,
    message: 'Too many orders at once.',
    next: 'Send the same order again after Retry-After; a payment is never submitted twice.',
  },
  chain_unreachable: {
    status: 503,
    type: 'api_error',
    retryable: true,
    message: 'The chain cannot be asked at the moment.',
    next: 'Send the same order again; a payment is never submitted twice.',
  },
})
