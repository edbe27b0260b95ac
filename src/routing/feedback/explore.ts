/** A candidate as exploration sees it, the chosen one first and the others by score; the floor has been applied. */
export type Explorable = {
  readonly modelId: string
  readonly costPicoUsd: number
  /** Points of quality that a choice of this one gives up by the estimate, and how far the estimate may be off. */
  readonly score: number
  readonly sd: number
  /** Calls of this payer's site that are known of it. */
  readonly samples: number
  /** Whether its own ceiling is within the price that was signed, or is being quoted. */
  readonly isWithinCap: boolean
}

export type Exploration = {
  /** Place among the candidates. */
  readonly index: number
  readonly modelId: string
  /** The one that would have been chosen. */
  readonly insteadOf: string
  readonly reason: string
}

/** Share of calls that may be used to learn, among how many next ones, and how much better than estimated one may be thought. */
export const EXPLORED_SHARE = 0.08
const CHALLENGERS = 3
const HOPE_SDS = 0.7
/** A model of which so much is known needs no more trying. */
const KNOWN_SAMPLES = 40

/** Strategies that allow it; whoever asks for speed, for certainty or for a model by its name gets just that. */
const EXPLORING: ReadonlySet<string> = new Set(['balanced', 'cost'])

/** A number from 0 to 1 that belongs to a text: FNV-1a, stirred once more since the last letters weigh little in it. */
export function shareOfSeed(seed: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < seed.length; index += 1)
    hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** Whether a call with this seed is one to learn by. */
export const isDrawn = ({
  strategy,
  seed,
  share = EXPLORED_SHARE,
}: {
  strategy: string
  seed: string
  share?: number | undefined
}): boolean => EXPLORING.has(strategy) && shareOfSeed(`explore ${seed}`) < Math.min(share, EXPLORED_SHARE)

/**
 * Whether this call is given to another model than the best-scored one, in order to learn. A challenger is never dearer than the one it
 * stands in for, is within the cap, and would win if it were 0.7 standard deviations better than estimated.
 * The same seed and candidates give the same answer.
 *
 * @param seed the request's keyed hash and the hour (call/plan/exploration-seed): what quote and run have in common.
 * @returns undefined where the best-scored one stays.
 */
export function explore({
  candidates,
  strategy,
  seed,
  share,
}: {
  candidates: readonly Explorable[]
  strategy: string
  seed: string
  share?: number
}): Exploration | undefined {
  const [best] = candidates
  if (!best || !isDrawn({ strategy, seed, share })) return undefined
  const seen = new Set([best.modelId])
  const challengers: number[] = []
  for (const [index, one] of candidates.entries()) {
    if (seen.has(one.modelId)) continue
    seen.add(one.modelId)
    if (challengers.length < CHALLENGERS && isWorthTrying(one, best)) challengers.push(index)
  }
  const index = challengers[Math.floor(shareOfSeed(`which ${seed}`) * challengers.length)]
  const chosen = index === undefined ? undefined : candidates[index]
  if (index === undefined || !chosen) return undefined
  return {
    index,
    modelId: chosen.modelId,
    insteadOf: best.modelId,
    reason: `tried in the place of ${best.modelId}, to learn: not dearer, above the floor, and within ${HOPE_SDS} sd of its score`,
  }
}

const isWorthTrying = (one: Explorable, best: Explorable): boolean =>
  one.isWithinCap &&
  one.samples < KNOWN_SAMPLES &&
  one.costPicoUsd <= best.costPicoUsd &&
  one.score + HOPE_SDS * one.sd >= best.score
