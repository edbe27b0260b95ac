import type { PicoUsd } from '../../lib/money.ts'
import type { Place } from '../hierarchy/attribution.ts'
import type { Authority } from '../roles/may-do.ts'

/** The strategies of chat/routing/overrides; a test holds the two equal, since this room knows no other. */
export const POLICY_STRATEGIES = ['balanced', 'cost', 'latency', 'availability'] as const
export type PolicyStrategy = (typeof POLICY_STRATEGIES)[number]

/** What is done where a budget has no room, in this order; then the call is refused. */
export const EXCEED_STEPS = ['clamp', 'cheaper', 'wait'] as const
export type ExceedStep = (typeof EXCEED_STEPS)[number]

/** Points of quality, as in routing. */
export type PolicyWeights = Readonly<Partial<Record<'quality' | 'cost' | 'latency' | 'availability', number>>>

/** What one level says. Absent: nothing is said. */
export type PolicyRules = {
  /** Names or patterns such as `anthropic/*`; a model must be in the list of every level that has one. */
  readonly allowedModels?: readonly string[]
  readonly deniedModels?: readonly string[]
  readonly allowedProviders?: readonly string[]
  readonly deniedProviders?: readonly string[]
  readonly allowedRegions?: readonly string[]
  /** true: only endpoints that are known to keep nothing. */
  readonly zdr?: boolean
  /** deny: only endpoints that are known not to train on prompts. */
  readonly dataCollection?: 'allow' | 'deny'
  /** Strategies that a request may ask for. */
  readonly allowedStrategies?: readonly PolicyStrategy[]
  /** What holds where a request says nothing. */
  readonly strategy?: PolicyStrategy
  readonly weights?: PolicyWeights
  readonly floor?: number
  readonly caution?: number
  readonly minQuality?: number
  /** Per token, as the caller pays it: USD per million tokens times a million. */
  readonly maxInputPicoUsd?: PicoUsd
  readonly maxOutputPicoUsd?: PicoUsd
  /** The highest ceiling of one call. */
  readonly maxCallPicoUsd?: PicoUsd
  readonly maxOutputTokens?: number
  /** false: no call asks several models at once. */
  readonly fusion?: boolean
  /** What is done where a budget has no room; empty: refuse at once. */
  readonly onExceed?: readonly ExceedStep[]
  readonly waitMs?: number
}

export type PolicyRule = keyof PolicyRules

/** A policy as it is stored, at one place of the hierarchy. */
export type Policy = {
  readonly id: string
  readonly organizationId: string | null
  readonly place: Place
  readonly rules: PolicyRules
  readonly setBy: Authority
  readonly version: number
}
