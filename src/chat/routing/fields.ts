import { LIMITS } from '../../lib/limits.ts'
import { among, FLAG, listOf, objectOf, type Schema, type Schemas, told } from '../schema.ts'
import { SORTS, STRATEGY_NAMES } from './overrides.ts'

const NAME = { type: 'string', minLength: 1, maxLength: LIMITS.modelNameChars } as const satisfies Schema
const NAMES = listOf(NAME, { maxItems: LIMITS.routingNames })
/** An empty list of what is allowed would allow nothing: whoever means that asks for nothing. */
const SOME_NAMES = listOf(NAME, { minItems: 1, maxItems: LIMITS.routingNames })
const PATTERNS = 'Names of models, or patterns in which * stands for anything: anthropic/*.'

/** A price of a million tokens that is dearer than any there is. */
const MOST_USD = 1_000_000
const PRICE: Schema = {
  anyOf: [
    { type: 'number', minimum: 0, maximum: MOST_USD },
    { type: 'string', maxLength: 20, pattern: '^[0-9]{1,6}(\\.[0-9]{1,12})?$' },
  ],
}

/** A weight is in points of quality; more than a hundred of them outweighs everything. */
const WEIGHT: Schema = { type: 'number', minimum: 0, maximum: 100 }
const SHARE: Schema = { type: 'number', minimum: 0, maximum: 1 }

const SORT: Schema = {
  anyOf: [
    among(SORTS),
    objectOf({
      fields: { by: among(SORTS), partition: among(['model', 'none']) },
      required: ['by'],
    }),
  ],
}

const PROVIDER_SCHEMAS = {
  order: told('Providers in the order of trial, before all others.', NAMES),
  only: told('No other provider is asked.', SOME_NAMES),
  ignore: told('These providers are not asked.', NAMES),
  allow_fallbacks: told('false: only the first candidate, or only those in order, are asked.', FLAG),
  require_parameters: told('Only models that are known to take what the request has.', FLAG),
  data_collection: told(
    'deny: only endpoints that are known not to train on prompts.',
    among(['allow', 'deny']),
  ),
  zdr: told('true: only endpoints that are known to keep nothing.', FLAG),
  sort: told('Chooses by this alone; throughput and latency by what was measured.', SORT),
  max_price: told(
    'USD per million tokens, as the caller pays them.',
    objectOf({ fields: { prompt: PRICE, completion: PRICE } }),
  ),
} as const satisfies Schemas

const AUTO_ROUTER_SCHEMAS = {
  id: { const: 'auto-router' },
  enabled: told('false: as if the plugin were not there.', FLAG),
  strategy: told('How candidates are compared.', among(STRATEGY_NAMES)),
  weights: told(
    'Points of quality; what is left out is as in the strategy.',
    objectOf({
      fields: { quality: WEIGHT, cost: WEIGHT, latency: WEIGHT, availability: WEIGHT },
    }),
  ),
  floor: told("Share of the best candidate's quality that a candidate must have.", SHARE),
  caution: told('Standard deviations by which an estimate of quality is taken down.', {
    type: 'number',
    minimum: 0,
    maximum: 10,
  }),
  allowed_models: told(PATTERNS, SOME_NAMES),
  excluded_models: told(PATTERNS, NAMES),
  min_quality: told('The least quality, as estimated, from 0 to 1.', SHARE),
  baseline: told('The model that the saving is held against.', NAME),
} as const satisfies Schemas

/** What a request may say about where it goes: OpenRouter's fields, and what ours adds to its auto router. No provider sees them. */
export const ROUTING_SCHEMAS = {
  models: told('Other models, in the order of trial; beside auto, the only ones to choose from.', NAMES),
  provider: told('Which providers may be asked, and in what order.', objectOf({ fields: PROVIDER_SCHEMAS })),
  plugins: told(
    'The auto router; other plugins are not sold here.',
    listOf(objectOf({ fields: AUTO_ROUTER_SCHEMAS, required: ['id'] }), { maxItems: 1 }),
  ),
  session_id: told('A name for the conversation: its prompt cache is worth staying with.', NAME),
} as const satisfies Schemas
