import type { Model } from '../catalog/types.ts'

/** How good an answer of a model is expected to be, and how far that may be off. */
export type QualityEstimate = {
  /** From 0 to 1. */
  readonly quality: number
  readonly sd: number
  /** How much the request's own words count, from 0 (unlike anything learned) to 1. */
  readonly gate: number
  /** Log-odds that add up to the quality's. */
  readonly terms: { readonly prior: number; readonly prompt: number }
}

/** What was read of a request's text; only who made it looks inside. */
export type Features = object

export type QualityView = {
  readonly of: (query: { readonly model: Model; readonly features?: Features }) => QualityEstimate
}

/** The share that log-odds stand for. */
export const shareOf = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds))
