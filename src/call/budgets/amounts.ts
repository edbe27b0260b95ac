import { type ClampableCost, amountsWith } from '../../governance/budgets/clamp.ts'
import type { Amounts } from '../../governance/budgets/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { PicoUsd } from '../../lib/money.ts'
import type { PlannedCall } from '../types.ts'

/** Fee of the way it is paid; on the price of the call itself. */
type Priced = { readonly planned: PlannedCall; readonly feePicoUsd: PicoUsd }

/** What a call costs at most by the tokens that it may put out. A ceiling grows evenly with its cap, so a line above both of its ends is above all. */
export function costOf({ planned, feePicoUsd }: Priced): ClampableCost {
  const { outputCap, ceilingAt, ceilingPicoUsd, inputBoundTokens, request } = planned
  const inputPicoUsd = ceilingAt(0)
  const cap = BigInt(outputCap)
  return {
    fixedPicoUsd: inputPicoUsd + feePicoUsd,
    outputPicoUsd: cap === 0n ? 0n : (ceilingPicoUsd - inputPicoUsd + cap - 1n) / cap,
    inputTokens: BigInt(inputBoundTokens),
    choices: BigInt(request.choices),
  }
}

/** The worst case of a call: what is held of every budget. */
export function amountsOf({ planned, feePicoUsd }: Priced): Amounts {
  const { ceilingPicoUsd, inputBoundTokens, outputCap, request } = planned
  return {
    chargePicoUsd: ceilingPicoUsd + feePicoUsd,
    tokens: BigInt(inputBoundTokens) + BigInt(request.choices) * BigInt(outputCap),
    requests: 1n,
  }
}

/** The least that a call would do with: an answer below which none is one. */
export const leastOf = ({ planned, feePicoUsd }: Priced): Amounts =>
  amountsWith({
    cost: costOf({ planned, feePicoUsd }),
    outputTokens: Math.min(planned.outputCap, LIMITS.clampLeastTokens),
  })

/** The same call with a shorter answer. */
export function clampTo({ planned, outputCap }: { planned: PlannedCall; outputCap: number }): PlannedCall {
  if (outputCap >= planned.outputCap) return planned
  const ceilingPicoUsd = planned.ceilingAt(outputCap)
  const { estimatePicoUsd } = planned
  return {
    ...planned,
    outputCap,
    ceilingPicoUsd,
    estimatePicoUsd: estimatePicoUsd < ceilingPicoUsd ? estimatePicoUsd : ceilingPicoUsd,
    clampedFrom: planned.clampedFrom ?? planned.outputCap,
  }
}
