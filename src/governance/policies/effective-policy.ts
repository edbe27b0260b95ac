import { minBigint } from '../../lib/money.ts'
import type { Attribution, Place } from '../hierarchy/attribution.ts'
import type { ExceedStep, Policy, PolicyRule, PolicyRules, PolicyStrategy } from './types.ts'

/** What one level of the hierarchy says. */
export type PolicyLevel = { readonly from: Place; readonly rules: PolicyRules }

/** A value in force, and the places that made it so, widest first. */
export type Sourced<Value> = { readonly value: Value; readonly from: readonly Place[] }

/** A list of names or patterns, and who set it. */
export type SourcedNames = { readonly names: readonly string[]; readonly from: Place }

/** What holds at one place of the hierarchy, each rule with where it comes from. Absent: nobody has said anything. */
export type EffectivePolicy = {
  /** A model must be in each: patterns cannot be intersected, so every level keeps its own list. */
  readonly allowedModels: readonly SourcedNames[]
  readonly deniedModels: readonly SourcedNames[]
  readonly allowedProviders?: Sourced<readonly string[]>
  readonly deniedProviders?: Sourced<readonly string[]>
  readonly allowedRegions?: Sourced<readonly string[]>
  readonly zdr?: Sourced<boolean>
  readonly dataCollection?: Sourced<'allow' | 'deny'>
  readonly allowedStrategies?: Sourced<readonly PolicyStrategy[]>
  readonly strategy?: Sourced<PolicyStrategy>
  readonly weights?: Sourced<NonNullable<PolicyRules['weights']>>
  readonly floor?: Sourced<number>
  readonly caution?: Sourced<number>
  readonly minQuality?: Sourced<number>
  readonly maxInputPicoUsd?: Sourced<bigint>
  readonly maxOutputPicoUsd?: Sourced<bigint>
  readonly maxCallPicoUsd?: Sourced<bigint>
  readonly maxOutputTokens?: Sourced<number>
  readonly fusion?: Sourced<boolean>
  readonly onExceed?: Sourced<readonly ExceedStep[]>
  readonly waitMs?: Sourced<number>
}

type Combine<Value> = (above: Value, below: Value) => Value

const intersect = <Name extends string>(above: readonly Name[], below: readonly Name[]): readonly Name[] =>
  above.filter((name) => below.includes(name))
const unite = (above: readonly string[], below: readonly string[]): readonly string[] => [
  ...new Set([...above, ...below]),
]
const either = (above: boolean, below: boolean) => above || below
const both = (above: boolean, below: boolean) => above && below
const nearest = <Value>(_above: Value, below: Value): Value => below
const laidOver = <Value extends object>(above: Value, below: Value): Value => ({ ...above, ...below })
const sooner = <Value extends 'allow' | 'deny'>(above: Value, below: Value): Value =>
  above === 'deny' ? above : below

/**
 * How two levels make one, rule by rule. What restricts adds up, so the stricter always wins and no order of levels matters; what prefers is
 * said best by who is nearest to the call. This is routing's own arithmetic (routing/overrides/merge-overrides), which lays the request on top.
 */
const COMBINE: {
  readonly [Rule in Exclude<PolicyRule, 'allowedModels' | 'deniedModels'>]: Combine<
    NonNullable<PolicyRules[Rule]>
  >
} = {
  allowedProviders: intersect,
  deniedProviders: unite,
  allowedRegions: intersect,
  zdr: either,
  dataCollection: sooner,
  allowedStrategies: intersect,
  minQuality: Math.max,
  maxInputPicoUsd: minBigint,
  maxOutputPicoUsd: minBigint,
  maxCallPicoUsd: minBigint,
  maxOutputTokens: Math.min,
  fusion: both,
  strategy: nearest,
  weights: laidOver,
  floor: nearest,
  caution: nearest,
  onExceed: nearest,
  waitMs: nearest,
}

/** Rules that a lower level replaces: they choose, and forbid nothing. */
export const PREFERENCES: readonly PolicyRule[] = [
  'strategy',
  'weights',
  'floor',
  'caution',
  'onExceed',
  'waitMs',
]

