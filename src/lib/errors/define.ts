/** One row of the error registry. `next` says what the reader can do about it. */
export type ErrorSpec = {
  readonly status: number
  /** OpenAI's `error.type`. */
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'permission_error'
    | 'payment_required'
    | 'conflict_error'
    | 'rate_limit_error'
    | 'api_error'
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean
  readonly message: string
  readonly next: string
}

/** Keeps the literal keys of one room's errors, so that an unknown code does not compile. */
export const defineErrors = <Codes extends string>(specs: Record<Codes, ErrorSpec>) => specs
