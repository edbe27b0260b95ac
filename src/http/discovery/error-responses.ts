import type { Schema, Schemas } from '../../chat/schema.ts'
import { CHAT_ERRORS } from '../../lib/errors/chat.ts'
import { GOVERNANCE_ERRORS } from '../../lib/errors/governance.ts'
import { WEBHOOK_ERRORS } from '../../lib/errors/webhooks.ts'
import { ROUTING_ERRORS } from '../../lib/errors/routing.ts'
import { type ErrorCode, ERRORS, errorSpec } from '../../lib/errors/registry.ts'
import { toWireError } from '../../lib/errors/to-wire.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { dialectAt } from '../request/dialects.ts'

const codesOf = <Codes extends ErrorCode>(table: Record<Codes, unknown>) => Object.keys(table) as Codes[]

/** What rules, keys and vouchers have against a caller. */
const KEY_CODES = [
  'key_invalid',
  'key_expired',
  'key_revoked',
  'key_wrong_environment',
  'key_kind_mismatch',
  'permission_denied',
  'voucher_invalid',
  'voucher_expired',
  'voucher_revoked',
] as const satisfies readonly ErrorCode[]
/** What its rules have against one call, before and after it is priced. */
const RULE_CODES = [
  'budget_exceeded',
  'budget_crowded',
  'balance_insufficient',
  'wallet_denied',
  'rate_limit_exceeded',
  'request_above_rate',
  'model_not_allowed_by_policy',
  'provider_not_allowed_by_policy',
  'strategy_not_allowed_by_policy',
  'call_above_policy_cap',
] as const satisfies readonly ErrorCode[]
const MET_BY_CALLS: ReadonlySet<string> = new Set([...KEY_CODES, ...RULE_CODES])

/** Codes that no call meets: those of operators, of other addresses, and of payers that look after their credit. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'not_found',
  'call_not_found',
  'finding_not_found',
  'finding_closed',
  'admin_token_required',
  'sign_in_required',
  'nothing_to_withdraw',
  'feedback_not_yours',
  'feedback_too_early',
  'feedback_too_late',
  'feedback_limit_reached',
  // Most of what governance says is said to who administers.
  ...Object.keys(GOVERNANCE_ERRORS).filter((code) => !MET_BY_CALLS.has(code)),
  ...Object.keys(WEBHOOK_ERRORS),
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
  ...codesOf(ROUTING_ERRORS),
  ...KEY_CODES,
  ...RULE_CODES,
  'all_endpoints_down',
  'unavailable',
  'token_suspended',
]
/** What can be met by a top-up: it is paid by `exact` alone. */
export const TOP_UP_CODES: readonly ErrorCode[] = [
  ...READING.filter((code) => code !== 'ambiguous_json' && code !== 'too_many_unpaid'),
  'invalid_field',
  'unknown_field',
  'unavailable',
  'payment_header_duplicate',
  'payment_header_too_large',
  'payment_undecodable',
  'payment_malformed',
  'payment_unsupported',
  'payment_not_needed',
  'permit2_allowance_required',
  'token_suspended',
  'payment_already_used',
  'settlement_pending',
  ...KEY_CODES.filter((code) => !code.startsWith('voucher')),
  'voucher_calls_only',
]
export const WITHDRAWAL_CODES: readonly ErrorCode[] = [
  'body_too_large',
  'invalid_json',
  'unsupported_content_encoding',
  'invalid_field',
  'unknown_field',
  'sign_in_invalid',
  'nothing_to_withdraw',
]
export const FEEDBACK_CODES: readonly ErrorCode[] = [
  'body_too_large',
  'invalid_json',
  'unsupported_content_encoding',
  'missing_field',
  'invalid_field',
  'unknown_field',
  'contradicting_options',
  'sign_in_invalid',
  'call_not_found',
  'feedback_not_yours',
  'feedback_too_early',
  'feedback_too_late',
  'feedback_limit_reached',
  'unavailable',
]
export const VOUCHER_CODES: readonly ErrorCode[] = [
  'body_too_large',
  'invalid_json',
  'unsupported_content_encoding',
  'missing_field',
  'invalid_field',
  'unknown_field',
  'method_not_allowed',
  'key_invalid',
  'key_expired',
  'key_revoked',
  'key_wrong_environment',
  'key_kind_mismatch',
  'permission_denied',
  'voucher_invalid',
  'voucher_calls_only',
]
export const OWN_VOUCHER_CODES: readonly ErrorCode[] = [
  'method_not_allowed',
  'voucher_invalid',
  'voucher_expired',
  'voucher_revoked',
  'key_invalid',
  'key_wrong_environment',
  'unavailable',
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

/** An error as OpenAI writes it, with what to do next beside. */
const ERROR_FIELDS: Schema = {
  type: 'object',
  properties: {
    message: { type: 'string' },
    type: { type: 'string' },
    param: { type: ['string', 'null'] },
    code: { enum: Object.keys(ERRORS) },
    next: { type: 'string', description: 'What to do about it.' },
  },
  required: ['message', 'type', 'param', 'code', 'next'],
}

export const ERROR_SCHEMAS: Schemas = {
  Error: { type: 'object', properties: { error: ERROR_FIELDS }, required: ['error'] },
  AnthropicError: {
    type: 'object',
    properties: { type: { const: 'error' }, error: ERROR_FIELDS, request_id: { type: 'string' } },
    required: ['type', 'error'],
  },
}

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
