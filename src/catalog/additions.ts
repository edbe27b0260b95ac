import { PROVIDERS } from './providers.ts'
import type { Endpoint, Fact, Model, Prices } from './types.ts'
import { UNKNOWN_FACTS } from './unknown-facts.ts'

export type AddedModel = { readonly id: string } & Partial<
  Pick<
    Model,
    | 'name'
    | 'kind'
    | 'contextTokens'
    | 'maxOutputTokens'
    | 'inputModalities'
    | 'outputModalities'
    | 'tools'
    | 'structuredOutput'
    | 'reasoning'
  >
>

/** An endpoint to add, or what to change of all that model, provider and, where given, region and name fit. */
export type AddedEndpoint = {
  readonly model: string
  readonly provider: string
  readonly region?: string
  readonly upstreamModel?: string
  /** `null` takes a price away: the model is listed and refused. */
  readonly prices?: Prices | null
  readonly retention?: Fact
  readonly training?: Fact
}

/** What an operator adds to the catalogue and changes in it. */
export type Additions = {
  readonly models: readonly AddedModel[]
  readonly endpoints: readonly AddedEndpoint[]
  readonly margins: {
    readonly models: Readonly<Record<string, number>>
    readonly providers: Readonly<Record<string, number>>
  }
  readonly aliases: Readonly<Record<string, string>>
}

type Parts = { readonly models: readonly Model[]; readonly endpoints: readonly Endpoint[] }

const SOURCE = "the operator's file"

const ABILITIES = [
  'maxOutputTokens',
  'inputModalities',
  'outputModalities',
  'tools',
  'structuredOutput',
  'reasoning',
] as const satisfies readonly (keyof AddedModel)[]

function addModels(models: readonly Model[], added: readonly AddedModel[], date: string): readonly Model[] {
  const byId = new Map(models.map((model) => [model.id, model]))
  for (const facts of added) {
    const before: Model = byId.get(facts.id) ?? {
      ...UNKNOWN_FACTS,
      id: facts.id,
      name: facts.id,
      source: SOURCE,
      sourceDate: date,
    }
    const { contextTokens = before.contextTokens } = facts
    const isOwnContext = facts.contextTokens !== undefined
    const isAble = ABILITIES.some((ability) => facts[ability] !== undefined)
    byId.set(facts.id, {
      ...before,
      ...facts,
      contextTokens,
      contextSource: isOwnContext ? { source: SOURCE, date } : before.contextSource,
      capabilitySource: isAble ? { source: SOURCE, date } : before.capabilitySource,
    })
  }
  return [...byId.values()]
}

/** Lays what a row says over an endpoint, and leaves the rest. */
function changed(before: Endpoint, row: AddedEndpoint, date: string): Endpoint {
  const { prices, priceSource, ...rest } = before
  const kept = { ...(prices ? { prices } : {}), ...(priceSource ? { priceSource } : {}) }
  const told = row.prices ? { prices: row.prices, priceSource: { source: SOURCE, date } } : {}
  const { retention = 'unknown', training = 'unknown' } = row
  const hasPolicy = row.retention !== undefined || row.training !== undefined
  return {
    ...rest,
    ...(row.prices === undefined ? kept : told),
    ...(hasPolicy ? { dataPolicy: { retention, training } } : {}),
  }
}

function newEndpoint({ model, provider, region = 'global', ...row }: AddedEndpoint): Endpoint {
  const upstreamModel = row.upstreamModel ?? model.slice(model.indexOf('/') + 1)
  const id = `${provider}/${upstreamModel}@${region}`
  return { id, modelId: model, providerId: provider, region, upstreamModel }
}

function addEndpoints(
  endpoints: readonly Endpoint[],
  added: readonly AddedEndpoint[],
  date: string,
): readonly Endpoint[] {
  let list = endpoints
  for (const row of added) {
    const isNamed = ({ modelId, providerId, region, upstreamModel }: Endpoint) =>
      modelId === row.model &&
      providerId === row.provider &&
      (row.region === undefined || region === row.region) &&
      (row.upstreamModel === undefined || upstreamModel === row.upstreamModel)
    list = list.some(isNamed)
      ? list.map((endpoint) => (isNamed(endpoint) ? changed(endpoint, row, date) : endpoint))
      : [...list, changed(newEndpoint(row), row, date)]
  }
  return list
}

/** What the lists do not have, or have in another sense: each problem names its place in the file. */
function problemsOf({ models }: Parts, { endpoints, margins, aliases }: Additions): readonly string[] {
  const modelIds = new Set(models.map(({ id }) => id))
  const providerIds = new Set(PROVIDERS.map(({ id }) => id))
  const noModel = (id: string) => `names ${id}, which is no model: add it to "models", or correct it.`
  const noProvider = (id: string) =>
    `names ${id}, which is no provider: one of ${[...providerIds].join(', ')}.`
  return [
    ...endpoints.flatMap(({ model, provider }, index) => [
      ...(modelIds.has(model) ? [] : [`endpoints[${index}].model ${noModel(model)}`]),
      ...(providerIds.has(provider) ? [] : [`endpoints[${index}].provider ${noProvider(provider)}`]),
    ]),
    ...Object.keys(margins.models)
      .filter((id) => !modelIds.has(id))
      .map((id) => `margins.models ${noModel(id)}`),
    ...Object.keys(margins.providers)
      .filter((id) => !providerIds.has(id))
      .map((id) => `margins.providers ${noProvider(id)}`),
    ...Object.entries(aliases).flatMap(([alias, id]) => [
      ...(modelIds.has(id) ? [] : [`aliases["${alias}"] ${noModel(id)}`]),
      ...(modelIds.has(alias) ? [`aliases["${alias}"] is the id of a model: choose another name.`] : []),
      ...(/^auto(?::|$)/.test(alias) ? [`aliases["${alias}"] is taken: auto chooses a model.`] : []),
    ]),
  ]
}

/**
 * Lays an operator's file over the catalogue. A margin of a model counts before one of a provider.
 *
 * @param date ISO day of the file, as the source of what it says.
 * @returns problems, in words, where names do not fit together; then the rest must not be used.
 */
export function addToCatalog({
  parts,
  additions,
  date,
}: {
  parts: Parts
  additions: Additions
  date: string
}): Parts & { readonly aliases: ReadonlyMap<string, string>; readonly problems: readonly string[] } {
  const { margins, aliases } = additions
  const models = addModels(parts.models, additions.models, date)
  const endpoints = addEndpoints(parts.endpoints, additions.endpoints, date).map((endpoint) => {
    const marginBps = margins.models[endpoint.modelId] ?? margins.providers[endpoint.providerId]
    return marginBps === undefined ? endpoint : { ...endpoint, marginBps }
  })
  return {
    models,
    endpoints,
    aliases: new Map(Object.entries(aliases)),
    problems: problemsOf({ models, endpoints }, additions),
  }
}
