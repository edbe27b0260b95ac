/** What the server sees of an answer by itself, once its last byte has gone. */
export type SeenSignal =
  /** It ended as it should, and there was nothing to hold it against. */
  | 'answered'
  /** It has the shape that was asked for: a schema, or the arguments of a tool. */
  | 'satisfied'
  | 'schema_failed'
  | 'tool_failed'
  /** By the provider's own mark. */
  | 'refused'
  /** Short, and beginning as refusals do: a guess. */
  | 'refused_in_words'
  /** It ended at the output cap. */
  | 'length'
  /** The same payer asked the very same again soon after the end. */
  | 'repeated'

/** Calls' worth of evidence, for and against. */
export type Evidence = { readonly good: number; readonly bad: number }

/**
 * How far each is believed: 1 is a call whose outcome is certain. That nobody complained says little, since most bad answers look like
 * good ones from here.
 */
export const SEEN_WEIGHTS: Readonly<Record<SeenSignal, Evidence>> = {
  answered: { good: 0.25, bad: 0 },
  satisfied: { good: 1, bad: 0 },
  schema_failed: { good: 0, bad: 1 },
  tool_failed: { good: 0, bad: 1 },
  refused: { good: 0, bad: 0.8 },
  refused_in_words: { good: 0, bad: 0.3 },
  length: { good: 0, bad: 0.3 },
  repeated: { good: 0, bad: 0.3 },
}

/** A payer's word counts less than what was seen: with its signature, and with the id of the call alone. */
const WORD_WEIGHTS = { signed: 0.6, held: 0.3 } as const

/** How who gives a word has shown that the call is its own. */
export type WordProof = keyof typeof WORD_WEIGHTS

/**
 * The evidence of one answer: what is wrong with it by its strongest sign, not by their sum, since one fault shows in several; else
 * what speaks for it.
 *
 * @example seenEvidence(['length', 'schema_failed']) // { good: 0, bad: 1 }
 */
export function seenEvidence(signals: readonly SeenSignal[]): Evidence {
  const weights = signals.map((signal) => SEEN_WEIGHTS[signal])
  const bad = Math.max(0, ...weights.map((one) => one.bad))
  return bad > 0 ? { good: 0, bad } : { good: Math.max(0, ...weights.map((one) => one.good)), bad: 0 }
}

/** @param score from 0 (useless) to 1 (as wanted). */
export function wordEvidence({ score, proof }: { score: number; proof: WordProof }): Evidence {
  const weight = WORD_WEIGHTS[proof]
  return { good: weight * score, bad: weight * (1 - score) }
}
