import { expect, test } from 'vitest'
import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import { endpointsOf } from '../../../src/catalog/endpoints-of.ts'
import { ENDPOINTS, MODELS } from '../../../src/catalog/models.ts'
import { PROVIDERS } from '../../../src/catalog/providers.ts'
import { SIMULATED_PROVIDER, simulateCatalog } from '../../../src/catalog/simulated.ts'

const catalog = buildCatalog({ models: MODELS, endpoints: ENDPOINTS })
const priced = ENDPOINTS.filter(({ prices }) => prices)
const countOf = (values: readonly string[]) => new Set(values).size

test('the catalogue is as large as promised: endpoints, chat models with a price, providers, embeddings', () => {
  const chat = new Set(MODELS.filter(({ kind }) => kind === 'chat').map(({ id }) => id))
  const soldChat = priced.filter(({ modelId }) => chat.has(modelId))
  expect(soldChat.length).toBeGreaterThanOrEqual(300)
  expect(countOf(soldChat.map(({ modelId }) => modelId))).toBeGreaterThanOrEqual(200)
  expect(countOf(soldChat.map(({ providerId }) => providerId))).toBeGreaterThanOrEqual(15)
  expect(MODELS.length - chat.size).toBeGreaterThanOrEqual(10)
})

test('every provider that was promised sells something', () => {
  const selling = new Set(ENDPOINTS.map(({ providerId }) => providerId))
  const promised =
    'openai anthropic google deepseek xai mistral alibaba moonshotai cohere groq together fireworks openrouter bedrock azure'
  expect(promised.split(' ').filter((id) => !selling.has(id))).toEqual([])
  const reachable = new Set(PROVIDERS.map(({ id }) => id))
  expect([...selling].filter((id) => !reachable.has(id))).toEqual([])
  expect(['vllm', 'ollama'].filter((id) => !reachable.has(id))).toEqual([])
})

test('ids are unique, endpoints name their models, and nothing in the catalogue is free', () => {
  expect(countOf(ENDPOINTS.map(({ id }) => id))).toBe(ENDPOINTS.length)
  expect(countOf(MODELS.map(({ id }) => id))).toBe(MODELS.length)
  expect(ENDPOINTS.filter(({ modelId }) => !catalog.models.has(modelId))).toEqual([])
  expect(MODELS.filter(({ id }) => endpointsOf({ catalog, modelId: id }).length === 0)).toEqual([])
  expect(
    priced.filter(({ prices }) => (prices?.inputPicoUsd ?? 0n) + (prices?.outputPicoUsd ?? 0n) === 0n),
  ).toEqual([])
})

test('one model is sold by several providers under one id', () => {
  const sellers = endpointsOf({ catalog, modelId: 'meta-llama/llama-3.3-70b-instruct' })
  const providers = sellers.map(({ providerId }) => providerId)
  expect(providers).toEqual(
    expect.arrayContaining(['groq', 'together', 'novita', 'openrouter', 'huggingface']),
  )
  const names = new Map(sellers.map(({ providerId, upstreamModel }) => [providerId, upstreamModel]))
  expect(names.get('groq')).toBe('llama-3.3-70b-versatile')
  expect(names.get('together')).toBe('meta-llama/Llama-3.3-70B-Instruct-Turbo')
})

/** What callers, documents and tests were promised before there was a data file: USD per million tokens. */
test.each([
  ['openai/gpt-5', 1.25, 0.125, 10],
  ['openai/gpt-5-mini', 0.25, 0.025, 2],
  ['openai/gpt-5-nano', 0.05, 0.005, 0.4],
  ['openai/gpt-4.1-mini', 0.4, 0.1, 1.6],
  ['openai/gpt-4.1-nano', 0.1, 0.025, 0.4],
  ['openai/gpt-4o-mini', 0.15, 0.075, 0.6],
  ['xai/grok-3-mini', 0.3, 0.075, 0.5],
  ['xai/grok-4-0709', 3, 0.75, 15],
])('%s still costs what it did, at its vendor and in dev', (modelId, input, cacheRead, output) => {
  const pico = (usd: number) => BigInt(Math.round(usd * 1_000_000))
  const prices = {
    inputPicoUsd: pico(input),
    cacheReadPicoUsd: pico(cacheRead),
    cacheWritePicoUsd: pico(input),
    outputPicoUsd: pico(output),
  }
  const [vendor = ''] = modelId.split('/')
  const own = endpointsOf({ catalog, modelId }).find(({ providerId }) => providerId === vendor)
  expect(own?.id).toBe(`${modelId}@global`)
  expect(own?.prices).toEqual(prices)
  const dev = buildCatalog(simulateCatalog({ models: MODELS, endpoints: ENDPOINTS }))
  expect(endpointsOf({ catalog: dev, modelId }).map((one) => one.prices)).toEqual([prices])
})

