/** One prompt that two models answered: the predicted gain of the strong one, and what both did. */
export type PairOutcome = { readonly gain: number; readonly strong: number; readonly weak: number }

/**
 * APGR of RouteLLM (arXiv 2406.18665): the share of the quality gap that is recovered, averaged over the share of calls that
 * go to the strong model, largest predicted gain first. Random order gives 0.5.
 */
export function apgrOf(pairs: readonly PairOutcome[]): number {
  const gap = pairs.reduce((sum, { strong, weak }) => sum + strong - weak, 0)
  const order = pairs.toSorted((a, b) => b.gain - a.gain)
  let recovered = 0
  let area = 0
  for (const { strong, weak } of order) {
    const before = recovered
    recovered += strong - weak
    area += (before + recovered) / 2
  }
  return area / (gap * pairs.length)
}

/** Mean distance of predicted and observed quality over ten equal bins, weighted by what is in them. */
export function calibrationError(
  points: readonly { readonly predicted: number; readonly observed: number }[],
): number {
  const bins = Array.from({ length: 10 }, () => ({ predicted: 0, observed: 0 }))
  for (const { predicted, observed } of points) {
    const bin = bins[Math.min(9, Math.floor(predicted * 10))]!
    bin.predicted += predicted
    bin.observed += observed
  }
  return bins.reduce((sum, bin) => sum + Math.abs(bin.predicted - bin.observed), 0) / points.length
}
