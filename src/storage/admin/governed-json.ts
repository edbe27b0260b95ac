import type { JsonValue } from '../../governance/audit/canonical-json.ts'
import { CALENDAR_WINDOWS, type LimitOverride, type WindowKind } from '../../governance/budgets/types.ts'
import type { PolicyRules } from '../../governance/policies/types.ts'

const AMOUNTS = ['maxInputPicoUsd', 'maxOutputPicoUsd', 'maxCallPicoUsd'] as const

/** Amounts are decimal strings: JSON's numbers are floats. */
export const writeRules = (rules: PolicyRules): string =>
  JSON.stringify(rules, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))

export function readRules(stored: unknown): PolicyRules {
  const { maxInputPicoUsd, maxOutputPicoUsd, maxCallPicoUsd, ...rules } = stored as Omit<
    PolicyRules,
    (typeof AMOUNTS)[number]
  > & { readonly [Name in (typeof AMOUNTS)[number]]?: string }
  return {
    ...rules,
    ...(maxInputPicoUsd === undefined ? {} : { maxInputPicoUsd: BigInt(maxInputPicoUsd) }),
    ...(maxOutputPicoUsd === undefined ? {} : { maxOutputPicoUsd: BigInt(maxOutputPicoUsd) }),
    ...(maxCallPicoUsd === undefined ? {} : { maxCallPicoUsd: BigInt(maxCallPicoUsd) }),
  }
}

export const writeOverrides = (overrides: readonly LimitOverride[]): string =>
  JSON.stringify(overrides.map((one) => ({ ...one, limit: one.limit.toString() })))

export const overridesOf = (stored: unknown): readonly LimitOverride[] =>
  (stored as readonly (Omit<LimitOverride, 'limit'> & { readonly limit: string })[]).map((one) => ({
    ...one,
    limit: BigInt(one.limit),
  }))

export const windowText = (window: WindowKind): string =>
  typeof window === 'object' ? `rolling:${window.rollingSeconds}` : window

export function windowOfText(text: string): WindowKind {
  if (text === 'request' || text === 'total') return text
  const calendar = CALENDAR_WINDOWS.find((name) => name === text)
  return calendar ?? { rollingSeconds: Number(text.slice('rolling:'.length)) }
}

/** What never enters the audit log: hashes and sealed secrets say nothing to a reader, and are nobody's business. */
const WITHHELD = new Set([
  'secretHash',
  'sealedSecret',
  'sealedEarlierSecret',
  'emailDigest',
  'passwordHash',
  'invitationHash',
  'subjectDigest',
])

/** A record as the audit log has it: amounts and broken numbers as strings, nothing that is undefined. */
export function auditSide(value: unknown): JsonValue {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : String(value)
  if (Array.isArray(value)) return value.map(auditSide)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => member !== undefined && !WITHHELD.has(name))
      .map(([name, member]) => [name, auditSide(member)]),
  )
}
