import type { Usage } from '../../chat/usage.ts'
import { LIMITS } from '../../lib/limits.ts'
import {
  type Basis,
  type Direction,
  judgeUsage,
  type OwnCount,
  reportedTokensOf,
} from '../serve/judge-usage.ts'

/** What one call more has shown of an endpoint. */
export type UsageSighting =
  | {
      readonly kind: 'found'
      readonly basis: Basis
      /** Sums over the calls that differed since the last window of agreement. */
      readonly calls: number
      readonly expectedTokens: number
      readonly reportedTokens: number
      /** Of `ratio`: the provider's tokens per token of ours, as this endpoint usually counts. */
      readonly providerPerOwn: number
    }
  /** A window of calls agreed, one after the other, the first of them at this time. */
  | { readonly kind: 'agreed'; readonly sinceMs: number }

export type UsageTrack = {
  /**
   * Whether this call's text is worth counting: one of the first, one of every so many, one while something is in doubt, or one with
   * an unusual number of bytes per token.
   */
  readonly isDue: (call: { readonly bytes: number; readonly usage: Usage }) => boolean
  /** @param own absent where the text was not counted. */
  readonly take: (call: {
    readonly usage: Usage
    readonly boundTokens: number
    readonly own?: OwnCount | undefined
    readonly atMs: number
  }) => UsageSighting | undefined
}

/** How much one call more moves a running mean, once the mean is known. */
const WEIGHT = 1 / 16

/** A text says something about a tokenizer where it is some frames long; of a shorter one the frame says more. */
const LEARNING_SLACKS = 4

const NONE = { calls: 0, expectedTokens: 0, reportedTokens: 0 }

type Mean = { value: number; samples: number }

function learn(mean: Mean, value: number): void {
  mean.samples += 1
  mean.value += (value - mean.value) * Math.max(WEIGHT, 1 / mean.samples)
}

/**
 * What one instance remembers of one endpoint's counts in one direction: a few numbers, never text.
 *
 * The ratio is learned from calls that agree with it, so that a provider that begins to count double does not become its own
 * measure. One call is enough for a finding where a bound or the model's own tokenizer says so; a ratio needs several, since a
 * single text in an unusual language may be tokenized quite differently by honest people.
 *
 * @param isOwn the model's own tokenizer counts for us.
 */
export function createUsageTrack({ direction, isOwn }: { direction: Direction; isOwn: boolean }): UsageTrack {
  const bytesPerToken: Mean = { value: 0, samples: 0 }
  const usual: Mean = { value: 1, samples: 0 }
  let seen = 0
  let counted = 0
  let agreeing = 0
  let agreeingSinceMs = 0
  let basis: Basis | undefined
  let sums = NONE

  const isUnusual = (value: number) =>
    Math.abs(value - bytesPerToken.value) * 10_000 > bytesPerToken.value * LIMITS.usageRatioToleranceBps

  const ratio = () => {
    if (isOwn) return { providerPerOwn: 1, isOwn }
    return usual.samples < LIMITS.usageRatioCalls ? undefined : { providerPerOwn: usual.value, isOwn }
  }

  function agree(atMs: number): UsageSighting | undefined {
    if (agreeing === 0) agreeingSinceMs = atMs
    agreeing += 1
    if (agreeing % LIMITS.usageWindowCalls !== 0) return undefined
    basis = undefined
    sums = NONE
    return { kind: 'agreed', sinceMs: agreeingSinceMs }
  }

  return {
    isDue({ bytes, usage }) {
      const reportedTokens = reportedTokensOf({ usage, direction })
      const value = bytes / Math.max(1, reportedTokens)
      const isOdd = isUnusual(value)
      learn(bytesPerToken, value)
      seen += 1
      return (
        counted < LIMITS.usageWindowCalls ||
        seen % LIMITS.usageCountedEvery === 0 ||
        basis !== undefined ||
        isOdd
      )
    },
    take({ usage, boundTokens, own, atMs }) {
      if (own) counted += 1
      const known = ratio()
      const verdict = judgeUsage({ usage, direction, boundTokens, own, ratio: known })
      const isLearned = verdict.kind === 'agrees' || (verdict.kind === 'unjudged' && !known)
      if (own && isLearned && own.tokens >= own.slackTokens * LEARNING_SLACKS)
        learn(usual, reportedTokensOf({ usage, direction }) / own.tokens)
      if (verdict.kind === 'agrees') return agree(atMs)
      // Where nothing can be counted, keeping to the bound again is all the agreement there is.
      if (verdict.kind === 'unjudged') return basis === 'bound' ? agree(atMs) : undefined
      agreeing = 0
      if (basis !== verdict.basis) sums = NONE
      basis = verdict.basis
      sums = {
        calls: sums.calls + 1,
        expectedTokens: sums.expectedTokens + verdict.expectedTokens,
        reportedTokens: sums.reportedTokens + verdict.reportedTokens,
      }
      if (basis === 'ratio' && sums.calls < LIMITS.usageRatioFindingCalls) return undefined
      return { kind: 'found', basis: verdict.basis, ...sums, providerPerOwn: usual.value }
    },
  }
}
