import { z } from 'zod'
import type { EffectivePolicy, Sourced, SourcedNames } from '../../governance/policies/effective-policy.ts'
import {
  EXCEED_STEPS,
  POLICY_STRATEGIES,
  type PolicyRule,
  type PolicyRules,
} from '../../governance/policies/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd, parseUsd } from '../../lib/money.ts'
import { usd } from './fields.ts'

/** Prices are told in USD per million tokens, and kept in pico-USD per token. */
const TOKENS = 1_000_000n

const price = z
  .string()
  .refine((text) => {
    const amount = parseUsd(text)
    return amount !== undefined && amount % TOKENS === 0n
  }, 'must be USD per million tokens as a decimal string of at most 6 decimals, such as "2.50"')
  .transform((text) => (parseUsd(text) ?? 0n) / TOKENS)

const names = z.array(z.string().min(1).max(LIMITS.modelNameChars)).max(LIMITS.policyNames)
const strategy = z.enum(POLICY_STRATEGIES)
const share = z.number().min(0).max(1)

/** Each rule's name on the wire, and how it is read there. */
const FIELDS = {
  allowed_models: names.optional().describe('Names or patterns such as anthropic/*.'),
  denied_models: names.optional(),
  allowed_providers: names.optional(),
  denied_providers: names.optional(),
  allowed_regions: names.optional(),
  zdr: z.boolean().optional(),
  data_collection: z.enum(['allow', 'deny']).optional(),
  allowed_strategies: z.array(strategy).optional(),
  strategy: strategy.optional(),
  weights: z
    .strictObject({
      quality: z.number().optional(),
      cost: z.number().optional(),
      latency: z.number().optional(),
      availability: z.number().optional(),
    })
    .optional(),
  floor: share.optional(),
  caution: z.number().min(0).max(10).optional(),
  min_quality: share.optional(),
  max_input_usd: price.optional().describe('Per million tokens, as the caller pays it.'),
  max_output_usd: price.optional().describe('Per million tokens.'),
  max_call_usd: usd.optional().describe('The highest ceiling of one call.'),
  max_output_tokens: z.int().min(1).optional(),
  fusion: z.boolean().optional(),
  on_exceed: z.array(z.enum(EXCEED_STEPS)).optional(),
  wait_ms: z.int().min(0).max(LIMITS.budgetWaitMaxMs).optional(),
}

export const rules = z.strictObject(FIELDS)

const NAMES: Readonly<Record<keyof typeof FIELDS, PolicyRule>> = {
  allowed_models: 'allowedModels',
  denied_models: 'deniedModels',
  allowed_providers: 'allowedProviders',
  denied_providers: 'deniedProviders',
  allowed_regions: 'allowedRegions',
  zdr: 'zdr',
  data_collection: 'dataCollection',
  allowed_strategies: 'allowedStrategies',
  strategy: 'strategy',
  weights: 'weights',
  floor: 'floor',
  caution: 'caution',
  min_quality: 'minQuality',
  max_input_usd: 'maxInputPicoUsd',
  max_output_usd: 'maxOutputPicoUsd',
  max_call_usd: 'maxCallPicoUsd',
  max_output_tokens: 'maxOutputTokens',
  fusion: 'fusion',
  on_exceed: 'onExceed',
  wait_ms: 'waitMs',
}

const ENTRIES = Object.entries(NAMES) as readonly (readonly [keyof typeof FIELDS, PolicyRule])[]

/** Rules as they were sent, as governance has them. */
export const rulesOf = (given: z.output<typeof rules>): PolicyRules =>
  Object.fromEntries(
    ENTRIES.flatMap(([wire, rule]) => (given[wire] === undefined ? [] : [[rule, given[wire]]])),
  ) as PolicyRules

function valueOf(rule: PolicyRule, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return formatUsd(rule === 'maxCallPicoUsd' ? value : value * TOKENS)
}

export const shapeOfRules = (given: PolicyRules) =>
  Object.fromEntries(
    ENTRIES.flatMap(([wire, rule]) =>
      given[rule] === undefined ? [] : [[wire, valueOf(rule, given[rule])]],
    ),
  )

/** What is in force, each rule with where it comes from. */
export const shapeOfEffective = (policy: EffectivePolicy) =>
  Object.fromEntries(
    ENTRIES.flatMap(([wire, rule]): [string, unknown][] => {
      if (rule === 'allowedModels' || rule === 'deniedModels') {
        const lists: readonly SourcedNames[] = policy[rule]
        return lists.length === 0
          ? []
          : [[wire, lists.map(({ names: value, from }) => ({ value, from: [from] }))]]
      }
      const sourced = policy[rule] as Sourced<unknown> | undefined
      return sourced ? [[wire, { value: valueOf(rule, sourced.value), from: sourced.from }]] : []
    }),
  )

/** A refusal of a rule by its name on the wire. */
export function inWireNames(error: unknown): unknown {
  if (!(error instanceof TurnpikeError)) return error
  const { param } = error.details
  const [wire] = ENTRIES.find(([, rule]) => rule === param) ?? []
  if (wire === undefined || param === undefined) return error
  return new TurnpikeError(error.code, {
    ...error.details,
    param: `rules.${wire}`,
    message: error.message.replace(param, `rules.${wire}`),
  })
}
