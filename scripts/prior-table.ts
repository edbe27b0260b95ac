import { loadQualityView } from '../src/app/load-quality-view.ts'
import { buildCatalog } from '../src/catalog/build-catalog.ts'
import { ENDPOINTS, MODELS } from '../src/catalog/models.ts'
import { PUBLISHED_SCORES } from '../src/routing/quality/published-scores.ts'
import type { PriorKind } from '../src/routing/quality/types.ts'

/** Rows of the tables of docs/ROUTING.md: what the priors of the committed catalogue rest on. */
type Row = readonly string[]

const RESTS_ON: Readonly<Record<Exclude<PriorKind, 'operator'>, string>> = {
  measured: 'the training rows',
  published: 'tables of others, each with its address and date',
  derived: 'price, year and family',
}

/** How many models have which kind of prior, and some of them. */
export function priorRows(): readonly Row[] {
  const view = loadQualityView({ catalog: buildCatalog({ models: MODELS, endpoints: ENDPOINTS }) })
  const chat = MODELS.filter(({ kind }) => kind === 'chat')
  const kinds = Map.groupBy(chat, (model) => view.priorOf(model).kind)
  return Object.entries(RESTS_ON).map(([kind, text]) => {
    const models = kinds.get(kind as PriorKind) ?? []
    const named = models.slice(0, 4).map(({ id }) => `\`${id}\``)
    return [`\`${kind}\``, text, `${models.length} of ${chat.length}`, named.join(', ')]
  })
}

/** Where published scores were read. */
export function publishedRows(): readonly Row[] {
  return [...Map.groupBy(PUBLISHED_SCORES, ({ address }) => address)].map(([address, scores]) => [
    address,
    scores[0]?.date ?? '',
    String(new Set(scores.map(({ model }) => model)).size),
    [...new Set(scores.map(({ benchmark }) => benchmark))].join(', '),
  ])
}
