import type { Schema } from '../../chat/schema.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { FREE_ANSWERS, PAYMENT_ANSWERS } from './answers.ts'
import { ERROR_SCHEMAS, errorCodes, errorResponses } from './error-responses.ts'
import { bodyName, FREE_OPERATIONS, type FreeOperation } from './free-operations.ts'
import { GUIDANCE } from './guidance.ts'
import { type Json, jsonOf, paidOperation, paidResponses } from './paid-operation.ts'
import { SALES } from './sales.ts'

export const VERSION = '0.1.0'

function freeOperation(operation: FreeOperation): Json {
  const {
    path,
    id,
    summary,
    parameters,
    body,
    example,
    answer,
    codes = [],
    isSignedIn = false,
    bearer,
    status = 200,
  } = operation
  const isComponent = !answer.includes('/')
  const schema: Schema = isComponent
    ? { $ref: `#/components/schemas/${answer}` }
    : { type: answer === 'application/json' ? 'object' : 'string' }
  const content = { [isComponent ? 'application/json' : answer]: { schema } }
  return {
    operationId: id,
    summary,
    tags: ['free'],
    security: isSignedIn ? [{ siwx: [] }] : bearer ? [{ [bearer]: [] }] : [],
    ...(parameters ? { parameters: parameters.map((one) => ({ ...one, required: one.in === 'path' })) } : {}),
    ...(body ? { requestBody: { required: true, content: jsonOf(body, example ? { example } : {}) } } : {}),
    responses: {
      [status]: { description: summary, content },
      ...(id === 'getReadiness' ? { '503': { description: 'It cannot take calls.', content } } : {}),
      ...(isSignedIn ? { '402': SIGN_IN } : {}),
      ...errorResponses({ codes: [...new Set([...codes, 'internal_error' as const])], path }),
    },
  }
}

const SIGN_IN = {
  description: 'sign_in_required: the PAYMENT-REQUIRED header carries the challenge. Nothing is to be paid.',
  content: jsonOf({ $ref: '#/components/schemas/Error' }),
}

const SECURITY_SCHEMES = {
  x402: {
    type: 'apiKey',
    in: 'header',
    name: 'PAYMENT-SIGNATURE',
    description: 'An x402 v2 payment, base64 of JSON (v1: X-PAYMENT). No account is needed.',
  },
  siwx: {
    type: 'apiKey',
    in: 'header',
    name: 'SIGN-IN-WITH-X',
    description: "The wallet's signature of the challenge in a 402 (x402's sign-in-with-x).",
  },
  key: { type: 'http', scheme: 'bearer', description: 'A key of an organisation (tp_live_…).' },
  voucher: { type: 'http', scheme: 'bearer', description: 'A spend voucher (tpv_…) of such a key.' },
}

/**
 * The OpenAPI 3.1 document of the public API, from the tables by which requests are read, calls are priced and errors are raised.
 *
 * @returns everything but `servers`, which depends on how the server was reached.
 */
export function buildOpenApi({ call }: Pick<HttpDependencies, 'call'>): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const sale of SALES) paths[sale.path] = { post: paidOperation({ sale, call }) }
  for (const operation of FREE_OPERATIONS) {
    const { path, method } = operation
    paths[path] = { ...paths[path], [method]: freeOperation(operation) }
  }
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
      securitySchemes: SECURITY_SCHEMES,
      schemas: {
        ...Object.fromEntries(SALES.map(({ path, body }) => [bodyName(path), body])),
        ...FREE_ANSWERS,
        ...PAYMENT_ANSWERS,
        ...ERROR_SCHEMAS,
      },
      responses: paidResponses(),
    },
    'x-error-codes': errorCodes(),
  }
}
