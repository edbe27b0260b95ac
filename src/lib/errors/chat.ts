import { defineErrors } from './define.ts'

/** Raised while a request is read and bounded: all of them before any payment. */
export const CHAT_ERRORS = defineErrors({
  missing_field: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'A required field is missing.',
    next: 'Add the field named in param.',
  },
  invalid_field: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'A field has a value that the API does not take.',
    next: 'Correct the field named in param.',
  },
  unknown_field: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'There is no such field.',
    next: 'Remove the field named in param, or correct its spelling.',
  },
  contradicting_options: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'Two options of the request contradict each other.',
    next: 'Keep one of the options named in the message.',
  },
  unknown_model: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'There is no such model.',
    next: 'List the models with GET /v1/models.',
  },
  model_not_configured: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'This server has no reachable endpoint for that model.',
    next: 'Choose a model with available: true in GET /v1/models.',
  },
  wrong_model_kind: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'That model does not do what this path asks for.',
    next: 'Choose a model whose kind in GET /v1/models is that of the path: chat or embedding.',
  },
  unsupported_field: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'No provider of that model can honour one of the fields.',
    next: 'Leave the field out, or choose a model whose providers take it.',
  },
  unpriced_model: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'That model has no known price, so it cannot be sold.',
    next: 'Choose a model with pricing in GET /v1/models.',
  },
  context_length_exceeded: {
    status: 400,
    type: 'invalid_request_error',
    retryable: false,
    message: 'The input and the output cap do not fit into the context of that model.',
    next: 'Shorten the input, lower the output cap, or choose a model with a larger context.',
  },
})
