import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type RoutingOverrides, STRATEGY_NAMES } from '../../../src/chat/routing/overrides.ts'
import type { Place } from '../../../src/governance/hierarchy/attribution.ts'
import { checkRules } from '../../../src/governance/policies/check-rules.ts'
import {
  effectivePolicy,
  type PolicyLevel,
  policyLevels,
} from '../../../src/governance/policies/effective-policy.ts'
import { type AskedOfPolicy, judgeCall, policyError } from '../../../src/governance/policies/judge-call.ts'
import { requireNoWidening, widenedRules } from '../../../src/governance/policies/judge-move.ts'
import { policyRouting } from '../../../src/governance/policies/policy-routing.ts'
import { POLICY_STRATEGIES, type PolicyRules } from '../../../src/governance/policies/types.ts'
import { matcherOf } from '../../../src/routing/overrides/match-models.ts'
import { mergeOverrides } from '../../../src/routing/overrides/merge-overrides.ts'
import { errorOf } from './records.ts'

const ACME: Place = { level: 'organization', id: 'acme' }
const SALES: Place = { level: 'unit', id: 'sales' }
const KEY: Place = { level: 'key', id: 'k1' }
const PLACES = [ACME, SALES, KEY]

const levels = (...rules: readonly PolicyRules[]): readonly PolicyLevel[] =>
  rules.map((one, index) => ({ from: PLACES[index] ?? KEY, rules: one }))
const policy = (...rules: readonly PolicyRules[]) => effectivePolicy(levels(...rules))

test('the strategies are those of the router', () => {
  expect(POLICY_STRATEGIES).toEqual(STRATEGY_NAMES)
})

test('allows intersect, denies unite, zero retention is on where any level asks, and of limits the stricter counts', () => {
  const found = policy(
    {
      allowedModels: ['anthropic/*', 'openai/*'],
      deniedModels: ['openai/o1'],
      allowedProviders: ['azure', 'bedrock'],
      zdr: false,
      dataCollection: 'deny',
      maxOutputTokens: 1_000,
      maxCallPicoUsd: 5n,
      minQuality: 0.5,
    },
    {
      allowedModels: ['openai/*'],
      deniedModels: ['openai/o3'],
      deniedProviders: ['azure'],
      zdr: true,
      fusion: false,
      maxOutputTokens: 2_000,
    },
    {
      allowedProviders: ['azure', 'groq'],
      zdr: false,
      dataCollection: 'allow',
      fusion: true,
      maxCallPicoUsd: 4n,
      minQuality: 0.2,
    },
  )
  expect(found).toEqual({
    allowedModels: [
      { names: ['anthropic/*', 'openai/*'], from: ACME },
      { names: ['openai/*'], from: SALES },
    ],
    deniedModels: [
      { names: ['openai/o1'], from: ACME },
      { names: ['openai/o3'], from: SALES },
    ],
    allowedProviders: { value: ['azure'], from: [ACME, KEY] },
    deniedProviders: { value: ['azure'], from: [SALES] },
    zdr: { value: true, from: [SALES] },
    dataCollection: { value: 'deny', from: [ACME] },
    fusion: { value: false, from: [SALES] },
    maxOutputTokens: { value: 1_000, from: [ACME] },
    maxCallPicoUsd: { value: 4n, from: [KEY] },
    minQuality: { value: 0.5, from: [ACME] },
  })
  expect(policy()).toEqual({ allowedModels: [], deniedModels: [] })
})

test('what prefers is said by the nearest, and another strategy leaves nothing of what was said above it', () => {
  expect(
    policy({ strategy: 'cost', floor: 0.9, weights: { cost: 2 } }, { weights: { latency: 1 } }),
  ).toMatchObject({
    strategy: { value: 'cost', from: [ACME] },
    floor: { value: 0.9, from: [ACME] },
    weights: { value: { cost: 2, latency: 1 }, from: [ACME, SALES] },
  })
  const other = policy({ strategy: 'cost', floor: 0.9 }, { strategy: 'latency', onExceed: ['clamp'] })
  expect(other.strategy).toEqual({ value: 'latency', from: [SALES] })
  expect(other.floor).toBeUndefined()
  expect(other.onExceed).toEqual({ value: ['clamp'], from: [SALES] })
})

test('a strategy that some level does not allow is nobody’s default', () => {
  const found = policy({ allowedStrategies: ['cost', 'balanced'], strategy: 'cost' }, { strategy: 'latency' })
  expect(found.strategy).toEqual({ value: 'cost', from: [ACME] })
  expect(policy({ strategy: 'cost' }, { allowedStrategies: ['latency'] }).strategy).toBeUndefined()
})

