import { errorSpec } from './registry.ts'
import type { TurnpikeError } from './turnpike-error.ts'

export type WireError = {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string
  readonly next: string
  readonly [extra: string]: unknown
}

/** The OpenAI-shaped `error` object of an error: the only place where one is spelled for the wire. */
export function toWireError(error: TurnpikeError): WireError {
  const spec = errorSpec(error.code)
  return {
    message: error.message,
    type: spec.type,
    param: error.details.param ?? null,
    code: error.code,
    next: error.details.next ?? spec.next,
    ...error.details.extra,
  }
}
