import { LIMITS } from '../../lib/limits.ts'

/** How fast an endpoint is for inputs of one size class: moving averages. */
export type Pace = {
  readonly firstTokenMs: number
  /** Moving average of how far a first token is from that average. */
  readonly deviationMs: number
  readonly tokensPerSecond: number
  /** First tokens seen. */
  readonly samples: number
  /** Of the last one. */
  readonly atMs: number
}

/** What is expected of an endpoint that nobody has asked yet. */
export const USUAL_PACE: Pace = {
  firstTokenMs: 1_000,
  deviationMs: 500,
  tokensPerSecond: 50,
  samples: 0,
  atMs: 0,
}

/** Upper bounds of the size classes, in tokens of input: reading a long input takes its time. */
const CLASS_BOUNDS = [2_000, 16_000, 64_000] as const
export const SIZE_CLASSES = CLASS_BOUNDS.length + 1

/** How much one answer more moves an average, once the average is known. */
const WEIGHT = 1 / 8

/** @param inputTokens as expected or as counted; a factor of two hardly matters. */
export function sizeClassOf(inputTokens: number): number {
  const index = CLASS_BOUNDS.findIndex((bound) => inputTokens < bound)
  return index === -1 ? CLASS_BOUNDS.length : index
}

/** @param tokensPerSecond absent where the answer was too short to say. */
export function withSighting({
  pace,
  firstTokenMs,
  tokensPerSecond,
  nowMs,
}: {
  pace: Pace
  firstTokenMs: number
  tokensPerSecond?: number | undefined
  nowMs: number
}): Pace {
  if (pace.samples === 0) {
    return {
      firstTokenMs,
      deviationMs: firstTokenMs / 2,
      tokensPerSecond: tokensPerSecond ?? USUAL_PACE.tokensPerSecond,
      samples: 1,
      atMs: nowMs,
    }
  }
  const weight = Math.max(WEIGHT, 1 / (pace.samples + 1))
  const moved = (from: number, to: number) => from + (to - from) * weight
  return {
    firstTokenMs: moved(pace.firstTokenMs, firstTokenMs),
    deviationMs: moved(pace.deviationMs, Math.abs(firstTokenMs - pace.firstTokenMs)),
    tokensPerSecond: moved(pace.tokensPerSecond, tokensPerSecond ?? pace.tokensPerSecond),
    samples: pace.samples + 1,
    atMs: nowMs,
  }
}

/** The pace of this class, else of the nearest one that something is known of. */
export function nearestPace({ paces, sizeClass }: { paces: readonly Pace[]; sizeClass: number }): Pace {
  for (let distance = 0; distance < SIZE_CLASSES; distance += 1) {
    const smaller = paces[sizeClass - distance]
    if (smaller && smaller.samples > 0) return smaller
    const larger = paces[sizeClass + distance]
    if (larger && larger.samples > 0) return larger
  }
  return USUAL_PACE
}

/** Two instances' averages as one, each as heavy as what it has seen. Their memory is short, so a hundred sightings are as good as more. */
export function blendedPace({ one, other }: { one: Pace; other: Pace }): Pace {
  const [a, b] = [Math.min(one.samples, 100), Math.min(other.samples, 100)]
  if (a === 0) return other
  if (b === 0) return one
  const mean = (left: number, right: number) => (left * a + right * b) / (a + b)
  return {
    firstTokenMs: mean(one.firstTokenMs, other.firstTokenMs),
    deviationMs: mean(one.deviationMs, other.deviationMs),
    tokensPerSecond: mean(one.tokensPerSecond, other.tokensPerSecond),
    samples: one.samples + other.samples,
    atMs: Math.max(one.atMs, other.atMs),
  }
}

/**
 * When a first token is so late that something is wrong: so many times the 95th percentile, which for a bell curve is two mean
 * deviations above the mean. Undefined where too little is known to say.
 */
export function slowStartMs(pace: Pace): number | undefined {
  if (pace.samples < LIMITS.slowStartSamples) return undefined
  const usualMs = pace.firstTokenMs + 2 * pace.deviationMs
  return Math.max(LIMITS.slowStartLeastMs, usualMs * LIMITS.slowStartFactor)
}