const names = fc.subarray(['a', 'b', 'c'])
const rulesOf: fc.Arbitrary<PolicyRules> = fc.record(
  {
    allowedModels: fc.subarray(['v/a', 'v/b', 'v/*', 'w/*'], { minLength: 1 }),
    deniedModels: fc.subarray(['v/a', 'w/c', 'w/*']),
    allowedProviders: names,
    deniedProviders: names,
    allowedRegions: names,
    zdr: fc.boolean(),
    dataCollection: fc.constantFrom('allow', 'deny'),
    strategy: fc.constantFrom(...POLICY_STRATEGIES),
    weights: fc.record({ cost: fc.nat(3), latency: fc.nat(3) }, { requiredKeys: [] }),
    floor: fc.constantFrom(0, 0.5, 1),
    caution: fc.constantFrom(0, 1),
    minQuality: fc.constantFrom(0.1, 0.6),
    maxInputPicoUsd: fc.bigInt({ min: 1n, max: 9_000_000n }),
    maxOutputPicoUsd: fc.bigInt({ min: 1n, max: 9_000_000n }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<PolicyRules>

/** What the router would be told of one level, written out by hand. */
function overridesOf(rules: PolicyRules): RoutingOverrides {
  const { allowedModels, deniedModels, allowedProviders, deniedProviders, allowedRegions } = rules
  const { maxInputPicoUsd, maxOutputPicoUsd, strategy, weights, floor, caution, minQuality } = rules
  const prices = {
    ...(maxInputPicoUsd === undefined ? {} : { promptUsd: Number(maxInputPicoUsd) / 1_000_000 }),
    ...(maxOutputPicoUsd === undefined ? {} : { completionUsd: Number(maxOutputPicoUsd) / 1_000_000 }),
  }
  return Object.fromEntries(
    Object.entries({
      strategy,
      weights,
      floor,
      caution,
      minQuality,
      allowedModels,
      excludedModels: deniedModels,
      providerOnly: allowedProviders,
      providerIgnore: deniedProviders,
      regions: allowedRegions,
      maxPrice: Object.keys(prices).length > 0 ? prices : undefined,
      zdr: rules.zdr,
      dataCollection: rules.dataCollection,
    }).filter(([, value]) => value !== undefined),
  )
}

/** Lists in any order; an empty list of what is excluded excludes nothing. */
function told({
  excludedModels,
  providerIgnore,
  providerOnly,
  regions,
  ...rest
}: ReturnType<typeof mergeOverrides>) {
  const sorted = (list: readonly string[] | undefined) => list && list.toSorted()
  return {
    ...rest,
    zdr: rest.zdr === true,
    requireParameters: undefined,
    excludedModels: sorted(excludedModels ?? []),
    providerIgnore: sorted(providerIgnore ?? []),
    providerOnly: sorted(providerOnly),
    regions: sorted(regions),
  }
}

test('the router hears from an effective policy what it would hear from every level by itself', () => {
  fc.assert(
    fc.property(fc.array(rulesOf, { maxLength: 3 }), rulesOf, (rules, request) => {
      // That a RoutingOverrides takes it as it is, is what this line compiles for.
      const routing: readonly RoutingOverrides[] = policyRouting(policy(...rules))
      const asked = overridesOf(request)
      expect(told(mergeOverrides([...routing, asked]))).toEqual(
        told(mergeOverrides([...rules.map(overridesOf), asked])),
      )
    }),
    { numRuns: 500 },
  )
})

test('a level that is added never allows more', () => {
  const restricting = rulesOf.map(
    ({ strategy: _strategy, weights: _weights, floor: _floor, caution: _caution, ...rules }) => rules,
  )
  fc.assert(
    fc.property(fc.array(restricting, { maxLength: 2 }), restricting, (rules, added) => {
      expect(widenedRules({ before: policy(...rules), after: policy(...rules, added) })).toEqual([])
    }),
  )
})

const judge = (rules: readonly PolicyRules[], asked: AskedOfPolicy) =>
  judgeCall({ policy: policy(...rules), asked, matcherOf })

test('a model by name has to be allowed by every level and denied by none; the level that forbids it is named', () => {
  const rules = [{ allowedModels: ['anthropic/*', 'openai/*'] }, { deniedModels: ['openai/o*'] }]
  expect(judge(rules, { modelId: 'openai/gpt-5' })).toBeUndefined()
  expect(judge(rules, { modelId: 'OPENAI/o3' })).toMatchObject({
    code: 'model_not_allowed_by_policy',
    from: [SALES],
  })
  const refusal = judge(rules, { modelId: 'meta/llama' })
  expect(refusal).toMatchObject({ code: 'model_not_allowed_by_policy', from: [ACME] })
  expect(refusal && policyError(refusal).details.extra).toEqual({
    metadata: { allowed: ['anthropic/*', 'openai/*'], from: [ACME] },
  })
  expect(judge(rules, {})).toBeUndefined()
  expect(judge([{ allowedModels: [] }], { modelId: 'openai/gpt-5' })).toBeDefined()
})

test('providers, strategies, fusion and the ceiling are held against the policy', () => {
  const code = (rules: PolicyRules, asked: AskedOfPolicy) => judge([rules], asked)?.code
  expect(code({ deniedProviders: ['azure'] }, { providers: ['groq', 'azure'] })).toBe(
    'provider_not_allowed_by_policy',
  )
  expect(code({ allowedProviders: ['azure'] }, { providers: ['groq'] })).toBe(
    'provider_not_allowed_by_policy',
  )
  expect(code({ allowedProviders: ['azure'] }, { providers: ['azure'] })).toBeUndefined()
  expect(code({ allowedStrategies: ['cost'] }, { strategy: 'latency' })).toBe(
    'strategy_not_allowed_by_policy',
  )
  expect(code({ allowedStrategies: ['cost'] }, { strategy: 'cost' })).toBeUndefined()
  expect(code({ fusion: false }, { isFusion: true })).toBe('fusion_not_allowed_by_policy')
  expect(code({ fusion: false }, {})).toBeUndefined()
  expect(code({ maxCallPicoUsd: 10n }, { ceilingPicoUsd: 10n })).toBeUndefined()
  const refusal = judge([{ maxCallPicoUsd: 10n ** 12n }], { ceilingPicoUsd: 2n * 10n ** 12n })
  expect(refusal).toMatchObject({ code: 'call_above_policy_cap', metadata: { cap: '1', ceiling: '2' } })
})

test('of everything that is stored, the levels are those on the way of the call, widest first', () => {
  const stored = (place: Place, rules: PolicyRules) => ({
    id: place.id,
    organizationId: 'acme',
    place,
    rules,
    setBy: { unitPath: ['acme'], reach: 'subtree' as const },
    version: 1,
  })
  const policies = [
    stored(KEY, { zdr: true }),
    stored({ level: 'unit', id: 'lab' }, { fusion: false }),
    stored({ level: 'key', id: 'sales' }, { fusion: false }),
    stored(ACME, { zdr: false }),
  ]
  expect(policyLevels({ policies, attribution: PLACES })).toEqual([
    { from: ACME, rules: { zdr: false } },
    { from: KEY, rules: { zdr: true } },
  ])
})

const STRICT: PolicyRules = {
  allowedModels: ['openai/*'],
  deniedModels: ['openai/o3'],
  allowedProviders: ['azure'],
  deniedProviders: ['groq'],
  allowedRegions: ['eu'],
  allowedStrategies: ['cost'],
  zdr: true,
  dataCollection: 'deny',
  fusion: false,
  minQuality: 0.5,
  maxInputPicoUsd: 1n,
  maxOutputPicoUsd: 1n,
  maxCallPicoUsd: 1n,
  maxOutputTokens: 1,
}

test.each(Object.keys(STRICT) as (keyof PolicyRules)[])(
  'a move is seen to widen where "%s" falls away',
  (rule) => {
    const { [rule]: _gone, ...looser } = STRICT
    expect(widenedRules({ before: policy(STRICT), after: policy(STRICT) })).toEqual([])
    expect(widenedRules({ before: policy(STRICT), after: policy(looser) })).toEqual([rule])
    expect(widenedRules({ before: policy(looser), after: policy(STRICT) })).toEqual([])
  },
)

test('a move that widens needs the word of somebody who could change what falls away', () => {
  const move = { before: policy({ zdr: true, strategy: 'cost' }), after: policy({}) }
  const error = errorOf(() => requireNoWidening({ ...move, acceptsWidening: false, mayLoosen: true }))
  expect(error.code).toBe('policy_would_widen')
  expect(error.details.extra).toEqual({ metadata: { rules: ['zdr'] } })
  expect(errorOf(() => requireNoWidening({ ...move, acceptsWidening: true, mayLoosen: false })).code).toBe(
    'policy_would_widen',
  )
  expect(() => requireNoWidening({ ...move, acceptsWidening: true, mayLoosen: true })).not.toThrow()
  const narrowing = { before: move.after, after: move.before, acceptsWidening: false, mayLoosen: false }
  expect(() => requireNoWidening(narrowing)).not.toThrow()
})

test('rules that could never hold are refused by name', () => {
  expect(() => checkRules(STRICT)).not.toThrow()
  expect(() => checkRules({ allowedModels: [] })).not.toThrow()
  const param = (rules: PolicyRules) => errorOf(() => checkRules(rules)).details.param
  expect(param({ deniedModels: [''] })).toBe('deniedModels')
  expect(param({ allowedProviders: Array.from({ length: 257 }, () => 'x') })).toBe('allowedProviders')
  expect(param({ floor: 1.1 })).toBe('floor')
  expect(param({ minQuality: NaN })).toBe('minQuality')
  expect(param({ maxCallPicoUsd: -1n })).toBe('maxCallPicoUsd')
  expect(param({ maxOutputTokens: 0.5 })).toBe('maxOutputTokens')
  expect(param({ waitMs: 30_001 })).toBe('waitMs')
  expect(param({ caution: -1 })).toBe('caution')
  expect(param({ strategy: 'best' as 'cost' })).toBe('allowedStrategies')
  expect(param({ strategy: 'cost', allowedStrategies: ['latency'] })).toBe('strategy')
  expect(param({ onExceed: ['pay' as 'clamp'] })).toBe('onExceed')
})