test('dev answers every model once, by the simulated provider', () => {
  const dev = simulateCatalog({ models: MODELS, endpoints: ENDPOINTS })
  expect(countOf(dev.endpoints.map(({ id }) => id))).toBe(dev.models.length)
  expect(countOf(dev.endpoints.map(({ modelId }) => modelId))).toBe(MODELS.length + 1)
  expect(dev.endpoints.filter(({ providerId }) => providerId !== SIMULATED_PROVIDER)).toEqual([])
})

test('dev speaks to a model as to the provider whose offer it shows; embeddings are asked for in OpenAI’s dialect only', () => {
  const dev = buildCatalog(simulateCatalog({ models: MODELS, endpoints: ENDPOINTS }))
  const dialectOf = (modelId: string) => endpointsOf({ catalog: dev, modelId })[0]?.dialect
  expect(dialectOf('anthropic/claude-sonnet-4.5')).toBe('anthropic')
  expect(dialectOf('google/gemini-2.5-pro')).toBe('google')
  expect(dialectOf('google/gemini-embedding-001')).toBeUndefined()
  expect(dialectOf('openai/gpt-4o-mini')).toBeUndefined()
  // Sold by others only, who speak OpenAI's.
  expect(dialectOf('google/gemma-3-27b-it')).toBeUndefined()
  const spoken = dev.endpoints.filter(({ dialect }) => dialect)
  expect(spoken.every(({ dialect, modelId }) => modelId.startsWith(`${dialect}/`))).toBe(true)
})

test('a fact has a source and a date, or it is unknown', () => {
  const isDated = (source: (typeof MODELS)[number]['contextSource']) =>
    source === 'unknown' ||
    (/^@[\w./-]+ \d/.test(source.source) && /^\d{4}-\d{2}(-\d{2})?$/.test(source.date))
  for (const model of MODELS) {
    expect(isDated({ source: model.source, date: model.sourceDate })).toBe(true)
    expect(isDated(model.contextSource)).toBe(true)
    expect(isDated(model.capabilitySource)).toBe(true)
    expect(model.contextTokens === 'unknown').toBe(model.contextSource === 'unknown')
    const { tools, reasoning, inputModalities, outputModalities, capabilitySource } = model
    const isKnown = capabilitySource !== 'unknown'
    expect([tools, reasoning, inputModalities, outputModalities].map((fact) => fact !== 'unknown')).toEqual([
      isKnown,
      isKnown,
      isKnown,
      isKnown,
    ])
    // Neither package has it.
    expect(model.structuredOutput).toBe('unknown')
  }
  for (const { prices, priceSource, dataPolicy } of ENDPOINTS) {
    expect(prices === undefined).toBe(priceSource === undefined)
    expect(dataPolicy).toBeUndefined()
  }
  expect(catalog.models.get('openai/gpt-4o-mini')).toMatchObject({ tools: true, reasoning: false })
  expect(catalog.models.get('openai/gpt-6-sol')).toMatchObject({
    tools: 'unknown',
    inputModalities: 'unknown',
  })
})

test('what is billed beyond tokens is listed without a price', () => {
  for (const modelId of ['perplexity/sonar', 'openai/gpt-4o-search-preview', 'openai/o3-deep-research']) {
    const offers = endpointsOf({ catalog, modelId })
    expect(offers.length).toBeGreaterThan(0)
    expect(offers.filter(({ prices }) => prices)).toEqual([])
  }
})

test('a tier, a dearer hour and an hour of cache change the price book', () => {
  const book = (change: object) => {
    const endpoints = ENDPOINTS.map((one) =>
      one.id === 'google/gemini-2.5-pro@global' && one.prices
        ? { ...one, prices: { ...one.prices, ...change } }
        : one,
    )
    return buildCatalog({ models: MODELS, endpoints }).priceBook
  }
  const prices = endpointsOf({ catalog, modelId: 'google/gemini-2.5-pro' }).find(
    ({ providerId }) => providerId === 'google',
  )?.prices
  const tiers = prices?.tiers ?? []
  expect(tiers.length).toBe(1)
  expect(book({})).toBe(catalog.priceBook)
  const dearer = tiers.map((tier) => ({ ...tier, outputPicoUsd: tier.outputPicoUsd + 1n }))
  const later = tiers.map((tier) => ({ ...tier, aboveInputTokens: tier.aboveInputTokens + 1 }))
  const books = [book({ tiers: dearer }), book({ tiers: later }), book({ cacheWriteHourPicoUsd: 1n })]
  expect(new Set([...books, catalog.priceBook]).size).toBe(4)
})
