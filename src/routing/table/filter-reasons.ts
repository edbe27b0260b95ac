/**
 * Why an endpoint was not considered: stable codes, in the order in which they are looked for. The first that holds counts, so an
 * endpoint is counted once.
 */
export const FILTER_REASONS = {
  model_not_allowed: 'no allowed_models pattern names its model',
  model_excluded: 'an excluded_models pattern names its model',
  not_reachable: 'this server has no key or address for its provider',
  provider_not_allowed: 'its provider is not among provider.only, or not in an order without fallbacks',
  provider_ignored: 'its provider is in provider.ignore',
  region: 'its region is not allowed',
  unpriced: 'no price is known, so it cannot be sold',
  free: 'its price is zero: such models are served by name',
  context_length: 'input and output cap do not fit, or its context is unknown',
  modalities: 'it is not known to take pictures or sound',
  tools: 'it is not known to call tools',
  structured_output: 'it is not known to keep to a schema',
  reasoning: 'it is not known to reason',
  unsupported_field: 'its dialect cannot honour a field of the request',
  zdr: 'it is not known to keep nothing (provider.zdr)',
  data_collection: 'it is not known to leave prompts out of training (provider.data_collection)',
  max_price: 'it costs more than provider.max_price',
  price_cap: 'its ceiling is above the one that was signed',
  circuit_open: 'it has just failed, or has asked not to be called yet',
  min_quality: 'its estimated quality is below min_quality',
  floor: "its estimated quality is too far below the best candidate's",
} as const

export type FilterReason = keyof typeof FILTER_REASONS

/** Codes as numbers, since hundreds of endpoints are judged per call; 0 is "passes". */
export const REASON_NAMES = Object.keys(FILTER_REASONS) as readonly FilterReason[]

export const PASSES = 0

/** @example codeOf('unpriced') // 7 */
export const codeOf = (reason: FilterReason): number => REASON_NAMES.indexOf(reason) + 1
