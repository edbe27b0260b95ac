import { ERRORS, type ErrorCode } from './registry.ts'

export type ErrorDetails = {
  /** Replaces the registry's sentence where the case knows more (limits, names, amounts); never prompt text. */
  readonly message?: string
  readonly next?: string
  /** The request field that is wrong, in OpenAI's `error.param`. */
  readonly param?: string
  /** Further members of the wire's `error` object: receipts, call ids, limits. JSON values only. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Headers that belong to this answer. */
  readonly headers?: Readonly<Record<string, string>>
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/**
 * The one error class of the house. Its code names the registry's row, which holds status, type and next step.
 *
 * @example throw new TurnpikeError('unknown_model', { param: 'model', message: 'There is no model "gpt-9".' })
 */
export class TurnpikeError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails
  override readonly name = 'TurnpikeError'

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(
      details.message ?? ERRORS[code].message,
      details.cause === undefined ? {} : { cause: details.cause },
    )
    this.code = code
    this.details = details
  }
}
