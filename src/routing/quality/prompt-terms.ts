import { boundedTerm } from '../quality-view.ts'
import { canonicalName } from './canonical-name.ts'
import { exactExp } from './exact-math.ts'
import type { Predictor } from './predictor.ts'
import { headOdds, type PromptReading } from './read-prompt.ts'

/** How a prompt moves a model: as it moves the model's own heads, or as it moves models of like ability. */
export type PromptTerms = {
  readonly ownHeads: (modelId: string) => readonly number[]
  /** One number for each head, then one for each level of ability; bounded, the gate not yet applied. */
  readonly of: (reading: PromptReading) => Float64Array
  /** Where a model stands among the levels of ability, in steps and parts of a step from the lowest. */
  readonly levelOf: (ability: number) => number
  /** @param level of a model without heads of its own (`levelOf`). */
  readonly ofModel: (query: {
    terms: Float64Array
    reading: PromptReading
    heads: readonly number[]
    level: number
  }) => number
}

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
  const of = (reading: PromptReading): Float64Array => {
    const terms = new Float64Array(heads.length + LEVELS)
    for (let head = 0; head < heads.length; head += 1) {
      const { odds, base } = headOdds({ predictor, reading, head })
      terms[head] = odds - base
    }
    for (let level = 0; level < LEVELS; level += 1) {
      const weights = shares[level]!
      let sum = 0
      let total = 0
      for (let head = 0; head < heads.length; head += 1) {
        const weight = weightOf(reading, head) * weights[head]!
        sum += weight * terms[head]!
        total += weight
      }
      terms[heads.length + level] = total > 0 ? sum / total : 0
    }
    return terms
  }
  const sourceOf = Int32Array.from(heads, ({ source }) => source)
  const weightOf = ({ sourceChances }: PromptReading, head: number) =>
    sourceChances[sourceOf[head]!]! + LEAST_SHARE
  /** What several heads of one model say, each as far as the prompt is like its source. */
  const meanOf = (terms: Float64Array, reading: PromptReading, own: readonly number[]) => {
    let sum = 0
    let total = 0
    for (const head of own) {
      const weight = weightOf(reading, head)
      sum += weight * terms[head]!
      total += weight
    }
    return total > 0 ? sum / total : 0
  }
  const headsByName = Map.groupBy(heads.keys(), (head) => names[head]!)
  return {
    ownHeads: (modelId) => headsByName.get(canonicalName(modelId)) ?? [],
    of,
    levelOf: (ability) => Math.max(0, Math.min(LEVELS - 1, (ability - low) / step)),
    ofModel: ({ terms, reading, heads: own, level }) => {
      if (own.length > 0) return boundedTerm(meanOf(terms, reading, own))
      const below = Math.min(LEVELS - 2, Math.floor(level))
      const a = terms[heads.length + below]!
      const b = terms[heads.length + below + 1]!
      return boundedTerm(a + (level - below) * (b - a))
    },
  }
}
