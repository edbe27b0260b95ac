import type { Strategy } from '../overrides/strategies.ts'

/** What a candidate's score is made of. All numbers, no text: enough to score it again under other weights. */
export type ScoreInputs = {
  /** From 0 to 1, and how far it may be off. */
  readonly quality: number
  readonly sd: number
  /** Expected pico-USD of the call, margin included; only its ratio to the reference's counts. */
  readonly costPicoUsd: number
  readonly latencyMs: number
  /** Expected share of calls that succeed. */
  readonly availability: number
  /** Pico-USD of the cost that a warm prompt cache would save. */
  readonly cachedPicoUsd: number
}

/** Of the candidate with the best quality: what makes cost and time comparable with quality. */
export type Reference = { readonly costPicoUsd: number; readonly latencyMs: number }

/** The parts of a score, in points of quality. */
export type Terms = {
  readonly quality: number
  readonly uncertainty: number
  readonly cost: number
  readonly latency: number
  readonly availability: number
  readonly stickiness: number
}

/** Of nothing everything is as much as the whole. */
const ratio = (value: number, reference: number): number =>
  reference > 0 ? value / reference : value > 0 ? 1 : 0

/**
 * The one sum: a score is these six numbers added up in this order, here and nowhere else, so that the terms which are shown
 * give the score to the last bit.
 */
export const scoreOf = ({ quality, uncertainty, cost, latency, availability, stickiness }: Terms): number =>
  quality + uncertainty + cost + latency + availability + stickiness

type Weighed = {
  readonly inputs: ScoreInputs
  readonly reference: Reference
  readonly strategy: Pick<Strategy, 'weights' | 'caution'>
}

/**
 * U = wq (Q - k sd) - wc cost / cost_ref - wl latency / latency_ref - wa (1 - availability) + what a warm cache saves of the cost,
 * part by part (docs/ROUTING.md).
 */
export function termsOf({ inputs, reference, strategy: { weights, caution } }: Weighed): Terms {
  return {
    quality: weights.quality * inputs.quality,
    uncertainty: -(weights.quality * caution * inputs.sd),
    cost: -(weights.cost * ratio(inputs.costPicoUsd, reference.costPicoUsd)),
    latency: -(weights.latency * ratio(inputs.latencyMs, reference.latencyMs)),
    availability: -(weights.availability * (1 - inputs.availability)),
    stickiness: weights.cost * ratio(inputs.cachedPicoUsd, reference.costPicoUsd),
  }
}

/** The quality that can be relied on: what floors are held against. */
export const cautiousQuality = (quality: number, sd: number, caution: number): number =>
  quality - caution * sd
