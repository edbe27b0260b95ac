import { hasOwnTokenizer } from './own-tokenizer.ts'

/** How far a model's own count of an input may be above an o200k count of it. */
export type CountSafety = {
  /** Of text in ASCII. */
  readonly factor: number
  /** Whether other scripts are as cheap as in o200k; where not, each of their bytes may be a token. */
  readonly knowsScripts: boolean
  /** What the provider puts in front of the model, once, where there are tools. */
  readonly toolsPromptTokens: number
}

/** Our own count: what remains is how the pieces of an input are joined. */
const OWN: CountSafety = { factor: 1.05, knowsScripts: true, toolsPromptTokens: 0 }

/**
 * Claude. Its first tokenizer counts some 1.15 of ours for English and code; the one of Opus 4.7 and everything after it up to 1.47
 * times that, by several published measurements with Anthropic's own counter. Anthropic documents a prompt of up to 804 tokens for tools.
 */
const CLAUDE: CountSafety = { factor: 1.75, knowsScripts: false, toolsPromptTokens: 832 }
const OLDER_CLAUDE: CountSafety = { ...CLAUDE, factor: 1.35 }
const OLDER_CLAUDES = /^anthropic\/claude-(?:\d|[a-z]+-4\.[0-6](?!\d))/

/** Everybody else: vocabularies of 128,000 and more, which are close to ours in English and code, and not in every script. */
const OTHER: CountSafety = { factor: 1.25, knowsScripts: false, toolsPromptTokens: 0 }

/** @example countSafetyOf({ id: 'anthropic/claude-opus-4.8' }).factor // 1.75 */
export function countSafetyOf(model: { readonly id: string }): CountSafety {
  if (hasOwnTokenizer(model)) return OWN
  if (!model.id.startsWith('anthropic/')) return OTHER
  return OLDER_CLAUDES.test(model.id) ? OLDER_CLAUDE : CLAUDE
}
