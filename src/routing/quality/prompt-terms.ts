import { boundedTerm } from './quality-view.ts'
import { canonicalName } from './canonical-name.ts'
import { exactExp } from './exact-math.ts'
import type { Predictor } from './predictor.ts'
import { headOdds, type PromptReading } from './read-prompt.ts'

/** How a prompt moves a model: as it moves the model's own heads, or as it moves models of like ability. */
export type PromptTerms = {
  readonly ownHeads: (modelId: string) => readonly number[]
  /** What a prompt adds by each head and by each level of ability, the gate not yet applied. */
  readonly of: (reading: PromptReading) => AddedByPrompt
  /** Where a model stands among the levels of ability, in steps and parts of a step from the lowest. */
  readonly levelOf: (ability: number) => number
  /** What a prompt adds to a model with heads of its own; bounded. */
  readonly atHeads: (query: {
    added: AddedByPrompt
    reading: PromptReading
    heads: readonly number[]
  }) => number
}

/** In log-odds. */
export type AddedByPrompt = { readonly byHead: Float64Array; readonly byLevel: Float64Array }

const LEVELS = 9
/** How far, in log-odds, a head's ability may be from a level and still speak for it. */
const REACH = 0.7
/** A source that the prompt hardly resembles still counts this much: some head has to speak. */
const LEAST_SHARE = 1e-3

export function createPromptTerms({
  predictor,
  abilityOf,
}: {
  predictor: Predictor
  /** By canonical name. */
  abilityOf: (name: string) => number | undefined
}): PromptTerms {
  const { heads } = predictor
  const names = heads.map(({ name }) => canonicalName(name.slice(name.indexOf(':') + 1)))
  const abilities = names.map((name) => abilityOf(name) ?? 0)
  const low = Math.min(...abilities)
  const step = (Math.max(...abilities) - low) / (LEVELS - 1) || 1
  const shares = Array.from({ length: LEVELS }, (_, level) =>
    Float64Array.from(abilities, (ability) => exactExp(-(((ability - low - level * step) / REACH) ** 2) / 2)),
  )
  const of = (reading: PromptReading): AddedByPrompt => {
    const byHead = new Float64Array(heads.length)
    const byLevel = new Float64Array(LEVELS)
    for (let head = 0; head < heads.length; head += 1) {
      const { odds, base } = headOdds({ predictor, reading, head })
      byHead[head] = odds - base
    }
    for (let level = 0; level < LEVELS; level += 1) {
      const weights = shares[level]!
      let sum = 0
      let total = 0
      for (let head = 0; head < heads.length; head += 1) {
        const weight = weightOf(reading, head) * weights[head]!
        sum += weight * byHead[head]!
        total += weight
      }
      byLevel[level] = total > 0 ? sum / total : 0
    }
    return { byHead, byLevel }
  }
  const sourceOf = Int32Array.from(heads, ({ source }) => source)
  const weightOf = ({ sourceChances }: PromptReading, head: number) =>
    sourceChances[sourceOf[head]!]! + LEAST_SHARE
  /** What several heads of one model say, each as far as the prompt is like its source. */
  const meanOf = ({ byHead }: AddedByPrompt, reading: PromptReading, own: readonly number[]) => {
    let sum = 0
    let total = 0
    for (const head of own) {
      const weight = weightOf(reading, head)
      sum += weight * byHead[head]!
      total += weight
    }
    return total > 0 ? sum / total : 0
  }
  const headsByName = Map.groupBy(heads.keys(), (head) => names[head]!)
  return {
    ownHeads: (modelId) => headsByName.get(canonicalName(modelId)) ?? [],
    of,
    levelOf: (ability) => Math.max(0, Math.min(LEVELS - 1, (ability - low) / step)),
    atHeads: ({ added, reading, heads: own }) => boundedTerm(meanOf(added, reading, own)),
  }
}

/** What a prompt adds to a model without heads of its own: between the two levels that are next to its own; bounded. */
export function addedAtLevel(byLevel: Float64Array, level: number): number {
  const below = Math.min(LEVELS - 2, Math.floor(level))
  const least = byLevel[below]!
  return boundedTerm(least + (level - below) * (byLevel[below + 1]! - least))
}
