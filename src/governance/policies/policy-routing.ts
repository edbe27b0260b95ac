import type { EffectivePolicy } from './effective-policy.ts'
import type { PolicyStrategy, PolicyWeights } from './types.ts'

/** One level of routing overrides, in the words of chat/routing/overrides: a `RoutingOverrides` takes it as it is. */
export type PolicyRouting = {
  readonly strategy?: PolicyStrategy
  readonly weights?: PolicyWeights
  readonly floor?: number
  readonly caution?: number
  readonly minQuality?: number
  readonly allowedModels?: readonly string[]
  readonly excludedModels?: readonly string[]
  readonly providerOnly?: readonly string[]
  readonly providerIgnore?: readonly string[]
  readonly regions?: readonly string[]
  readonly maxPrice?: { readonly promptUsd?: number; readonly completionUsd?: number }
  readonly dataCollection?: 'allow' | 'deny'
  readonly zdr?: boolean
}

/** Routing compares prices in USD per million tokens. */
const perMillion = (picoUsdPerToken: bigint): number => Number(picoUsdPerToken) / 1e6

const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/**
 * A policy as levels for routing's mergeOverrides, to stand before the request: one for everything that has one value, and one for each
 * list of allowed models, since a model has to be in all of them.
 *
 * @example mergeOverrides([...policyRouting(policy), request.routing])
 */
export function policyRouting(policy: EffectivePolicy): readonly PolicyRouting[] {
  const { maxInputPicoUsd, maxOutputPicoUsd, allowedModels, deniedModels } = policy
  const maxPrice = defined({
    promptUsd: maxInputPicoUsd && perMillion(maxInputPicoUsd.value),
    completionUsd: maxOutputPicoUsd && perMillion(maxOutputPicoUsd.value),
  })
  const excluded = [...new Set(deniedModels.flatMap(({ names }) => names))]
  const restrictions: PolicyRouting = defined({
    strategy: policy.strategy?.value,
    weights: policy.weights?.value,
    floor: policy.floor?.value,
    caution: policy.caution?.value,
    minQuality: policy.minQuality?.value,
    excludedModels: excluded.length > 0 ? excluded : undefined,
    providerOnly: policy.allowedProviders?.value,
    providerIgnore: policy.deniedProviders?.value,
    regions: policy.allowedRegions?.value,
    maxPrice: maxInputPicoUsd || maxOutputPicoUsd ? maxPrice : undefined,
    dataCollection: policy.dataCollection?.value,
    zdr: policy.zdr?.value,
  })
  return [restrictions, ...allowedModels.map(({ names }) => ({ allowedModels: names }))]
}
