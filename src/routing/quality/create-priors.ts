import { canonicalName } from './canonical-name.ts'
import { deriveAbilities, type Pedigree } from './derive-ability.ts'
import { logOdds, shareOfOdds } from './exact-math.ts'
import { type Abilities, fitAbilities } from './fit-abilities.ts'
import type { BenchmarkScore, OperatorQuality, Prior } from './types.ts'

/** How far a prior may be off, in log-odds. */
const SD = { operator: 0.15, measured: 0.25, published: 0.45, derived: 0.9 } as const

/** No prior promises more or less than this. */
const [LEAST, MOST] = [logOdds(0.03), logOdds(0.97)]
const bounded = (odds: number) => Math.max(LEAST, Math.min(MOST, odds))

/**
 * Priors of models by id: the operator's word where there is one, else what was measured or published on one scale, else a
 * guess from price, year and family. A guess never touches a model that has been measured.
 */
export function createPriors({
  models,
  scores,
  domains,
  operator = {},
}: {
  models: readonly (Pedigree & { readonly id: string })[]
  scores: readonly BenchmarkScore[]
  domains: readonly string[]
  operator?: Readonly<Record<string, OperatorQuality>>
}): { readonly priorOf: (id: string) => Prior | undefined; readonly abilities: Abilities } {
  const abilities = fitAbilities({ scores, domainCount: domains.length })
  const measured = new Set(scores.filter(({ kind }) => kind === 'measured').map(({ model }) => model))
  const known = models.flatMap((model) => {
    const ability = abilities.ability.get(canonicalName(model.id))
    return ability === undefined ? [] : [{ ...model, ability }]
  })
  const derive = deriveAbilities(known)
  const priorFor = (model: Pedigree & { readonly id: string }): Prior => {
    const name = canonicalName(model.id)
    const found = abilities.ability.get(name)
    const ability = found ?? derive(model)
    const kind = found === undefined ? 'derived' : measured.has(name) ? 'measured' : 'published'
    const byDomain = domains.map((_, domain) =>
      bounded(ability + abilities.deviation(name, domain) + (abilities.ease[domain] ?? 0)),
    )
    const own: Prior = { kind, byDomain, general: generalOf(byDomain), sd: SD[kind], ability }
    const said = operator[model.id]
    return said ? saidBy({ said, domains, own }) : own
  }
  const priors = new Map(models.map((model) => [model.id, priorFor(model)]))
  return { priorOf: (id) => priors.get(id), abilities }
}

/** The log-odds of the mean quality over the domains. */
const generalOf = (byDomain: readonly number[]) =>
  logOdds(byDomain.reduce((sum, odds) => sum + shareOfOdds(odds), 0) / byDomain.length)

function saidBy({
  said,
  domains,
  own,
}: {
  said: OperatorQuality
  domains: readonly string[]
  own: Prior
}): Prior {
  const general = bounded(logOdds(Math.max(0.001, Math.min(0.999, said.general))))
  return {
    kind: 'operator',
    general,
    byDomain: domains.map((domain) => {
      const share = said[domain]
      return share === undefined ? general : bounded(logOdds(Math.max(0.001, Math.min(0.999, share))))
    }),
    sd: SD.operator,
    ability: own.ability + general - own.general,
  }
}
