import { type ErrorCode } from '../../lib/errors/registry.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { formatUsd, type PicoUsd } from '../../lib/money.ts'
import type { Place } from '../hierarchy/attribution.ts'
import type { EffectivePolicy, SourcedNames } from './effective-policy.ts'

/** routing/overrides/match-models: whether a list of names and patterns has a model. It comes in as a value, since this room knows only lib. */
export type MatcherOf = (names: readonly string[]) => (modelId: string) => boolean

/** What a call asks for by name. What it leaves to the router is kept within the policy by the router's filters. */
export type AskedOfPolicy = {
  /** The id behind an alias; absent: `auto`. */
  readonly modelId?: string
  readonly providers?: readonly string[]
  readonly strategy?: string
  readonly isFusion?: boolean
  /** The ceiling of the planned call, where it is known. */
  readonly ceilingPicoUsd?: PicoUsd
}

/** Why a policy does not let a call be, and which level says so. */
export type PolicyRefusal = {
  readonly code: ErrorCode
  readonly message: string
  readonly from: readonly Place[]
  /** What would be taken instead. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

const levelName = ({ level, id }: Place): string => `the policy of the ${level} ${id}`

function againstModel({
  modelId,
  allowed,
  denied,
  matcherOf,
}: {
  modelId: string
  allowed: readonly SourcedNames[]
  denied: readonly SourcedNames[]
  matcherOf: MatcherOf
}): PolicyRefusal | undefined {
  const code = 'model_not_allowed_by_policy'
  const denying = denied.find(({ names }) => matcherOf(names)(modelId))
  if (denying) {
    const message = `${modelId} is denied by ${levelName(denying.from)}.`
    return { code, message, from: [denying.from] }
  }
  const lacking = allowed.find(({ names }) => !matcherOf(names)(modelId))
  if (!lacking) return undefined
  const message = `${modelId} is not among the models that ${levelName(lacking.from)} allows.`
  return { code, message, from: [lacking.from], metadata: { allowed: lacking.names } }
}

function againstProviders(
  policy: EffectivePolicy,
  providers: readonly string[] = [],
): PolicyRefusal | undefined {
  const code = 'provider_not_allowed_by_policy'
  const { allowedProviders, deniedProviders } = policy
  for (const provider of providers) {
    if (deniedProviders?.value.includes(provider))
      return { code, message: `A policy denies the provider ${provider}.`, from: deniedProviders.from }
    if (allowedProviders && !allowedProviders.value.includes(provider))
      return {
        code,
        message: `The provider ${provider} is not among those that a policy allows.`,
        from: allowedProviders.from,
        metadata: { allowed: allowedProviders.value },
      }
  }
}

/**
 * What a policy has against a call, the first thing only; undefined: nothing.
 *
 * @param asked what the request names; for its own router names nothing, the policy is a filter and no refusal.
 */
export function judgeCall({
  policy,
  asked,
  matcherOf,
}: {
  policy: EffectivePolicy
  asked: AskedOfPolicy
  matcherOf: MatcherOf
}): PolicyRefusal | undefined {
  const { modelId, providers, strategy, isFusion = false, ceilingPicoUsd } = asked
  const { allowedModels: allowed, deniedModels: denied, allowedStrategies, fusion, maxCallPicoUsd } = policy
  const ofModel = modelId === undefined ? undefined : againstModel({ modelId, allowed, denied, matcherOf })
  if (ofModel) return ofModel
  const ofProviders = againstProviders(policy, providers)
  if (ofProviders) return ofProviders
  if (strategy !== undefined && allowedStrategies?.value.every((name) => name !== strategy))
    return {
      code: 'strategy_not_allowed_by_policy',
      message: `The strategy ${strategy} is not among those that a policy allows.`,
      from: allowedStrategies.from,
      metadata: { allowed: allowedStrategies.value },
    }
  if (isFusion && fusion?.value === false)
    return {
      code: 'fusion_not_allowed_by_policy',
      message: 'A policy does not let several models be asked at once.',
      from: fusion.from,
    }
  if (ceilingPicoUsd === undefined || !maxCallPicoUsd || ceilingPicoUsd <= maxCallPicoUsd.value)
    return undefined
  const cap = formatUsd(maxCallPicoUsd.value)
  return {
    code: 'call_above_policy_cap',
    message: `This call may cost $${formatUsd(ceilingPicoUsd)}; a policy lets one call cost $${cap}.`,
    from: maxCallPicoUsd.from,
    metadata: { cap, ceiling: formatUsd(ceilingPicoUsd) },
  }
}

/** A refusal as it is thrown: 403, and never something that a payment would help. */
export const policyError = ({ code, message, from, metadata }: PolicyRefusal): TurnpikeError =>
  new TurnpikeError(code, { message, extra: { metadata: { ...metadata, from } } })
