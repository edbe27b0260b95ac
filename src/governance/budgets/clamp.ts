import type { PicoUsd } from '../../lib/money.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Amounts } from './types.ts'

/** What a call costs at most, by the tokens that it may put out. */
export type ClampableCost = {
  /** Everything but the output: input bound, fixed items, fee; margin included. */
  readonly fixedPicoUsd: PicoUsd
  /** One token of output at the plan's dearest candidate, times the choices of the call; margin included, rounded up. */
  readonly outputPicoUsd: PicoUsd
  readonly inputTokens: bigint
  /** Choices of the call: each may put out as many tokens. */
  readonly choices: bigint
}

/** What a call takes at most with so many tokens of output. */
export const amountsWith = ({
  cost: { fixedPicoUsd, outputPicoUsd, inputTokens, choices },
  outputTokens,
}: {
  cost: ClampableCost
  outputTokens: number
}): Amounts => ({
  chargePicoUsd: fixedPicoUsd + outputPicoUsd * BigInt(outputTokens),
  tokens: inputTokens + choices * BigInt(outputTokens),
  requests: 1n,
})

/**
 * The tokens of output with which a call fits into what is left.
 *
 * @param fits of a verdict `clamp`.
 * @param askedTokens the call's own output cap: never more than that.
 * @param leastTokens below which a shorter answer is no answer.
 * @returns undefined where not even that many fit.
 */
export function outputTokensWithin({
  fits,
  cost,
  askedTokens,
  leastTokens = LIMITS.clampLeastTokens,
}: {
  fits: Amounts
  cost: ClampableCost
  askedTokens: number
  leastTokens?: number
}): number | undefined {
  const { fixedPicoUsd, outputPicoUsd, inputTokens, choices } = cost
  const rooms = [
    roomFor({ free: fits.chargePicoUsd - fixedPicoUsd, perToken: outputPicoUsd }),
    roomFor({ free: fits.tokens - inputTokens, perToken: choices }),
  ]
  const room = rooms.reduce((least, one) => (one < least ? one : least), BigInt(askedTokens))
  return fits.requests < 1n || room < BigInt(Math.min(leastTokens, askedTokens)) ? undefined : Number(room)
}

const ENOUGH = BigInt(Number.MAX_SAFE_INTEGER)

function roomFor({ free, perToken }: { free: bigint; perToken: bigint }): bigint {
  if (free < 0n) return -1n
  return perToken === 0n ? ENOUGH : free / perToken
}
