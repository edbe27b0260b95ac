import { expect, test } from 'vitest'
import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import { ENDPOINTS, MODELS } from '../../../src/catalog/models.ts'
import { simulateCatalog } from '../../../src/catalog/simulated.ts'
import type { Endpoint, Model } from '../../../src/catalog/types.ts'
import { UNKNOWN_FACTS } from '../../../src/catalog/unknown-facts.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { planRoute, type RouteNeeds } from '../../../src/routing/plan-route.ts'

const catalog = buildCatalog(simulateCatalog({ models: MODELS, endpoints: ENDPOINTS }))
const plan = (wanted: string, needs = { inputBoundTokens: 100 }, isReachable = (_id: string) => true) =>
  planRoute({ wanted, needs, catalog, isReachable })

const codeOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return error instanceof TurnpikeError ? error.code : error
  }
  return undefined
}

test('a model is served by name', () => {
  const route = plan('openai/gpt-4o-mini')
  expect(route.model.id).toBe('openai/gpt-4o-mini')
  expect(route.candidates[0].providerId).toBe('simulated')
})

/** Models from the dearest to the cheapest; the cheaper one is, the less is known of it. */
const LADDER: readonly (readonly [name: string, facts: Partial<Model>])[] = [
  ['all', { contextTokens: 1_000, tools: true, structuredOutput: true, inputModalities: ['text', 'image'] }],
  ['tools', { contextTokens: 1_000, tools: true, inputModalities: ['text'] }],
  ['no-tools', { contextTokens: 500, tools: false, inputModalities: ['text'] }],
  ['plain', { contextTokens: 500 }],
  ['unheard-of', {}],
  ['embeds', { contextTokens: 1_000, kind: 'embedding' }],
]

const ladder = buildCatalog({
  models: LADDER.map(([name, facts]) => ({
    ...UNKNOWN_FACTS,
    id: `a/${name}`,
    name,
    source: 'a test',
    sourceDate: '2026-11-26',
    ...facts,
  })),
  endpoints: LADDER.map(([name], index): Endpoint => {
    const price = BigInt(LADDER.length - index)
    return {
      id: `one/${name}@local`,
      modelId: `a/${name}`,
      providerId: 'one',
      region: 'local',
      upstreamModel: name,
      prices: { inputPicoUsd: price, cacheReadPicoUsd: 0n, cacheWritePicoUsd: price, outputPicoUsd: price },
    }
  }),
})
const climb = (wanted: string, needs: Partial<RouteNeeds> = {}) =>
  planRoute({
    wanted,
    needs: { inputBoundTokens: 100, ...needs },
    catalog: ladder,
    isReachable: () => true,
  }).model.id

test('auto takes the cheapest model with a price that is known to fit', () => {
  expect(climb('auto')).toBe('a/plain')
  expect(plan('auto:cost').strategy).toBe('cost')
  expect(climb('auto', { inputBoundTokens: 501 })).toBe('a/tools')
  expect(climb('auto', { inputBoundTokens: 400, callerOutputCap: 101 })).toBe('a/tools')
  expect(codeOf(() => climb('auto', { inputBoundTokens: 1_000 }))).toBe('context_length_exceeded')
})

test('auto takes no model whose ability is unknown or missing; by name it is served', () => {
  expect(climb('auto', { tools: true })).toBe('a/tools')
  expect(climb('auto', { images: true })).toBe('a/all')
  expect(climb('auto', { structuredOutput: true })).toBe('a/all')
  expect(codeOf(() => climb('auto', { audio: true }))).toBe('no_candidates')
  expect(climb('a/unheard-of', { tools: true, structuredOutput: true, images: true })).toBe('a/unheard-of')
})

