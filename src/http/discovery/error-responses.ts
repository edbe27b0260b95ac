import { CHAT_ERRORS } from '../../lib/errors/chat.ts'
import { type ErrorCode, ERRORS, errorSpec } from '../../lib/errors/registry.ts'
import { toWireError } from '../../lib/errors/to-wire.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { dialectAt } from '../dialects.ts'

const codesOf = <Codes extends ErrorCode>(table: Record<Codes, unknown>) => Object.keys(table) as Codes[]

/** Codes that only an operator or the holder of a call's id meets. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'not_found',
  'call_not_found',
  'finding_not_found',
  'finding_closed',
  'admin_token_required',
])

/** What can be met while a body is read. */
const READING: readonly ErrorCode[] = [
  'body_too_large',
  'invalid_json',
  'ambiguous_json',
  'unsupported_content_encoding',
  'too_many_unpaid',
  'internal_error',
]

/** What can be met by a call, from its first byte to its last. */
export const PAID_CODES = codesOf(ERRORS).filter((code) => !ELSEWHERE.has(code))
export const QUOTE_CODES: readonly ErrorCode[] = [
  ...READING,
  'method_not_allowed',
  ...codesOf(CHAT_ERRORS),
  'unavailable',
  'token_suspended',
]
export const COUNT_CODES: readonly ErrorCode[] = [
  ...READING,
  'missing_field',
  'invalid_field',
  'unknown_field',
  'contradicting_options',
]

/** Every code of the registry, for who wants to look one up. */
export const errorCodes = () =>
  Object.fromEntries(
    Object.entries(ERRORS).map(([code, { status, type, retryable, message, next }]) => [
      code,
      { status, type, retryable, message, next },
    ]),
  )

/**
 * The error responses of an operation by status, each with an example of every code in the shape of its dialect; 402 is told apart.
 *
 * @param path whose dialect is spoken.
 */
export function errorResponses({ codes, path }: { codes: readonly ErrorCode[]; path: string }) {
  const byStatus = Map.groupBy(codes, (code) => errorSpec(code).status)
  byStatus.delete(402)
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.join(', '),
        content: {
          'application/json': {
            schema: { $ref: `#/components/schemas/${errorSchemaAt(path)}` },
            examples: Object.fromEntries(group.map((code) => [code, { value: exampleOf(code, path) }])),
          },
        },
      },
    ]),
  )
}

export const errorSchemaAt = (path: string): string =>
  path.startsWith('/v1/messages') ? 'AnthropicError' : 'Error'

const exampleOf = (code: ErrorCode, path: string) =>
  dialectAt(path).errorBody({ error: toWireError(new TurnpikeError(code)), requestId: 'request-1' })
