import type { Prices } from '../catalog/types.ts'
import { LIMITS } from '../lib/limits.ts'
import { maxBigint, minBigint, type PicoUsd } from '../lib/money.ts'
import { addMargin } from './charge.ts'
import { type DearInput, dearestInputPicoUsd, dearestOutputPicoUsd } from './cost.ts'
import { bucketsUpTo } from './tier.ts'

export type Bounds = DearInput & {
  /** No provider of the plan can count more input tokens than this. */
  readonly inputBoundTokens: number
  /** Sent upstream; per choice. */
  readonly outputCap: number
  readonly choices: number
  /**
   * Where the stream breaks, another provider goes on from what was delivered: it reads the input once more and, as input, what was
   * delivered, of which there is no more than the output cap; the output is shared between the two.
   */
  readonly isContinued?: boolean
}

/** Tokens of a usual answer, where the cap allows: an expectation for the estimate, never a bound. */
const USUAL_OUTPUT_TOKENS = 300
/** Bytes per token of usual text: what turns the input's hard bound into an expectation. */
const USUAL_BYTES_PER_TOKEN = 4

/**
 * The worst case over the whole plan, margin included, before the settlement fee: input bound x dearest candidate plus
 * output cap x dearest candidate x n. Of each candidate every tier counts that the input can reach.
 */
export function ceilingOf({
  candidates,
  bounds,
  marginBps,
}: {
  candidates: readonly Prices[]
  bounds: Bounds
  marginBps: number
}): PicoUsd {
  const inputBoundTokens = bounds.isContinued
    ? bounds.inputBoundTokens * 2 + bounds.outputCap + LIMITS.prefixFrameTokens
    : bounds.inputBoundTokens
  const reachable = candidates.flatMap((prices) => bucketsUpTo({ prices, inputBoundTokens }))
  const input = reachable.map((prices) => dearestInputPicoUsd(prices, bounds)).reduce(maxBigint, 0n)
  const output = reachable.map(dearestOutputPicoUsd).reduce(maxBigint, 0n)
  const costPicoUsd =
    BigInt(inputBoundTokens) * input + BigInt(bounds.outputCap) * BigInt(bounds.choices) * output
  return addMargin({ costPicoUsd, marginBps })
}

/** What a usual call of this size costs at the first candidate; never above the ceiling. */
export function estimateOf({
  candidates,
  bounds,
  marginBps,
}: {
  candidates: readonly [Prices, ...Prices[]]
  bounds: Bounds
  marginBps: number
}): PicoUsd {
  const usual = {
    ...bounds,
    // A usual stream does not break.
    isContinued: false,
    inputBoundTokens: Math.ceil(bounds.inputBoundTokens / USUAL_BYTES_PER_TOKEN),
    outputCap: Math.min(bounds.outputCap, USUAL_OUTPUT_TOKENS),
  }
  const estimate = ceilingOf({ candidates: [candidates[0]], bounds: usual, marginBps })
  return minBigint(estimate, ceilingOf({ candidates, bounds, marginBps }))
}
