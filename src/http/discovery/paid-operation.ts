import { BUDGET_HEADERS } from '../../chat/budget/read-budget.ts'
import { STRATEGY_NAMES } from '../../chat/routing/overrides.ts'
import { STRATEGY_HEADER } from '../../chat/routing/with-strategy.ts'
import type { Schema } from '../../chat/schema.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { IDEMPOTENCY_KEY } from '../request/idempotency-id.ts'
import { FEEDBACK_HEADER, PAYER_HEADER } from '../request/receive.ts'
import { errorResponses, errorSchemaAt, PAID_CODES, TOP_UP_CODES } from './error-responses.ts'
import { bodyName, bodyRef } from './free-operations.ts'
import { paymentInfo } from './payment-info.ts'
import { type Sale, SALES } from './sales.ts'

export type Json = Readonly<Record<string, unknown>>

export const jsonOf = (schema: Schema, more: Json = {}) => ({ 'application/json': { schema, ...more } })

const header = (description: string) => ({ description, schema: { type: 'string' } })

const codesOf = ({ isCall }: Sale) => (isCall ? PAID_CODES : TOP_UP_CODES)

/** The name under which the error responses of what is sold are kept: those of one kind and dialect are the same. */
function responseName({ sale, status }: { sale: Sale; status: string }): string {
  const dialect = errorSchemaAt(sale.path) === 'Error' ? '' : 'Anthropic'
  return `${dialect}${sale.isCall ? 'Paid' : 'TopUp'}${status}`
}

const STREAM: Schema = {
  type: 'string',
  description: 'With stream: true. The comment ": payment-response <base64>" is the receipt.',
}

const optional = (name: string, schema: Schema, description: string) => ({
  name,
  in: 'header',
  required: false,
  schema,
  description,
})

const CALL_HEADERS = [
  optional(
    'Idempotency-Key',
    { type: 'string', pattern: IDEMPOTENCY_KEY.source },
    "The payer's own name for this request: sent again under it, it is the same call.",
  ),
  optional(
    STRATEGY_HEADER,
    { type: 'string', enum: [...STRATEGY_NAMES] },
    'How candidates are compared; the same as auto:<strategy>.',
  ),
  optional(
    FEEDBACK_HEADER,
    { type: 'string', enum: ['on', 'off'] },
    'off: the answer is not looked at, nothing of it is counted, and no other model is tried on this call to learn.',
  ),
  optional(
    BUDGET_HEADERS.maxCost,
    { type: 'string' },
    'USD that this call may cost; the same as budget.max_cost.',
  ),
  optional(
    BUDGET_HEADERS.run,
    { type: 'string' },
    "The caller's own name for calls that belong together; the same as budget.run.id.",
  ),
  optional(
    BUDGET_HEADERS.runBudget,
    { type: 'string' },
    'USD that the run may cost in all; the same as budget.run.max_cost.',
  ),
  optional(
    PAYER_HEADER,
    { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' },
    'The wallet that will pay, as long as nothing has been paid: what its calls have shown then counts in the choice of auto.',
  ),
  optional(
    'x-turnpike-credit',
    { type: 'string' },
    'Whatever its value: the 402 also carries a challenge, to pay from credit by signing in.',
  ),
  optional(
    'x-turnpike-receipt',
    { type: 'string', enum: ['signed'] },
    'The offers of the 402 and the receipt of the call are signed (x402 offer-receipt).',
  ),
]

/** One paid operation of the document, with its price and its 402. */
export function paidOperation({ sale, call }: { sale: Sale; call: HttpDependencies['call'] }): Json {
  const { path, description, example, answer } = sale
  const errors = Object.keys(errorResponses({ codes: codesOf(sale), path }))
  return {
    operationId: `create${bodyName(path).replace(/Body$/, '')}`,
    summary: description,
    tags: ['paid'],
    // A key's organisation pays where no payment comes along; a top-up with a key is paid all the same.
    security: [{ x402: [] }, ...(sale.isCall ? [{ key: [] }, { voucher: [] }] : [{ x402: [], key: [] }])],
    'x-payment-info': paymentInfo({ sale, call }),
    ...(sale.isCall ? { parameters: CALL_HEADERS } : {}),
    requestBody: { required: true, content: jsonOf(bodyRef(path), { example }) },
    responses: {
      '200': {
        description: 'The answer, with what was charged.',
        headers: {
          'PAYMENT-RESPONSE': header('The receipt, base64 of JSON. Of a stream it comes at the end.'),
        },
        content: {
          ...jsonOf(answer.schema),
          ...(answer.isStreamable ? { 'text/event-stream': { schema: STREAM } } : {}),
        },
      },
      '402': { $ref: '#/components/responses/PaymentRequired' },
      ...Object.fromEntries(
        errors.map((status) => [
          status,
          { $ref: `#/components/responses/${responseName({ sale, status })}` },
        ]),
      ),
    },
  }
}

/** The 402 of every paid operation: x402 v2 in the header, v1 in the body. */
const PAYMENT_REQUIRED = {
  description:
    'The price: sign one of the offers and send the same request again. Also where a payment was wrong in a way that signing again mends.',
  headers: {
    'PAYMENT-REQUIRED': header('x402 v2: base64 of the JSON of components.schemas.PaymentRequired.'),
    'Cache-Control': header('private, no-store'),
    'x-should-retry': header('false: no SDK should repeat it unpaid.'),
  },
  content: jsonOf({ $ref: '#/components/schemas/PaymentRequiredBody' }),
}

/** What paid operations answer beside what they are paid for. */
export function paidResponses(): Json {
  const errors = SALES.flatMap((sale) =>
    Object.entries(errorResponses({ codes: codesOf(sale), path: sale.path })).map(
      ([status, response]) => [responseName({ sale, status }), response] as const,
    ),
  )
  return { PaymentRequired: PAYMENT_REQUIRED, ...Object.fromEntries(errors) }
}
