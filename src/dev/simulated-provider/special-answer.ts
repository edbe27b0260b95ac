import { readSettings } from './read-settings.ts'

/** What an answer has besides text, or in its place. All faces say it, each in its own words. */
export type SpecialAnswer = {
  /** So many calls of the tools that the request offers, in the place of text; nothing where it offers none. */
  readonly toolCalls?: number
  /** A signed thought of so many tokens comes first. */
  readonly thinkingTokens?: number
  /** The model declines. */
  readonly isRefused?: boolean
  /** Of the input: read from a cache, and written into one. Gemini has no word for the latter. */
  readonly cachedTokens?: number
  readonly writtenTokens?: number
}

/**
 * Reads the `x-sim-answer` header, written like `x-sim-fault`.
 *
 * @throws RangeError for a name that is none of these.
 * @example parseSpecialAnswer('tools=2, thinking=12') // { toolCalls: 2, thinkingTokens: 12 }
 */
export const parseSpecialAnswer = (text: string): SpecialAnswer =>
  readSettings<SpecialAnswer>({
    text,
    numbers: {
      tools: 'toolCalls',
      thinking: 'thinkingTokens',
      cached: 'cachedTokens',
      written: 'writtenTokens',
    },
    switches: { refusal: 'isRefused' },
  })
