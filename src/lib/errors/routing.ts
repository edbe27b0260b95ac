import { defineErrors } from './define.ts'

/** Raised while it is decided where a call goes: all of them before any payment. */
export const ROUTING_ERRORS = defineErrors({
  no_candidates: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'Every endpoint was filtered out.',
    next: 'Loosen one of the filters in error.filters: each tells how many endpoints it kept out.',
  },
  quality_floor_unmet: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'No model here is estimated to be as good as min_quality asks for.',
    next: 'Lower min_quality to what error.best has, or leave it out.',
  },
})