/** Lists say together what they say: every level that has one is a source. */
const LISTS: readonly PolicyRule[] = [
  'allowedProviders',
  'deniedProviders',
  'allowedRegions',
  'allowedStrategies',
  'weights',
]

/** What changes the numbers of a strategy: a level that names another strategy leaves nothing of what was said above it. */
const CHOOSING: readonly PolicyRule[] = ['strategy', 'weights', 'floor', 'caution']

/**
 * The sources of a combined value: every level of a list; of a preference the nearest; else the widest level that already asks as much as all
 * together, which is where somebody would have to go who wants it otherwise.
 */
function sourcesOf({
  rule,
  told,
  value,
}: {
  rule: PolicyRule
  told: readonly (readonly [Place, unknown])[]
  value: unknown
}): readonly Place[] {
  if (LISTS.includes(rule)) return told.map(([from]) => from)
  const matching = PREFERENCES.includes(rule) ? told.at(-1) : told.find(([, said]) => said === value)
  return matching ? [matching[0]] : []
}

function combined(levels: readonly PolicyLevel[], rule: keyof typeof COMBINE): Sourced<unknown> | undefined {
  const told = levels.flatMap(({ from, rules }) => {
    const said = rules[rule]
    return said === undefined ? [] : [[from, said] as const]
  })
  if (told.length === 0) return undefined
  const combine = COMBINE[rule] as Combine<unknown>
  const value = told.map(([, said]): unknown => said).reduce((above, below) => combine(above, below))
  return { value, from: sourcesOf({ rule, told, value }) }
}

const namesOf = (levels: readonly PolicyLevel[], rule: 'allowedModels' | 'deniedModels') =>
  levels.flatMap(({ from, rules }): readonly SourcedNames[] => {
    const names = rules[rule]
    return names === undefined ? [] : [{ names, from }]
  })

/** The levels that have a say in the choice: from the last on that names a strategy which every level allows. */
function choosingLevels(
  levels: readonly PolicyLevel[],
  allowed: readonly PolicyStrategy[] | undefined,
): readonly PolicyLevel[] {
  const heard = levels.map((level): PolicyLevel => {
    const { strategy, ...rules } = level.rules
    return strategy === undefined || !allowed || allowed.includes(strategy) ? level : { ...level, rules }
  })
  const last = heard.findLastIndex(({ rules }) => rules.strategy !== undefined)
  return last < 0 ? heard : heard.slice(last)
}

/**
 * What is in force where all these levels hold: allows intersect, denies unite, zero retention is on where any level asks for it, and of
 * limits the lowest counts. A strategy that some level does not allow is nobody's default.
 *
 * @param levels from the organisation down.
 * @example effectivePolicy([{ from: acme, rules: { zdr: true } }, { from: team, rules: { zdr: false } }]).zdr // { value: true, from: [acme] }
 */
export function effectivePolicy(levels: readonly PolicyLevel[]): EffectivePolicy {
  const allowed = combined(levels, 'allowedStrategies')?.value as readonly PolicyStrategy[] | undefined
  const choosing = choosingLevels(levels, allowed)
  const rules = Object.keys(COMBINE) as (keyof typeof COMBINE)[]
  const found = Object.fromEntries(
    rules.flatMap((rule) => {
      const sourced = combined(CHOOSING.includes(rule) ? choosing : levels, rule)
      return sourced ? [[rule, sourced] as const] : []
    }),
  ) as Omit<EffectivePolicy, 'allowedModels' | 'deniedModels'>
  return {
    allowedModels: namesOf(levels, 'allowedModels'),
    deniedModels: namesOf(levels, 'deniedModels'),
    ...found,
  }
}

/** The levels of a call out of everything that is stored: those policies that hang on one of its places, from the organisation down. */
export const policyLevels = ({
  policies,
  attribution,
}: {
  policies: readonly Policy[]
  attribution: Attribution
}): readonly PolicyLevel[] =>
  attribution.flatMap((from) =>
    policies
      .filter(({ place }) => place.level === from.level && place.id === from.id)
      .map(({ rules }) => ({ from, rules })),
  )
