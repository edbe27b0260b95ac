import { defineErrors } from './define.ts'

/** Raised by http/: what is wrong before a call begins. */
export const HTTP_ERRORS = defineErrors({
  not_found: {
    status: 404,
    type: 'invalid_request_error',
    retryable: false,
    message: 'There is nothing at this address.',
    next: 'See the README for the routes of this server; paid calls go to POST /v1/chat/completions.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    retryable: false,
    message: 'This address does not answer that method.',
    next: 'Use the method named in the Allow header.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request_error',
    retryable: false,
    message: 'The request body is larger than 10 MiB.',
    next: 'Send a smaller body; nothing was charged.',
  },
  invalid_json: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'The request body is not valid JSON.',
    next: 'Send one JSON object in UTF-8; nothing was charged.',
  },
  ambiguous_json: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'A top-level key of the body is repeated or written with escapes.',
    next: 'Write every top-level key once and plainly: two readers must not see two requests.',
  },
  unsupported_content_encoding: {
    status: 415,
    type: 'invalid_request_error',
    retryable: false,
    message: 'Compressed request bodies are not accepted.',
    next: 'Send the body without Content-Encoding.',
  },
  internal_error: {
    status: 500,
    type: 'api_error',
    retryable: true,
    message: 'Something failed inside the router.',
    next: 'Try again; quote the x-request-id to the operator if it happens again.',
  },
  free_limit_reached: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'Too many free calls from this address.',
    next: 'Try again after Retry-After, or use a model that has a price.',
  },
  unavailable: {
    status: 503,
    type: 'api_error',
    retryable: true,
    message: 'The router cannot record calls at the moment, so it takes none.',
    next: 'Try again after the Retry-After header; no payment was taken.',
  },
  finding_not_found: {
    status: 404,
    type: 'invalid_request_error',
    retryable: false,
    message: 'There is no finding with this id.',
    next: 'List them with GET /admin/v1/reconciliation/findings?state=all.',
  },
  finding_closed: {
    status: 409,
    type: 'conflict_error',
    retryable: false,
    message: 'This finding is closed already.',
    next: 'Nothing to do; see closed_by and reason.',
  },
  admin_token_required: {
    status: 401,
    type: 'authentication_error',
    retryable: false,
    message: 'This address is for operators.',
    next: 'Send Authorization: Bearer <TURNPIKE_ADMIN_TOKEN>.',
  },
})
