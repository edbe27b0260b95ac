import type { Counters } from '../routing/feedback/counters.ts'
import type { SharedShare } from '../routing/feedback/site-adjustment.ts'
import type { Evidence } from '../routing/feedback/signals.ts'

/** One thing that was seen of one call: the answer itself, or that it was asked for again. */
export type Observation = {
  readonly callId: string
  readonly kind: 'answer' | 'repeat'
  /** Keyed hashes (site-key). */
  readonly site: string
  readonly payer: string
  readonly modelId: string
  readonly evidence: Evidence
  readonly atMs: number
}

/** Why a payer thinks so, out of a list: a text of its own might be a prompt. */
export const WORD_REASONS = [
  'accurate',
  'helpful',
  'wrong',
  'incomplete',
  'off_topic',
  'refused',
  'bad_format',
  'too_slow',
  'unsafe',
  'other',
] as const
export type WordReason = (typeof WORD_REASONS)[number]

/** What the payer of a call says of its answer. */
export type Word = {
  readonly callId: string
  /** From 0 to 1. */
  readonly score: number
  readonly reason?: WordReason
  readonly evidence: Evidence
  readonly atMs: number
}

export type SiteRow = {
  readonly site: string
  /** Empty for what many payers share. */
  readonly payer: string
  readonly modelId: string
} & ({ readonly counters: Counters } | { readonly shared: SharedShare })

/** Where the counters of call sites are kept. Every promise resolves after the commit. */
export type FeedbackStore = {
  /** Adds what was seen, once for each call and kind however often it is told, and the words that came before it. */
  readonly observe: (observations: readonly Observation[]) => Promise<void>
  /** The last word on a call stands in the place of the one before, unless that one weighs more. */
  readonly putWord: (word: Word) => Promise<
    | 'outweighed'
    | {
        readonly isReplaced: boolean
        /** Whether the counters have it: not where the call itself was not observed, or not yet. */
        readonly isCounted: boolean
      }
  >
  /** Counters of these payers at these sites, and what all payers of the sites share. */
  readonly listSites: (query: {
    readonly keys: readonly { readonly site: string; readonly payer: string }[]
    readonly nowMs: number
  }) => Promise<readonly SiteRow[]>
  /** Forgets what is out of date, and of each payer what is beyond its share. */
  readonly prune: (query: { readonly nowMs: number }) => Promise<void>
}
