import { inputTokens, outputTokens, type Usage } from '../../chat/usage.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { PlannedCall } from '../types.ts'

export type Direction = 'input' | 'output'

/** Our own count of the text of one direction. */
export type OwnCount = {
  readonly tokens: number
  /** Tokens by which an honest provider may differ whatever the size: frames around the text. */
  readonly slackTokens: number
}

/** How a provider's tokens relate to ours for the same text. */
export type Ratio = {
  readonly providerPerOwn: number
  /** The model's own tokenizer is the one that counted. */
  readonly isOwn: boolean
}

/** What an expectation rests on: the plan's bound, the model's own tokenizer, or what the endpoint usually says. */
export type Basis = 'bound' | 'tokenizer' | 'ratio'

export type Verdict =
  | {
      readonly kind: 'above_bound' | 'deviates'
      readonly basis: Basis
      readonly expectedTokens: number
      readonly reportedTokens: number
    }
  | { readonly kind: 'agrees' }
  | { readonly kind: 'unjudged' }

const ALL_BPS = 10_000

/**
 * What a provider's count of one direction is to be held against: cached input is part of the input, whoever split it; reasoning is
 * billed as output, and is not in the text.
 */
export const reportedTokensOf = ({ usage, direction }: { usage: Usage; direction: Direction }): number =>
  direction === 'input' ? inputTokens(usage) : usage.outputText

/** What the plan promised that no provider would exceed. */
export const boundOf = ({
  plan,
  choices,
  direction,
}: {
  plan: Pick<PlannedCall, 'inputBoundTokens' | 'outputCap'>
  choices: number
  direction: Direction
}): number => (direction === 'input' ? plan.inputBoundTokens : plan.outputCap * choices)

/**
 * Holds what a provider counted against what was sent and delivered, in one direction. More than the bound is `above_bound`, counted
 * or not: what exceeds it is our loss. Else, where the text was counted, a count `deviates` that is off in either direction by more
 * than 5 % of the model's own tokenizer, or 25 % of what the endpoint usually says, and by more than the slack.
 *
 * @param boundTokens see {@link boundOf}.
 * @param own absent where the text was not or cannot be counted.
 * @param ratio absent while too little is known of an endpoint.
 * @example judgeUsage({ usage, direction: 'output', boundTokens: 400, own: { tokens: 100, slackTokens: 16 }, ratio: { providerPerOwn: 1, isOwn: true } })
 */
export function judgeUsage({
  usage,
  direction,
  boundTokens,
  own,
  ratio,
}: {
  usage: Usage
  direction: Direction
  boundTokens: number
  own?: OwnCount | undefined
  ratio?: Ratio | undefined
}): Verdict {
  const billedTokens = direction === 'input' ? inputTokens(usage) : outputTokens(usage)
  if (billedTokens > boundTokens)
    return {
      kind: 'above_bound',
      basis: 'bound',
      expectedTokens: boundTokens,
      reportedTokens: billedTokens,
    }
  if (!own || !ratio) return { kind: 'unjudged' }
  const reportedTokens = reportedTokensOf({ usage, direction })
  const expectedTokens = Math.round(own.tokens * ratio.providerPerOwn)
  const toleranceBps = ratio.isOwn ? LIMITS.usageOwnToleranceBps : LIMITS.usageRatioToleranceBps
  const toleratedTokens = (expectedTokens * toleranceBps) / ALL_BPS + own.slackTokens
  if (Math.abs(reportedTokens - expectedTokens) <= toleratedTokens) return { kind: 'agrees' }
  return { kind: 'deviates', basis: ratio.isOwn ? 'tokenizer' : 'ratio', expectedTokens, reportedTokens }
}
