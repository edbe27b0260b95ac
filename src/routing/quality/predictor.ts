/** Units below zero are damped instead of shut: a shut one would learn nothing more. */
export const LEAK = 0.2

/** What was measured of a model under one benchmark's protocol, and how a prompt moves it. */
export type Head = {
  /** `source:model`, as in the training rows. */
  readonly name: string
  /** Index into `sources`. */
  readonly source: number
  /** Log-odds of its mean quality over the training rows, and how many they were. */
  readonly base: number
  readonly count: number
  /** The same within each domain; where the source has no such rows the base, with a count of 0. */
  readonly domainBases: readonly number[]
  readonly domainCounts: readonly number[]
  /** Log-odds = offset + vector · hidden + effects · chances of the source's tasks. */
  readonly offset: number
}

/** A benchmark: its tasks lie side by side. */
export type TaskRange = { readonly name: string; readonly from: number; readonly to: number }

/** Numbers of the trained file that are written as text. */
export type PredictorFacts = {
  readonly width: number
  /** So many units pass on what they get; the others are damped below zero. */
  readonly linearWidth: number
  readonly shapeCount: number
  readonly domains: readonly string[]
  readonly sources: readonly TaskRange[]
  readonly tasks: readonly { readonly name: string; readonly domain: number }[]
  readonly heads: readonly Head[]
  /** Between which likenesses to a training task, and which shares of known words, the gate opens. */
  readonly likeness: readonly [from: number, to: number]
  readonly familiarity: readonly [from: number, to: number]
  /** Digest of the rows it was trained on. */
  readonly trainedOn: string
  readonly operating: OperatingPoints
}

/**
 * What training has fixed for measurements of pools of models: how a head's cost grows with the prompt (USD, and USD for each
 * character), and by pool which model is the best single one and how much a unit of cost weighs at each target of quality.
 */
export type OperatingPoints = {
  readonly costs: Readonly<Record<string, readonly [fixedUsd: number, usdPerCharacter: number]>>
  readonly points: Readonly<
    Record<string, { readonly best: string; readonly lambdas: Readonly<Record<string, number>> }>
  >
}

/** The trained file in memory. Everything about a prompt goes through `width` hidden numbers. */
export type Predictor = PredictorFacts & {
  /** One row of `width` for each word bucket, in steps of `scales`. */
  readonly projection: Int8Array
  readonly scales: Float32Array
  /** One row of `width` for each shape number, then for what is always 1. */
  readonly shapeRows: Float32Array
  readonly shapeMean: Float32Array
  readonly shapeInverse: Float32Array
  readonly taskVectors: Float32Array
  /** Rows of heads. */
  readonly vectors: Float32Array
  readonly effects: Float32Array
  /** Mean direction of each task's training prompts, of length 1. */
  readonly directions: Float32Array
  /** Places of the words that training has seen, one bit each. */
  readonly knownWords: Uint8Array
}
