import { objectOf, type Schema, TEXT } from '../../chat/schema.ts'
import { COUNT_BODY } from '../../chat/messages/fields.ts'
import { MESSAGES_DIALECT } from '../../chat/messages/messages-dialect.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { ErrorCode } from '../../lib/errors/registry.ts'
import { PAID_PATHS } from '../request/dialects.ts'
import { WITHDRAWAL_BODY } from '../schemas/credit-schemas.ts'
import { VOUCHER_BODY, VOUCHER_EXAMPLE } from '../schemas/voucher-schemas.ts'
import { FEEDBACK_BODY, FEEDBACK_EXAMPLE } from '../schemas/feedback-schemas.ts'
import {
  COUNT_CODES,
  FEEDBACK_CODES,
  OWN_VOUCHER_CODES,
  QUOTE_CODES,
  VOUCHER_CODES,
  WITHDRAWAL_CODES,
} from './error-responses.ts'

type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly schema: Schema
  readonly description: string
}

export type FreeOperation = {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly parameters?: readonly Parameter[]
  readonly body?: Schema
  readonly example?: Readonly<Record<string, unknown>>
  /** The name of a component, or the media type of an answer that is no JSON object of ours. */
  readonly answer: string
  readonly codes?: readonly ErrorCode[]
  /** Whether the wallet has to be proved (x402's sign-in-with-x). */
  readonly isSignedIn?: boolean
  /** Whose credential it takes in the Authorization header. */
  readonly bearer?: 'key' | 'voucher'
  /** The status of its answer; 200 where absent. */
  readonly status?: 201
}

const text = (name: string, place: 'path' | 'query', description: string): Parameter => ({
  name,
  in: place,
  schema: { type: 'string' },
  description,
})

const { max_tokens: _cap, ...COUNT_EXAMPLE } = MESSAGES_DIALECT.example

/** Bodies of the paid paths, by reference. */
export const bodyRef = (path: string): Schema => ({ $ref: `#/components/schemas/${bodyName(path)}` })

/** The component that a path's body is: `/v1/chat/completions` is ChatCompletionsBody. */
export const bodyName = (path: string): string =>
  `${path
    .split('/')
    .slice(2)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Body`

