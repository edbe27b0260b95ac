import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { EXCEED_STEPS, POLICY_STRATEGIES, type PolicyRule, type PolicyRules } from './types.ts'

const invalid = (rule: PolicyRule, message: string) =>
  new TurnpikeError('invalid_governance_value', { param: rule, message: `${rule}: ${message}` })

const NAMES: readonly PolicyRule[] = [
  'allowedModels',
  'deniedModels',
  'allowedProviders',
  'deniedProviders',
  'allowedRegions',
]
const SHARES = ['floor', 'minQuality'] as const
const AMOUNTS = ['maxInputPicoUsd', 'maxOutputPicoUsd', 'maxCallPicoUsd'] as const

const isShare = (value: number) => value >= 0 && value <= 1

/**
 * Refuses rules that could never hold, whoever wrote them. An empty list of what is allowed is taken at its word: it allows nothing.
 * Whether named models and providers exist is not asked: a policy may be older than the catalogue.
 *
 * @throws TurnpikeError `invalid_governance_value` naming the rule.
 */
export function checkRules(rules: PolicyRules): void {
  for (const rule of NAMES) {
    const names = rules[rule] as readonly string[] | undefined
    if (!names) continue
    if (names.length > LIMITS.policyNames) throw invalid(rule, `at most ${LIMITS.policyNames} names.`)
    if (names.some((name) => name.length === 0 || name.length > LIMITS.modelNameChars))
      throw invalid(rule, `a name has 1 to ${LIMITS.modelNameChars} characters.`)
  }
  for (const rule of SHARES) {
    const value = rules[rule]
    if (value !== undefined && !isShare(value)) throw invalid(rule, 'from 0 to 1.')
  }
  for (const rule of AMOUNTS) {
    const value = rules[rule]
    if (value !== undefined && value < 0n) throw invalid(rule, 'not below zero.')
  }
  const { maxOutputTokens, waitMs, strategy, allowedStrategies, onExceed } = rules
  if (maxOutputTokens !== undefined && (!Number.isSafeInteger(maxOutputTokens) || maxOutputTokens < 1))
    throw invalid('maxOutputTokens', 'a whole number above zero.')
  if (waitMs !== undefined && !(waitMs >= 0 && waitMs <= LIMITS.budgetWaitMaxMs))
    throw invalid('waitMs', `from 0 to ${LIMITS.budgetWaitMaxMs}.`)
  const strategies = [...(allowedStrategies ?? []), ...(strategy === undefined ? [] : [strategy])]
  if (!strategies.every((name) => POLICY_STRATEGIES.includes(name)))
    throw invalid('allowedStrategies', `only ${POLICY_STRATEGIES.join(', ')}.`)
  if (strategy !== undefined && allowedStrategies && !allowedStrategies.includes(strategy))
    throw invalid('strategy', 'is not among the strategies that the same policy allows.')
  if (onExceed && !onExceed.every((step) => EXCEED_STEPS.includes(step)))
    throw invalid('onExceed', `only ${EXCEED_STEPS.join(', ')}.`)
  if (rules.caution !== undefined && !(rules.caution >= 0 && rules.caution <= 10))
    throw invalid('caution', 'from 0 to 10.')
}
