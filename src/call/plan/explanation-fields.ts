import type { SavingAgainst, Savings } from './savings.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd } from '../../lib/money.ts'
import type { Decision } from '../../routing/decision.ts'
import {
  type Compared,
  type ExplainedCandidate,
  explainCandidates,
  explainDecision,
  othersOf,
  runnerUpOf,
  type StoredCandidate,
  type StoredDecision,
} from '../../routing/explanation.ts'
import type { QualityEstimate } from '../../routing/quality/quality-view.ts'
import { FILTER_REASONS } from '../../routing/table/filter-reasons.ts'

const PICO = 1e12

const inputFields = ({ inputs }: StoredCandidate) => ({
  quality: inputs.quality,
  sd: inputs.sd,
  price_usd: inputs.costPicoUsd / PICO,
  latency_ms: inputs.latencyMs,
  availability: inputs.availability,
  cache_saving_usd: inputs.cachedPicoUsd / PICO,
})

/** One candidate for the wire. */
export function candidateFields({ endpoint, model, score, terms, inputs }: ExplainedCandidate) {
  return { endpoint, model, score, terms, inputs: inputFields({ endpoint, model, inputs }) }
}

/** Beside the candidates: whoever else other weights could put first, and how many have not been looked at for that. */
const otherFields = ({ others = [], uncompared = 0 }: Pick<StoredDecision, 'others' | 'uncompared'>) => ({
  others: others.map(({ endpoint, model, inputs }) => ({
    endpoint,
    model,
    inputs: inputFields({ endpoint, model, inputs }),
  })),
  uncompared,
})

function comparison({
  candidates,
  strategy: { name, weights, floor, caution },
  reference,
}: {
  candidates: readonly ExplainedCandidate[]
  strategy: Compared
  reference: { readonly costPicoUsd: number; readonly latencyMs: number }
}) {
  const next = runnerUpOf(candidates)
  return {
    strategy: { name, weights, floor, caution },
    reference: { price_usd: reference.costPicoUsd / PICO, latency_ms: reference.latencyMs },
    candidates: candidates.map(candidateFields),
    runner_up: next ? { endpoint: next.candidate.endpoint, margin: next.margin } : null,
  }
}

/** Log-odds that the quality is the sum of, and how much the request's own words counted. */
const estimateFields = (estimate: QualityEstimate | undefined) =>
  estimate ? { estimate: { ...estimate.terms, gate: estimate.gate } } : {}

/** A choice for the wire: the terms of every candidate, the filters that were hit, who is next and by how much. */
export function explanationFields(decision: Decision) {
  const { strategy, reference, expected, considered, passed, filters, ranked, baselines, insteadOf } =
    decision
  const compared = comparison({ candidates: explainDecision(decision), strategy, reference })
  return {
    ...compared,
    candidates: compared.candidates.map((fields, index) => ({
      ...fields,
      ...estimateFields(ranked[index]?.estimate()),
    })),
    expected: { input_tokens: expected.inputTokens, output_tokens: expected.outputTokens },
    ...otherFields(othersOf(decision, LIMITS.explainedCandidates)),
    considered,
    passed,
    filters: filters().map(({ code, count, endpoints }) => ({
      code,
      count,
      why: FILTER_REASONS[code],
      ...(endpoints ? { endpoints } : {}),
    })),
    baselines: { baseline: baselines.baseline.modelId, static: baselines.fixed.modelId },
    ...(insteadOf === undefined ? {} : { tried_instead_of: insteadOf }),
  }
}

/** Rows of earlier versions have the first few and nobody else. */
const uncomparedIn = ({ others, uncompared, passed, candidates }: StoredDecision) =>
  others === undefined
    ? { uncompared: passed - candidates.length }
    : { others, ...(uncompared === undefined ? {} : { uncompared }) }

/** The same of a choice that was kept with its call. */
export function storedExplanationFields(stored: StoredDecision) {
  const { strategy, reference, considered, passed, filters } = stored
  return {
    ...comparison({ candidates: explainCandidates(stored), strategy, reference }),
    ...otherFields(uncomparedIn(stored)),
    considered,
    passed,
    filters: Object.entries(filters).map(([code, count]) => ({ code, count })),
    baselines: { baseline: stored.baseline, static: stored.fixed },
  }
}

const savingFields = ({ model, chargePicoUsd, savedPicoUsd }: SavingAgainst) => ({
  model,
  charge_usd: formatUsd(chargePicoUsd),
  saved_usd: savedPicoUsd < 0n ? `-${formatUsd(-savedPicoUsd)}` : formatUsd(savedPicoUsd),
})

/** Both savings, each with the model that it is held against. */
export const savingsFields = ({ baseline, fixed }: Savings) => ({
  baseline: savingFields(baseline),
  static: savingFields(fixed),
})