/** Every public route that costs nothing. A test holds them against the server's own. */
export const FREE_OPERATIONS: readonly FreeOperation[] = [
  {
    method: 'post',
    path: '/v1/quotes',
    id: 'createQuote',
    summary:
      'The price of a request, to the atom, without a 402: its offers can be signed and are honoured for 120 s',
    parameters: [
      {
        name: 'for',
        in: 'query',
        schema: { enum: [...PAID_PATHS.keys()] },
        description: 'The paid path that the body is for; /v1/chat/completions where absent.',
      },
    ],
    body: { anyOf: [...PAID_PATHS.keys()].map(bodyRef) },
    answer: 'Quote',
    codes: QUOTE_CODES,
  },
  {
    method: 'get',
    path: '/v1/models',
    id: 'listModels',
    summary: 'Every model with the price that a caller pays',
    answer: 'Models',
  },
  {
    method: 'get',
    path: '/v1/models/{id}',
    id: 'getModel',
    summary: 'One model',
    parameters: [text('id', 'path', 'vendor/model; its slash is written as it is.')],
    answer: 'Model',
    codes: ['unknown_model'],
  },
  {
    method: 'get',
    path: '/v1/calls/{id}',
    id: 'getCall',
    summary: 'State, charge and transaction of a call, for the holder of its id',
    parameters: [text('id', 'path', 'The x-call-id of the answer.')],
    answer: 'Call',
    codes: ['call_not_found', 'sign_in_invalid'],
  },
  {
    method: 'get',
    path: '/v1/calls',
    id: 'listCalls',
    summary: "The signed-in payer's own calls, the newest first",
    parameters: [
      {
        name: 'limit',
        in: 'query',
        schema: { type: 'integer', minimum: 1, maximum: LIMITS.listEntries },
        description: 'How many; 20 where absent.',
      },
      text('after', 'query', 'The last_id of the page before.'),
    ],
    answer: 'OwnCalls',
    codes: ['invalid_field', 'sign_in_invalid'],
    isSignedIn: true,
  },
  {
    method: 'get',
    path: '/v1/usage',
    id: 'getUsage',
    summary: "What the signed-in payer, or a key's principal, has used by day and model",
    parameters: [
      {
        name: 'days',
        in: 'query',
        schema: { type: 'integer', minimum: 1, maximum: LIMITS.usageDays },
        description: 'How far back; 30 where absent.',
      },
      text('of', 'query', 'organization: all of it, for a key that holds usage:read there.'),
    ],
    answer: 'Usage',
    codes: ['invalid_field', 'sign_in_invalid', 'key_invalid', 'permission_denied'],
    isSignedIn: true,
  },
  {
    method: 'get',
    path: '/v1/limits',
    id: 'getLimits',
    summary: "What the signed-in payer's spending, or a key's, is bound by, and how that stands",
    answer: 'Limits',
    codes: ['sign_in_invalid', 'key_invalid', 'permission_denied', 'wallet_denied'],
    isSignedIn: true,
  },
  {
    method: 'get',
    path: '/v1/credit',
    id: 'getCredit',
    summary: "The signed-in payer's credit and withdrawals",
    answer: 'Credit',
    codes: ['sign_in_invalid'],
    isSignedIn: true,
  },
  {
    method: 'post',
    path: '/v1/credit/withdrawals',
    id: 'createWithdrawal',
    summary: 'Sends credit back to the wallet that proves itself for just this body',
    body: WITHDRAWAL_BODY,
    answer: 'Withdrawal',
    codes: WITHDRAWAL_CODES,
    isSignedIn: true,
  },
  {
    method: 'post',
    path: '/v1/vouchers',
    id: 'createVoucher',
    summary:
      'A spend voucher of a key: what whoever gets it may spend on calls, and narrow further without asking',
    body: VOUCHER_BODY,
    example: VOUCHER_EXAMPLE,
    answer: 'NewVoucher',
    codes: VOUCHER_CODES,
    bearer: 'key',
    status: 201,
  },
  {
    method: 'get',
    path: '/v1/vouchers/me',
    id: 'getOwnVoucher',
    summary: 'What the voucher that comes along has spent and has left, level by level',
    answer: 'Voucher',
    codes: OWN_VOUCHER_CODES,
    bearer: 'voucher',
  },
  {
    method: 'post',
    path: '/v1/feedback',
    id: 'createFeedback',
    summary: "What its payer thinks of a call's answer: moves what is chosen for that payer's like calls",
    body: FEEDBACK_BODY,
    example: FEEDBACK_EXAMPLE,
    answer: 'Feedback',
    codes: FEEDBACK_CODES,
  },
  {
    method: 'post',
    path: '/v1/messages/count_tokens',
    id: 'countTokens',
    summary: 'Our own count of the input, the one that bounds a price',
    body: COUNT_BODY,
    example: COUNT_EXAMPLE,
    answer: 'TokenCount',
    codes: COUNT_CODES,
  },
  {
    method: 'post',
    path: '/mcp',
    id: 'sendMcpMessage',
    summary: 'These routes as tools of the Model Context Protocol (streamable HTTP, without sessions)',
    body: objectOf({
      fields: { jsonrpc: { const: '2.0' }, method: TEXT },
      required: ['jsonrpc', 'method'],
      isOpen: true,
    }),
    example: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    answer: 'application/json',
  },
  { method: 'get', path: '/healthz', id: 'getHealth', summary: 'The process lives', answer: 'Health' },
  {
    method: 'get',
    path: '/readyz',
    id: 'getReadiness',
    summary: 'It can take calls; 503 and the same body where it cannot',
    answer: 'Readiness',
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'getMetrics',
    summary: 'Prometheus text',
    answer: 'text/plain',
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'getOpenApi',
    summary: 'This document',
    answer: 'application/json',
  },
  {
    method: 'get',
    path: '/.well-known/x402',
    id: 'getWellKnown',
    summary: 'What is sold here, with default offers',
    answer: 'application/json',
  },
  {
    method: 'get',
    path: '/llms.txt',
    id: 'getLlmsText',
    summary: 'How to use this server, for models',
    answer: 'text/plain',
  },
]
