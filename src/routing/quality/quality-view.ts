import type { Model } from '../../catalog/types.ts'
import type { Features } from './read-features.ts'

/** How good an answer of a model is expected to be, and how far that may be off. */
export type QualityEstimate = {
  /** From 0 to 1. */
  readonly quality: number
  readonly sd: number
  /** How much the request's own words count, from 0 (unlike anything learned) to 1. */
  readonly gate: number
  /** Log-odds that add up to the quality's; the call site's where anything is known of it. */
  readonly terms: { readonly prior: number; readonly prompt: number; readonly site?: number }
  /** Calls of the same payer at the same call site that the model has answered, decayed; absent where none are known. */
  readonly samples?: number
}

/** Of several models, in their order: quality, its deviation, and the log-odds without the words of the request. */
export type QualityColumns = {
  readonly quality: Float64Array
  readonly sd: Float64Array
  readonly prior: Float64Array
}

export type QualityView = {
  readonly of: (query: { readonly model: Model; readonly features?: Features | undefined }) => QualityEstimate
  /**
   * The same of many models at once, as numbers: a choice asks about hundreds, and makes an object of the few that it may take. Absent:
   * they are asked about one by one.
   */
  readonly ofAll?: (query: {
    readonly models: readonly Model[]
    readonly features?: Features | undefined
    readonly into: QualityColumns
  }) => void
}

/**
 * What the words of a request can move an estimate by, in log-odds: a prompt that is made to steer moves it no further. The one
 * bound, of what is predicted and of what is scored (docs/ROUTING.md tells what it costs).
 */
export const MOST_PROMPT_TERM = 1.5

const within = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most)

/** A prompt's part of an estimate, held within the bound. */
export const boundedTerm = (logOdds: number): number => within(logOdds, -MOST_PROMPT_TERM, MOST_PROMPT_TERM)

/**
 * An estimate whose prompt term is within its bounds, whoever made it.
 *
 * @example boundedEstimate({ quality: 0.99, sd: 0.1, gate: 1, terms: { prior: 0, prompt: 9 } }).quality // 0.82
 */
export function boundedEstimate(estimate: QualityEstimate): QualityEstimate {
  const { quality, terms } = estimate
  const { prior, prompt } = terms
  if (Math.abs(prompt) <= MOST_PROMPT_TERM) return estimate
  return {
    ...estimate,
    quality: within(quality, shareOf(prior - MOST_PROMPT_TERM), shareOf(prior + MOST_PROMPT_TERM)),
    terms: { ...terms, prompt: boundedTerm(prompt) },
  }
}

/** @param share from 0 to 1; the log-odds of certainty are without bound. */
export const logOddsOf = (share: number): number => Math.log(share / (1 - share))

/** The share that log-odds stand for. */
export const shareOf = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds))
