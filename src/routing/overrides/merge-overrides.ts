import type { MaxPrice, RoutingOverrides } from '../../chat/routing/overrides.ts'

/** What holds for one call, once every level has spoken. */
export type Preferences = Omit<RoutingOverrides, 'allowedModels'> & {
  /** Lists of names and patterns: a model must be in each. */
  readonly allowedModels?: readonly (readonly string[])[]
}

type Names = readonly string[] | undefined

const union = (a: Names, b: Names): Names => (a && b ? [...new Set([...a, ...b])] : (a ?? b))
const intersection = (a: Names, b: Names): Names => (a && b ? a.filter((name) => b.includes(name)) : (a ?? b))
const smaller = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
const larger = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)

function cheaper(a: MaxPrice | undefined, b: MaxPrice | undefined): MaxPrice | undefined {
  if (!a || !b) return a ?? b
  return defined({
    promptUsd: smaller(a.promptUsd, b.promptUsd),
    completionUsd: smaller(a.completionUsd, b.completionUsd),
  })
}

/** Drops what is undefined, so that a member is there or is not. */
const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/** A level that says how to choose leaves nothing of what lower levels said about it. */
function chosenBy(below: Preferences, above: RoutingOverrides): Partial<Preferences> {
  const isNewChoice = above.strategy !== undefined || above.sort !== undefined
  const kept = isNewChoice ? {} : below
  const weights = kept.weights || above.weights ? { ...kept.weights, ...above.weights } : undefined
  return defined({
    strategy: above.strategy ?? kept.strategy,
    sort: above.sort ?? kept.sort,
    weights,
    floor: above.floor ?? kept.floor,
    caution: above.caution ?? kept.caution,
  })
}

/**
 * Lays levels over one another, the lowest first: organisation, key, request. What prefers is replaced by the higher level; what
 * restricts adds up, so that a request is never looser than its organisation.
 *
 * @example mergeOverrides([{ zdr: true }, { zdr: false, strategy: 'cost' }]) // { zdr: true, strategy: 'cost' }
 */
export function mergeOverrides(levels: readonly (RoutingOverrides | undefined)[]): Preferences {
  let merged: Preferences = {}
  for (const level of levels) if (level) merged = layOver(merged, level)
  return merged
}

function layOver(below: Preferences, above: RoutingOverrides): Preferences {
  const {
    strategy: _strategy,
    sort: _sort,
    weights: _weights,
    floor: _floor,
    caution: _caution,
    ...rest
  } = below
  const { allowedModels } = above
  return {
    ...rest,
    ...chosenBy(below, above),
    ...defined({
      models: above.models ?? below.models,
      baseline: above.baseline ?? below.baseline,
      providerOrder: above.providerOrder ?? below.providerOrder,
      sessionId: above.sessionId ?? below.sessionId,
      allowFallbacks: below.allowFallbacks === false ? false : above.allowFallbacks,
      allowedModels: allowedModels ? [...(below.allowedModels ?? []), allowedModels] : below.allowedModels,
      excludedModels: union(below.excludedModels, above.excludedModels),
      providerOnly: intersection(below.providerOnly, above.providerOnly),
      providerIgnore: union(below.providerIgnore, above.providerIgnore),
      regions: intersection(below.regions, above.regions),
      maxPrice: cheaper(below.maxPrice, above.maxPrice),
      minQuality: larger(below.minQuality, above.minQuality),
      requireParameters: below.requireParameters === true || above.requireParameters,
      dataCollection: below.dataCollection === 'deny' ? below.dataCollection : above.dataCollection,
      zdr: below.zdr === true || above.zdr,
    }),
  }
}