test('embeddings and chat do not answer for one another', () => {
  expect(climb('auto', { kind: 'embedding' })).toBe('a/embeds')
  expect(climb('a/embeds', { kind: 'embedding' })).toBe('a/embeds')
  expect(codeOf(() => climb('a/embeds'))).toBe('wrong_model_kind')
  expect(codeOf(() => climb('a/plain', { kind: 'embedding' }))).toBe('wrong_model_kind')
})

test('a seller with less context is passed over while another takes the input', () => {
  const [model] = ladder.models.values()
  const [usual] = ladder.endpoints
  if (!model || !usual) throw new Error('The ladder has no rung.')
  const small = { ...usual, id: 'two/all@local', providerId: 'two', contextTokens: 300 }
  const catalog = buildCatalog({ models: [model], endpoints: [usual, small] })
  const tried = (inputBoundTokens: number) =>
    planRoute({ wanted: model.id, needs: { inputBoundTokens }, catalog, isReachable: () => true }).candidates
  expect(tried(100).map(({ providerId }) => providerId)).toEqual(['one', 'two'])
  expect(tried(300).map(({ providerId }) => providerId)).toEqual(['one'])
})

test('what cannot be served is refused by its own code', () => {
  expect(codeOf(() => plan('openai/gpt-99'))).toBe('unknown_model')
  expect(codeOf(() => plan('openai/gpt-4o-mini', undefined, () => false))).toBe('model_not_configured')
  expect(codeOf(() => plan('auto', { inputBoundTokens: 1_000_000_000 }))).toBe('context_length_exceeded')
  const endpoint = ENDPOINTS.find(({ modelId }) => modelId === 'openai/gpt-4o-mini')
  const { prices: _none, ...unpriced } = endpoint as NonNullable<typeof endpoint>
  const bare = buildCatalog({ models: MODELS, endpoints: [unpriced] })
  const wanted = unpriced.modelId
  const refused = () =>
    planRoute({ wanted, needs: { inputBoundTokens: 1 }, catalog: bare, isReachable: () => true })
  expect(codeOf(refused)).toBe('unpriced_model')
})

test('a name without its vendor is answered with the whole name', () => {
  expect(() => plan('gpt-4o-mini')).toThrow('Did you mean "openai/gpt-4o-mini"?')
})

test('the price book is named after the prices alone', () => {
  const again = buildCatalog(simulateCatalog({ models: MODELS, endpoints: ENDPOINTS.toReversed() }))
  expect(again.priceBook).toBe(catalog.priceBook)
  const dearer = ENDPOINTS.map((one) =>
    one.prices ? { ...one, prices: { ...one.prices, outputPicoUsd: 1n } } : one,
  )
  expect(buildCatalog({ models: MODELS, endpoints: dearer }).priceBook).not.toBe(catalog.priceBook)
})

test('who steps in for the first costs at most three times as much, whatever it is asked as', () => {
  const sold = (prices: readonly bigint[]) =>
    buildCatalog({
      models: [...ladder.models.values()].filter(({ id }) => id === 'a/all'),
      endpoints: prices.map((price, index): Endpoint => ({
        id: `host-${index}/all@local`,
        modelId: 'a/all',
        providerId: `host-${index}`,
        region: 'local',
        upstreamModel: 'all',
        prices: { inputPicoUsd: price, cacheReadPicoUsd: 0n, cacheWritePicoUsd: price, outputPicoUsd: price },
      })),
    })
  const hosts = (prices: readonly bigint[], wanted: string) =>
    planRoute({
      wanted,
      needs: { inputBoundTokens: 100 },
      catalog: sold(prices),
      isReachable: () => true,
    }).candidates.map(({ prices: { inputPicoUsd } }) => inputPicoUsd)
  for (const wanted of ['a/all', 'auto']) expect(hosts([31n, 10n, 30n, 11n], wanted)).toEqual([10n, 11n, 30n])
  // Three times nothing is nothing: the paid ones stay behind a free one.
  expect(hosts([31n, 0n], 'a/all')).toEqual([0n, 31n])
})
