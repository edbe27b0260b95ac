import type { IncomingHttpHeaders } from 'node:http'
import type { AnswerToken, SimulatedAnswer } from '../answer.ts'
import type { SimulatedRequest } from '../read-prompt.ts'

/** A request as it came in. */
export type Received = {
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a provider refuses, or fails with. */
export type Failure = {
  readonly status: number
  readonly message: string
  /** Seconds or an HTTP date. */
  readonly retryAfter?: string | undefined
}

/**
 * One dialect of the simulated provider: how it is asked, and how it writes an answer that was composed without it. Everything but
 * `whole` and `error` is framed for the stream; an empty string is not sent.
 */
export type Face = {
  /** The paths that it answers by POST. */
  readonly path: RegExp
  readonly read: (received: Received) => SimulatedRequest | Failure
  /** The answer in one piece, as JSON. */
  readonly whole: (answer: SimulatedAnswer) => string
  readonly opening: (answer: SimulatedAnswer) => string
  readonly token: (token: AnswerToken) => string
  readonly end: (answer: SimulatedAnswer) => string
  readonly error: (failure: Failure) => {
    readonly json: string
    readonly headers?: Readonly<Record<string, string>>
  }
  /** The same inside a stream; without a status the one that a provider in trouble has. */
  readonly errorEvent: (failure: { readonly status?: number | undefined; readonly message: string }) => string
  /** What keeps a connection alive and says nothing. */
  readonly keepAlive: string
  /** An event that is no JSON. */
  readonly malformed: string
}

/** The Retry-After header, where the dialect has it. */
export const retryAfterHeader = ({ retryAfter }: Failure) =>
  retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }
