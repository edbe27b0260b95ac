import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { invalidField } from '../check-options.ts'
import { checkSchema } from '../check-schema.ts'
import { type Fields, isAbsent, isObject } from '../read-values.ts'
import { ROUTING_SCHEMAS } from './fields.ts'
import {
  type MaxPrice,
  type RoutingOverrides,
  type Sort,
  SORTS,
  STRATEGY_NAMES,
  type StrategyName,
  type Weights,
} from './overrides.ts'

const SUFFIXED = /^auto:(.+)$/

/** The strategy that a model's name asks for: `auto:cost`. */
export function strategyIn(model: string): StrategyName | undefined {
  const name = SUFFIXED.exec(model)?.[1]
  return STRATEGY_NAMES.find((one) => one === name)
}

export const contradiction = (first: string, second: string, why: string) =>
  new TurnpikeError('contradicting_options', {
    param: second,
    message: `${first} and ${second} contradict each other: ${why}`,
  })

/** Sides of a choice. */
const WEIGHTS = 4

const BY_SORT: Readonly<Record<Sort, StrategyName>> = {
  price: 'cost',
  throughput: 'latency',
  latency: 'latency',
}

/** @throws contradicting_options naming both places where two of them differ. */
export function agreedStrategy(
  told: readonly { readonly at: string; readonly strategy: StrategyName | undefined }[],
): { readonly at: string; readonly strategy: StrategyName } | undefined {
  let agreed: { at: string; strategy: StrategyName } | undefined
  for (const { at, strategy } of told) {
    if (strategy === undefined) continue
    if (agreed && agreed.strategy !== strategy)
      throw contradiction(agreed.at, at, `one asks for ${agreed.strategy}, the other for ${strategy}.`)
    agreed ??= { at, strategy }
  }
  return agreed
}

/** A sort is a strategy of its own kind, so it goes with the strategy that it is the extreme of, or with none. */
export function checkSort(
  sort: Sort | undefined,
  named: { readonly at: string; readonly strategy: StrategyName } | undefined,
): void {
  if (sort === undefined || !named || BY_SORT[sort] === named.strategy) return
  throw contradiction(named.at, 'provider.sort', `one asks for ${named.strategy}, the other for ${sort}.`)
}

const namesIn = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.length > 0 ? value.filter((one) => typeof one === 'string') : undefined

/** OpenRouter spells providers in either case. */
const slugsIn = (value: unknown) => namesIn(value)?.map((name) => name.toLowerCase())

const objectIn = (value: unknown): Fields => (isObject(value) ? value : {})
const numberIn = (value: unknown) => (typeof value === 'number' ? value : undefined)
const textIn = (value: unknown) => (typeof value === 'string' ? value : undefined)
const flagIn = (value: unknown) => (typeof value === 'boolean' ? value : undefined)

/** Drops what was not said. */
const said = (fields: Readonly<Record<string, unknown>>): RoutingOverrides =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

function readSort(value: unknown): Sort | undefined {
  const name = isObject(value) ? value['by'] : value
  return SORTS.find((one) => one === name)
}

function readMaxPrice(value: unknown): MaxPrice | undefined {
  if (!isObject(value)) return undefined
  const [prompt, completion] = [value['prompt'], value['completion']]
  return {
    ...(isAbsent(prompt) ? {} : { promptUsd: Number(prompt) }),
    ...(isAbsent(completion) ? {} : { completionUsd: Number(completion) }),
  }
}

function readWeights(value: unknown): Partial<Weights> | undefined {
  if (!isObject(value)) return undefined
  const told = Object.entries(value).filter(([, weight]) => !isAbsent(weight))
  if (told.length === WEIGHTS && told.every(([, weight]) => weight === 0))
    throw invalidField('plugins[0].weights', 'must have one above 0: nothing could be chosen by it.')
  return told.length > 0 ? Object.fromEntries(told) : undefined
}

function readProvider(provider: Fields): RoutingOverrides {
  const [order, only, ignore] = [provider['order'], provider['only'], provider['ignore']].map(slugsIn)
  const clash = (at: string, names: readonly string[] = []) => {
    const both = names.find((name) => ignore?.includes(name))
    if (both !== undefined) throw contradiction(`provider.${at}`, 'provider.ignore', `both name ${both}.`)
  }
  clash('only', only)
  clash('order', order)
  const outside = only && order?.find((name) => !only.includes(name))
  if (outside !== undefined)
    throw contradiction('provider.order', 'provider.only', `only the first names ${outside}.`)
  if (provider['zdr'] === true && provider['data_collection'] === 'allow')
    throw contradiction(
      'provider.zdr',
      'provider.data_collection',
      'nothing is kept, or it may be collected.',
    )
  return said({
    providerOrder: order,
    providerOnly: only,
    providerIgnore: ignore,
    allowFallbacks: flagIn(provider['allow_fallbacks']),
    requireParameters: flagIn(provider['require_parameters']),
    dataCollection: textIn(provider['data_collection']),
    zdr: flagIn(provider['zdr']),
    sort: readSort(provider['sort']),
    maxPrice: readMaxPrice(provider['max_price']),
  })
}

function readAutoRouter(plugins: unknown): RoutingOverrides {
  const plugin = objectIn(Array.isArray(plugins) ? plugins[0] : undefined)
  if (plugin['enabled'] === false) return {}
  const [allowedModels, excludedModels] = [plugin['allowed_models'], plugin['excluded_models']].map(namesIn)
  const both = allowedModels?.find((name) => excludedModels?.includes(name))
  if (both !== undefined)
    throw contradiction('plugins[0].allowed_models', 'plugins[0].excluded_models', 'both have the same name.')
  return said({
    strategy: textIn(plugin['strategy']),
    weights: readWeights(plugin['weights']),
    floor: numberIn(plugin['floor']),
    caution: numberIn(plugin['caution']),
    minQuality: numberIn(plugin['min_quality']),
    baseline: textIn(plugin['baseline']),
    allowedModels,
    excludedModels,
  })
}

/**
 * What a request says about where it goes, from every door of its body. Whether the models that it names exist is not looked at here.
 *
 * @returns undefined where it says nothing.
 * @throws TurnpikeError `invalid_field`, `unknown_field`, or `contradicting_options` naming both fields.
 */
function readRouting({ fields, model }: { fields: Fields; model: string }): RoutingOverrides | undefined {
  const isSaid = Object.keys(ROUTING_SCHEMAS).some((name) => !isAbsent(fields[name]))
  const suffix = strategyIn(model)
  if (!isSaid) return suffix === undefined ? undefined : { strategy: suffix }
  for (const [name, schema] of Object.entries(ROUTING_SCHEMAS))
    if (!isAbsent(fields[name])) checkSchema({ value: fields[name], schema, at: name })
  const provider = readProvider(objectIn(fields['provider']))
  const plugin = readAutoRouter(fields['plugins'])
  const models = [...new Set(namesIn(fields['models']))].filter((one) => one !== model)
  const named = agreedStrategy([
    { at: 'model', strategy: suffix },
    { at: 'plugins[0].strategy', strategy: plugin.strategy },
  ])
  checkSort(provider.sort, named)
  if (models.length > 0 && provider.allowFallbacks === false)
    throw contradiction('models', 'provider.allow_fallbacks', 'a list of fallbacks, and none allowed.')
  return said({
    ...provider,
    ...plugin,
    strategy: named?.strategy,
    models: models.length > 0 ? models : undefined,
    sessionId: textIn(fields['session_id']),
  })
}

/** The same as a member of a request. */
export function routingOf(asked: { fields: Fields; model: string }): { readonly routing?: RoutingOverrides } {
  const routing = readRouting(asked)
  return routing ? { routing } : {}
}
