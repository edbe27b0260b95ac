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

type Make = (message: string, next: string) => ErrorSpec

/** Of a status that means one thing wherever it is answered, and that the same request meets again. */
const lasting =
  (status: number, type: ErrorSpec['type']): Make =>
  (message, next) => ({ status, type, retryable: false, message, next })

/** The request is wrong, or the payment with it: no fresh offer can mend it. */
export const invalid = lasting(400, 'invalid_request_error')

/** Nobody is known by what was shown. Never 402: who has a key wants its organisation to pay. */
export const unknownCaller = lasting(401, 'authentication_error')

/** Against what has been done before. */
export const conflict = lasting(409, 'conflict_error')

/** Keeps the literal keys of one room's errors, so that an unknown code does not compile. */
export const defineErrors = <Codes extends string>(specs: Record<Codes, ErrorSpec>) => specs
