import { blendedPrice, isPriced } from '../../catalog/blended-price.ts'
import type { Catalog, Model } from '../../catalog/types.ts'
import { canonicalName } from './canonical-name.ts'
import { createPriors } from './create-priors.ts'
import type { Pedigree } from './derive-ability.ts'
import { shareOfOdds } from './exact-math.ts'
import {
  columnsOfPriors,
  copyPriors,
  type KnownModel,
  predictColumns,
  type PriorColumns,
} from './predict-columns.ts'
import { predictQuality } from './predict-quality.ts'
import type { Predictor } from './predictor.ts'
import { addedAtLevel, type AddedByPrompt, createPromptTerms } from './prompt-terms.ts'
import type { Features } from './read-features.ts'
import { type PromptReading, readPrompt } from './read-prompt.ts'
import type { QualityView } from './quality-view.ts'
import type { BenchmarkScore, OperatorQuality, Prior } from './types.ts'

/** Estimates of every model of a catalogue. Made once; `of` is a few sums. */
export type CatalogQualityView = {
  readonly of: QualityView['of']
  readonly ofAll: NonNullable<QualityView['ofAll']>
  readonly priorOf: (model: Pick<Model, 'id'>) => Prior
}

type Read = { readonly reading: PromptReading; readonly added: AddedByPrompt }

/** A model that came to the catalogue later than the view is as unknown as can be. */
const UNKNOWN: Omit<Prior, 'byDomain'> = { kind: 'derived', general: 0, sd: 1.2, ability: 0 }

const NOTHING_ADDED: AddedByPrompt = { byHead: new Float64Array(), byLevel: new Float64Array() }

/**
 * Joins the trained file, published scores and a catalogue to estimates.
 *
 * @param operator the operator's own qualities by model id; they replace every other prior.
 * @example createQualityView({ catalog, predictor, published }).of({ model, features: readFeatures({ text }) })
 */
export function createQualityView({
  catalog,
  predictor,
  published = [],
  operator = {},
}: {
  catalog: Pick<Catalog, 'models' | 'endpoints'>
  predictor: Predictor
  published?: readonly BenchmarkScore[]
  operator?: Readonly<Record<string, OperatorQuality>>
}): CatalogQualityView {
  const { priorOf, abilities } = createPriors({
    models: pedigreesOf(catalog),
    scores: [...measuredScores(predictor), ...published],
    domains: predictor.domains,
    operator,
  })
  const terms = createPromptTerms({ predictor, abilityOf: (name) => abilities.ability.get(name) })
  const knownOf = (prior: Prior, heads: readonly number[]): KnownModel => ({
    prior,
    heads,
    level: terms.levelOf(prior.ability),
    byPrior: predictQuality({ prior }),
  })
  const stranger = knownOf({ ...UNKNOWN, byDomain: predictor.domains.map(() => 0) }, [])
  const known = new Map(
    [...catalog.models.keys()].map((id) => [id, knownOf(priorOf(id) ?? stranger.prior, terms.ownHeads(id))]),
  )
  // One prompt is asked about for every model of the catalogue; it is read once and forgotten with its features.
  const readings = new WeakMap<Features, Read>()
  const readOnce = (features: Features): Read => {
    const read = readings.get(features) ?? readAnew(features)
    readings.set(features, read)
    return read
  }
  const priorColumns = new WeakMap<readonly Model[], PriorColumns>()
  const columnsOf = (models: readonly Model[]): PriorColumns => {
    const columns =
      priorColumns.get(models) ?? columnsOfPriors(models.map(({ id }) => known.get(id) ?? stranger))
    priorColumns.set(models, columns)
    return columns
  }
  const readAnew = (features: Features): Read => {
    const reading = readPrompt({ predictor, features })
    return { reading, added: reading.gate > 0 ? terms.of(reading) : NOTHING_ADDED }
  }
  return {
    priorOf: ({ id }) => (known.get(id) ?? stranger).prior,
    of: ({ model, features }) => {
      const { prior, heads, level, byPrior } = known.get(model.id) ?? stranger
      if (!features) return byPrior
      const { reading, added } = readOnce(features)
      if (reading.gate === 0) return byPrior
      const promptTerm =
        heads.length > 0 ? terms.atHeads({ added, reading, heads }) : addedAtLevel(added.byLevel, level)
      return predictQuality({ prior, reading, promptTerm })
    },
    ofAll({ models, features, into }) {
      const priors = columnsOf(models)
      const read = features && readOnce(features)
      if (read && read.reading.gate > 0) predictColumns({ priors, ...read, promptTerms: terms, into })
      else copyPriors({ priors, into })
    },
  }
}

/** What the training rows say of each head, domain by domain. */
export function measuredScores({ heads, sources }: Predictor): readonly BenchmarkScore[] {
  return heads.flatMap(({ name, source, domainBases, domainCounts }) =>
    domainBases.flatMap((odds, domain) =>
      domainCounts[domain] === 0
        ? []
        : [
            {
              model: canonicalName(name.slice(name.indexOf(':') + 1)),
              benchmark: `${sources[source]!.name}/${domain}`,
              domain,
              score: shareOfOdds(odds),
              kind: 'measured' as const,
            },
          ],
    ),
  )
}

/** Vendor, age and the cheapest price above zero. */
function pedigreesOf({
  models,
  endpoints,
}: Pick<Catalog, 'models' | 'endpoints'>): (Pedigree & { id: string })[] {
  const cheapest = new Map<string, number>()
  for (const endpoint of endpoints) {
    if (!isPriced(endpoint)) continue
    // Pico-USD of four tokens; a million tokens at one pico-USD each are a millionth of a USD.
    const usd = Number(blendedPrice(endpoint)) / 4 / 1e6
    const before = cheapest.get(endpoint.modelId)
    if (usd > 0 && (before === undefined || usd < before)) cheapest.set(endpoint.modelId, usd)
  }
  return [...models.values()].map(({ id, createdAt }) => {
    const usdPerMillion = cheapest.get(id)
    return {
      id,
      family: id.slice(0, id.indexOf('/')),
      createdAt,
      ...(usdPerMillion ? { usdPerMillion } : {}),
    }
  })
}
