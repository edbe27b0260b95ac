/** What of a limit was reached by what was just captured. */
export type Crossing = { readonly percent: number; readonly isExhausted: boolean }

/**
 * The thresholds that a counter has reached and that nobody has been told of in this window, lowest first. `told` is kept with the counter,
 * so a new window begins with none, and a correction or a raised limit does not tell anything twice. Written in the commit of the
 * capture, under the counter's lock: of many captures at once exactly one crosses.
 *
 * @param spent after the capture.
 * @param told percents that were told in this window.
 * @example crossedThresholds({ limit: 100n, spent: 96n, thresholdsPercent: [80, 95, 100], told: [80] }) // [{ percent: 95, isExhausted: false }]
 */
export const crossedThresholds = ({
  limit,
  spent,
  thresholdsPercent,
  told,
}: {
  limit: bigint
  spent: bigint
  thresholdsPercent: readonly number[]
  told: readonly number[]
}): readonly Crossing[] =>
  [...new Set(thresholdsPercent)]
    .filter((percent) => !told.includes(percent) && spent > 0n && spent * 100n >= limit * BigInt(percent))
    .sort((a, b) => a - b)
    .map((percent) => ({ percent, isExhausted: percent >= 100 }))
