import { type QualityEstimate, type QualityView, shareOf } from './quality-view.ts'

/** USD per million tokens (three of input to one of output) from which a tier begins, and its log-odds. */
const TIERS: readonly (readonly [fromUsdPerMillion: number, logOdds: number])[] = [
  [15, 1.9],
  [3, 1.84],
  [0.5, 1.78],
  [0, 1.72],
]

/** A price says little about an answer, so the estimate is as wide as that. */
const WIDE_SD = 0.12

const ESTIMATES: readonly (readonly [number, QualityEstimate])[] = TIERS.map(([from, prior]) => [
  from,
  { quality: shareOf(prior), sd: WIDE_SD, gate: 0, terms: { prior, prompt: 0 } },
])

/**
 * Quality by price tier: `derived`, never measured, and only for where nothing better is known. Tiers lie close together, so
 * that a price alone never rules a model out.
 *
 * @param usdPerMillion of a model's cheapest endpoint.
 * @example derivedQuality(20).quality // 0.87
 */
export function derivedQuality(usdPerMillion: number): QualityEstimate {
  const found = ESTIMATES.find(([from]) => usdPerMillion >= from) ?? ESTIMATES.at(-1)
  if (!found) throw new RangeError('There is no tier.')
  return found[1]
}

/** @param usdPerMillionOf the price of a model; 0 where it has none. */
export const derivedQualityView = (usdPerMillionOf: (modelId: string) => number): QualityView => ({
  of: ({ model }) => derivedQuality(usdPerMillionOf(model.id)),
})
