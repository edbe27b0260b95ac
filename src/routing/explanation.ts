import { LIMITS } from '../lib/limits.ts'
import { contendersOf } from './contenders.ts'
import type { Decision } from './decision.ts'
import type { FilterReason } from './table/filter-reasons.ts'
import type { Ranked } from './ranking/rank-candidates.ts'
import { type Reference, scoreOf, type ScoreInputs, type Terms, termsOf } from './ranking/score.ts'
import type { Strategy } from './overrides/strategies.ts'

/** What a score was made with, as far as it can be made again. */
export type Compared = Pick<Strategy, 'name' | 'weights' | 'floor' | 'caution'>

/** A choice as it is kept with its call: names of the catalogue and numbers, of which terms and scores can be made again. */
export type StoredDecision = {
  readonly reason: string
  readonly strategy: Compared
  readonly reference: Reference
  readonly considered: number
  readonly passed: number
  /** Endpoints that each filter kept out. */
  readonly filters: Readonly<Partial<Record<FilterReason, number>>>
  /** The chosen one first. */
  readonly candidates: readonly StoredCandidate[]
  /** What else other weights could have put first, of those that were compared. Rows of earlier versions have none. */
  readonly others?: readonly StoredCandidate[]
  /** How many passed and were too many to be looked at for that; absent for none, and unknown in rows of earlier versions. */
  readonly uncompared?: number
  /** Models that savings were held against. */
  readonly baseline: string
  readonly fixed: string
}

export type StoredCandidate = {
  readonly endpoint: string
  readonly model: string
  readonly inputs: ScoreInputs
}

/** A candidate with everything that its score is the sum of. */
export type ExplainedCandidate = StoredCandidate & { readonly terms: Terms; readonly score: number }

export type RunnerUp = {
  readonly candidate: ExplainedCandidate
  /** By how much the chosen one is ahead; below 0 where an order that the caller gave decided. */
  readonly margin: number
}

const candidateOf = ({ row, inputs }: Ranked): StoredCandidate => ({
  endpoint: row.endpoint.id,
  model: row.model.id,
  inputs,
})

const comparedBy = ({ name, weights, floor, caution }: Strategy): Compared => ({
  name,
  weights,
  floor,
  caution,
})

/** What is kept of a choice. */
export function storedDecision({ decision, reason }: { decision: Decision; reason: string }): StoredDecision {
  const { strategy, reference, considered, passed, filters, ranked, baselines } = decision
  return {
    reason,
    strategy: comparedBy(strategy),
    reference,
    considered,
    passed,
    filters: Object.fromEntries(filters().map(({ code, count }) => [code, count])),
    candidates: ranked.slice(0, LIMITS.storedCandidates).map(candidateOf),
    ...othersOf(decision, LIMITS.storedCandidates),
    baseline: baselines.baseline.modelId,
    fixed: baselines.fixed.modelId,
  }
}

/**
 * What a what-if has to look at beside the first few that are shown: whoever could be first under other weights. Whoever could not is left
 * out and yet compared.
 */
export function othersOf(
  { ranked, compared, passed }: Pick<Decision, 'ranked' | 'compared' | 'passed'>,
  shown: number,
): Pick<StoredDecision, 'others' | 'uncompared'> {
  const told = new Set(ranked.slice(0, shown).map(({ row }) => row))
  const others = contendersOf(compared).filter(({ row }) => !told.has(row))
  const uncompared = passed - compared.length
  return { others: others.map(candidateOf), ...(uncompared > 0 ? { uncompared } : {}) }
}

/**
 * Scores candidates once more, perhaps under other weights. The terms of each add up to its score.
 *
 * @example explainCandidates({ candidates, reference, strategy })[0].score
 */
export function explainCandidates({
  candidates,
  reference,
  strategy,
}: {
  candidates: readonly StoredCandidate[]
  reference: Reference
  strategy: Pick<Strategy, 'weights' | 'caution'>
}): readonly ExplainedCandidate[] {
  return candidates.map((candidate) => {
    const terms = termsOf({ inputs: candidate.inputs, reference, strategy })
    return { ...candidate, terms, score: scoreOf(terms) }
  })
}

/** The candidates of a choice as they were compared, the chosen one first. */
export const explainDecision = ({ ranked, reference, strategy }: Decision): readonly ExplainedCandidate[] =>
  explainCandidates({
    candidates: ranked.slice(0, LIMITS.explainedCandidates).map(candidateOf),
    reference,
    strategy,
  })

/** Who would have been next, and how far behind. */
export function runnerUpOf([first, next]: readonly ExplainedCandidate[]): RunnerUp | undefined {
  return first && next ? { candidate: next, margin: first.score - next.score } : undefined
}
