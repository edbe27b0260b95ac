import { logOdds } from './exact-math.ts'
import type { BenchmarkScore } from './types.ts'

/** What models can and how easy benchmarks are, on one scale of log-odds. */
export type Abilities = {
  readonly ability: ReadonlyMap<string, number>
  /** What a model adds to its ability within a domain. */
  readonly deviation: (model: string, domain: number) => number
  /** Of the benchmarks of each domain that were measured here; where there are none, of all. */
  readonly ease: readonly number[]
}

/** Scores so close to 0 or 1 that their odds would say too much are held here. */
const held = (score: number) => Math.max(0.02, Math.min(0.98, score))

const ROUNDS = 40
/** How strongly abilities and deviations are held to the mean and to zero, in scores. */
const [ABILITY_PULL, DEVIATION_PULL] = [0.3, 2]

/**
 * Puts scores of different benchmarks on one scale: log-odds = ability of the model + its deviation in the domain + ease of the
 * benchmark (Rasch's model with a domain), by repeated means.
 */
export function fitAbilities({
  scores,
  domainCount,
}: {
  scores: readonly BenchmarkScore[]
  domainCount: number
}): Abilities {
  const ability = new Map(scores.map(({ model }) => [model, 0]))
  const ease = new Map(scores.map(({ benchmark }) => [benchmark, 0]))
  const deviation = new Map(scores.map((score) => [placeOf(score), 0]))
  const byModel = Map.groupBy(scores, ({ model }) => model)
  const byBenchmark = Map.groupBy(scores, ({ benchmark }) => benchmark)
  const byPlace = Map.groupBy(scores, placeOf)
  const rest = (score: BenchmarkScore, ...parts: readonly number[]) =>
    parts.reduce((sum, part) => sum - part, logOdds(held(score.score)))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [benchmark, mine] of byBenchmark)
      ease.set(
        benchmark,
        shrunkMean(
          mine.map((s) => rest(s, ability.get(s.model)!, deviation.get(placeOf(s))!)),
          0.01,
        ),
      )
    for (const [model, mine] of byModel)
      ability.set(
        model,
        shrunkMean(
          mine.map((s) => rest(s, ease.get(s.benchmark)!, deviation.get(placeOf(s))!)),
          ABILITY_PULL,
        ),
      )
    for (const [place, mine] of byPlace)
      deviation.set(
        place,
        shrunkMean(
          mine.map((s) => rest(s, ease.get(s.benchmark)!, ability.get(s.model)!)),
          DEVIATION_PULL,
        ),
      )
  }
  return {
    ability,
    deviation: (model, domain) => deviation.get(`${model} ${domain}`) ?? 0,
    ease: easeByDomain({ scores, ease, domainCount }),
  }
}

const placeOf = ({ model, domain }: BenchmarkScore) => `${model} ${domain}`

const shrunkMean = (values: readonly number[], pull: number) =>
  values.reduce((sum, value) => sum + value, 0) / (values.length + pull)

function easeByDomain({
  scores,
  ease,
  domainCount,
}: {
  scores: readonly BenchmarkScore[]
  ease: ReadonlyMap<string, number>
  domainCount: number
}): readonly number[] {
  const meanOf = (chosen: readonly BenchmarkScore[]) => {
    const names = [...new Set(chosen.map(({ benchmark }) => benchmark))]
    return names.length === 0
      ? undefined
      : names.reduce((sum, name) => sum + ease.get(name)!, 0) / names.length
  }
  const all = meanOf(scores) ?? 0
  return Array.from({ length: domainCount }, (_, domain) => {
    const mine = scores.filter((score) => score.domain === domain)
    return meanOf(mine.filter(({ kind }) => kind === 'measured')) ?? meanOf(mine) ?? all
  })
}
