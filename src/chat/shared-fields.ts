import { LIMITS } from '../lib/limits.ts'
import { BUDGET_FIELD } from './budget/fields.ts'
import { ROUTING_SCHEMAS } from './routing/fields.ts'
import { among, ANYTHING, type Schema, type Schemas, told } from './schema.ts'

/** The name of a model, in every dialect. */
export const MODEL_FIELD = {
  type: 'string',
  minLength: 1,
  maxLength: LIMITS.modelNameChars,
  pattern: '^[\\x21-\\x7e]+$',
  description:
    'vendor/model as GET /v1/models lists it, or auto, auto:cost, auto:latency, auto:availability, auto:balanced.',
} as const satisfies Schema

/** No model writes more in one answer; a larger cap is a mistake (or 1e30). */
const MAX_CAP = 100_000_000

/** Tokens that one answer may have, reasoning included. */
export const CAP_FIELD = {
  type: 'integer',
  minimum: 1,
  maximum: MAX_CAP,
  description: 'The most tokens that the answer may have, reasoning included. It bounds the price.',
} as const satisfies Schema

/** Service tiers of OpenAI that have the usual price. */
export const USUAL_TIERS = ['auto', 'default'] as const

const NO_EFFECT = 'Taken for the sake of other routers; it has no effect here yet.'

/** Fields that only a router understands, ours and OpenRouter's: no provider ever sees them. */
export const ROUTER_SCHEMAS = {
  budget: BUDGET_FIELD,
  continue: told(
    'Goes on with a stream that breaks, at another provider: for one answer of plain text. The ceiling has it.',
    among(['prefix']),
  ),
  route: told(NO_EFFECT, ANYTHING),
  ...ROUTING_SCHEMAS,
  usage: told('{include: true} asks for the usage at the end of a stream.', ANYTHING),
} as const satisfies Schemas
