import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { EffectivePolicy, SourcedNames } from './effective-policy.ts'
import type { PolicyRule } from './types.ts'

const contains = (whole: readonly string[], part: readonly string[]) =>
  part.every((name) => whole.includes(name))

/** Every list of before still has one that is no longer; compared by the letter, so a doubt counts as wider. */
const areAsNarrow = (before: readonly SourcedNames[], after: readonly SourcedNames[]) =>
  before.every(({ names }) => after.some((list) => contains(names, list.names)))

const deniedBy = (lists: readonly SourcedNames[]) => lists.flatMap(({ names }) => names)

type Limits = 'maxInputPicoUsd' | 'maxOutputPicoUsd' | 'maxCallPicoUsd' | 'maxOutputTokens'
const UPPER_LIMITS: readonly Limits[] = [
  'maxInputPicoUsd',
  'maxOutputPicoUsd',
  'maxCallPicoUsd',
  'maxOutputTokens',
]
const ALLOW_LISTS = ['allowedProviders', 'allowedRegions', 'allowedStrategies'] as const

/**
 * The rules by which something would be allowed that is not allowed now. Preferences are none: they forbid nothing.
 *
 * @param before what is in force from above at the old place, and `after` at the new one; what hangs on the unit itself goes with it.
 */
export function widenedRules({
  before,
  after,
}: {
  before: EffectivePolicy
  after: EffectivePolicy
}): readonly PolicyRule[] {
  const wider: PolicyRule[] = []
  if (!areAsNarrow(before.allowedModels, after.allowedModels)) wider.push('allowedModels')
  if (!contains(deniedBy(after.deniedModels), deniedBy(before.deniedModels))) wider.push('deniedModels')
  if (!contains(after.deniedProviders?.value ?? [], before.deniedProviders?.value ?? []))
    wider.push('deniedProviders')
  for (const rule of ALLOW_LISTS) {
    const [was, is] = [before[rule]?.value, after[rule]?.value]
    if (was && !(is && contains(was, is))) wider.push(rule)
  }
  for (const rule of UPPER_LIMITS) {
    const [was, is] = [before[rule]?.value, after[rule]?.value]
    if (was !== undefined && !(is !== undefined && is <= was)) wider.push(rule)
  }
  if (before.minQuality && !((after.minQuality?.value ?? 0) >= before.minQuality.value))
    wider.push('minQuality')
  if (before.zdr?.value === true && after.zdr?.value !== true) wider.push('zdr')
  if (before.dataCollection?.value === 'deny' && after.dataCollection?.value !== 'deny')
    wider.push('dataCollection')
  if (before.fusion?.value === false && after.fusion?.value !== false) wider.push('fusion')
  return wider
}

/**
 * Lets a unit move only where it is not allowed more than before: a move must not be a way round a policy. Who could change the policies
 * that fall away may say so and do it all the same; the audit log then has it in writing.
 *
 * @param mayLoosen whether the mover holds `policies:write` at the unit that both places share.
 * @throws TurnpikeError `policy_would_widen` naming the rules.
 */
export function requireNoWidening({
  acceptsWidening,
  mayLoosen,
  ...places
}: {
  before: EffectivePolicy
  after: EffectivePolicy
  acceptsWidening: boolean
  mayLoosen: boolean
}): void {
  const rules = widenedRules(places)
  if (rules.length === 0 || (acceptsWidening && mayLoosen)) return
  throw new TurnpikeError('policy_would_widen', {
    message: `There the unit would be allowed more than it is now: ${rules.join(', ')}.`,
    extra: { metadata: { rules } },
  })
}
