import type { Schema } from '../../chat/schema.ts'
import type { ErrorCode } from '../../lib/errors/registry.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { PAID_PATHS } from '../dialects.ts'
import { ANSWERS, FREE_ANSWERS, PAYMENT_ANSWERS } from './answers.ts'
import { errorCodes, errorResponses, errorSchemaAt, PAID_CODES } from './error-responses.ts'
import { bodyName, bodyRef, FREE_OPERATIONS, type FreeOperation } from './free-operations.ts'
import { GUIDANCE } from './guidance.ts'
import { paymentInfo } from './payment-info.ts'

type Json = Readonly<Record<string, unknown>>

const VERSION = '0.1.0'

const jsonOf = (schema: Schema, more: Json = {}) => ({ 'application/json': { schema, ...more } })

/** The name under which the error responses of a dialect's paid calls are kept. */
const responseName = (path: string, status: string) =>
  `${errorSchemaAt(path) === 'Error' ? '' : 'Anthropic'}Paid${status}`

function paidOperation({ path, call }: { path: string; call: HttpDependencies['call'] }): Json {
  const dialect = PAID_PATHS.get(path)
  const answer = ANSWERS.get(path)
  if (!dialect || !answer) throw new RangeError(`Nothing is known of ${path}.`)
  const errors = Object.keys(errorResponses({ codes: PAID_CODES, path }))
  return {
    operationId: `create${bodyName(path).replace(/Body$/, '')}`,
    summary: dialect.description,
    tags: ['paid'],
    security: [{ x402: [] }],
    'x-payment-info': paymentInfo({ path, call }),
    requestBody: { required: true, content: jsonOf(bodyRef(path), { example: dialect.example }) },
    responses: {
      '200': {
        description: 'The answer, with what was charged.',
        headers: {
          'PAYMENT-RESPONSE': header('The receipt, base64 of JSON. Of a stream it comes at the end.'),
        },
        content: {
          ...jsonOf(answer.schema),
          ...(answer.isStreamable
            ? {
                'text/event-stream': {
                  schema: {
                    type: 'string',
                    description:
                      'With stream: true. The comment ": payment-response <base64>" is the receipt.',
                  },
                },
              }
            : {}),
        },
      },
      '402': { $ref: '#/components/responses/PaymentRequired' },
      ...Object.fromEntries(
        errors.map((status) => [status, { $ref: `#/components/responses/${responseName(path, status)}` }]),
      ),
    },
  }
}

const header = (description: string) => ({ description, schema: { type: 'string' } })

function freeOperation({
  path,
  id,
  summary,
  parameters,
  body,
  example,
  answer,
  codes = [],
}: FreeOperation): Json {
  const isComponent = !answer.includes('/')
  const schema: Schema = isComponent
    ? { $ref: `#/components/schemas/${answer}` }
    : { type: answer === 'application/json' ? 'object' : 'string' }
  const content = { [isComponent ? 'application/json' : answer]: { schema } }
  return {
    operationId: id,
    summary,
    tags: ['free'],
    security: [],
    ...(parameters ? { parameters: parameters.map((one) => ({ ...one, required: one.in === 'path' })) } : {}),
    ...(body ? { requestBody: { required: true, content: jsonOf(body, example ? { example } : {}) } } : {}),
    responses: {
      '200': { description: summary, content },
      ...(id === 'getReadiness' ? { '503': { description: 'It cannot take calls.', content } } : {}),
      ...errorResponses({ codes: [...new Set<ErrorCode>([...codes, 'internal_error'])], path }),
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

/** An error as OpenAI writes it, with what to do next beside. */
const ERROR_FIELDS: Schema = {
  type: 'object',
  properties: {
    message: { type: 'string' },
    type: { type: 'string' },
    param: { type: ['string', 'null'] },
    code: { enum: Object.keys(errorCodes()) },
    next: { type: 'string', description: 'What to do about it.' },
  },
  required: ['message', 'type', 'param', 'code', 'next'],
}

const ERROR_SCHEMAS = {
  Error: { type: 'object', properties: { error: ERROR_FIELDS }, required: ['error'] },
  AnthropicError: {
    type: 'object',
    properties: { type: { const: 'error' }, error: ERROR_FIELDS, request_id: { type: 'string' } },
    required: ['type', 'error'],
  },
}

/**
 * The OpenAPI 3.1 document of the public API, from the tables by which requests are read, calls are priced and errors are raised.
 *
 * @returns everything but `servers`, which depends on how the server was reached.
 */
export function buildOpenApi({ call }: Pick<HttpDependencies, 'call'>): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const path of PAID_PATHS.keys()) paths[path] = { post: paidOperation({ path, call }) }
  for (const operation of FREE_OPERATIONS) {
    const { path, method } = operation
    paths[path] = { ...paths[path], [method]: freeOperation(operation) }
  }
  const paidResponses = [...PAID_PATHS.keys()].flatMap((path) =>
    Object.entries(errorResponses({ codes: PAID_CODES, path })).map(([status, response]) => [
      responseName(path, status),
      response,
    ]),
  )
  return {
    openapi: '3.1.0',
    info: {
      title: 'Turnpike',
      version: VERSION,
      summary: 'An LLM router that agents pay per call, in USDC or USDT over x402.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      'x-guidance': GUIDANCE,
    },
    tags: [
      { name: 'paid', description: '402 with the price where nothing was paid.' },
      { name: 'free', description: 'Costs nothing.' },
    ],
    paths,
    components: {
      securitySchemes: {
        x402: {
          type: 'apiKey',
          in: 'header',
          name: 'PAYMENT-SIGNATURE',
          description: 'An x402 v2 payment, base64 of JSON (v1: X-PAYMENT). No account is needed.',
        },
      },
      schemas: {
        ...Object.fromEntries([...PAID_PATHS].map(([path, { body }]) => [bodyName(path), body])),
        ...FREE_ANSWERS,
        ...PAYMENT_ANSWERS,
        ...ERROR_SCHEMAS,
      },
      responses: { PaymentRequired: PAYMENT_REQUIRED, ...(Object.fromEntries(paidResponses) as Json) },
    },
    'x-error-codes': errorCodes(),
  }
}
