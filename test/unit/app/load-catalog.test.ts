import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { providersOf } from '../../../src/app/options/defaults.ts'
import { loadCatalog, loadQualities } from '../../../src/app/options/load-catalog.ts'
import { endpointsOf } from '../../../src/catalog/endpoints-of.ts'
import { ENDPOINTS } from '../../../src/catalog/models.ts'
import type { Catalog } from '../../../src/catalog/types.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import { threadCpuMs } from '../../support/thread-cpu-ms.ts'
import { chapterOf, readPage } from '../docs/pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'catalog-'))
afterAll(() => rmSync(folder, { recursive: true }))

function load(file: unknown, simulated = false): Catalog {
  const path = join(folder, 'catalog.json')
  writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file))
  return loadCatalog({ simulated, path })
}
const plain = loadCatalog({ simulated: false, path: undefined })
const soldBy = (catalog: Catalog, modelId: string, providerId: string) =>
  endpointsOf({ catalog, modelId }).find((endpoint) => endpoint.providerId === providerId)
const plan = (catalog: Catalog, wanted: string) =>
  planRoute({ wanted, needs: { inputBoundTokens: 10 }, catalog, isReachable: () => true })

const example = /```json\n([^]*?)```/.exec(
  chapterOf({ page: readPage('docs/MODELS.md'), heading: "## The operator's file" }),
)?.[1]

test("what an operator says of models' quality is read from the same file, and without one nothing is said", () => {
  load(example)
  const said = loadQualities({ path: join(folder, 'catalog.json') })
  expect(said).toEqual({ 'acme/writer-2': { general: 0.74, language: 0.86 } })
  expect(loadQualities({ path: undefined })).toEqual({})
})

test("the page's own example loads and does what the page says", () => {
  const catalog = load(example)
  expect(catalog.models.get('acme/writer-2')).toMatchObject({
    tools: true,
    reasoning: 'unknown',
    kind: 'chat',
  })
  expect(soldBy(catalog, 'acme/writer-2', 'vllm')).toMatchObject({
    upstreamModel: 'writer-2-awq',
    prices: { inputPicoUsd: 50_000n, outputPicoUsd: 200_000n },
    priceSource: { source: "the operator's file" },
  })
  const own = soldBy(catalog, 'openai/gpt-5', 'openai')
  expect(own?.prices).toEqual(soldBy(plain, 'openai/gpt-5', 'openai')?.prices)
  expect(own).toMatchObject({ dataPolicy: { retention: false, training: false }, marginBps: 300 })
  expect(soldBy(catalog, 'openai/gpt-5', 'azure')?.prices?.tiers?.[0]).toMatchObject({
    aboveInputTokens: 200_000,
    outputPicoUsd: 18_000_000n,
  })
  expect(soldBy(catalog, 'openai/gpt-4o-mini', 'openrouter')?.marginBps).toBe(800)
  expect(soldBy(catalog, 'openai/gpt-5', 'openrouter')?.marginBps).toBe(300)
  expect(soldBy(catalog, 'openai/gpt-4o-mini', 'openai')?.marginBps).toBeUndefined()
  expect(plan(catalog, 'fast').model.id).toBe('openai/gpt-5-nano')
  expect(catalog.priceBook).not.toBe(plain.priceBook)
})

test('an operator states what no source knows, and auto may then choose it', () => {
  const needs = { inputBoundTokens: 10, structuredOutput: true }
  const ask = (catalog: Catalog) =>
    planRoute({ wanted: 'auto', needs, catalog, isReachable: () => true }).model.id
  expect(() => ask(plain)).toThrow('not known to keep to a schema')
  expect(ask(load({ models: [{ id: 'openai/gpt-5', structuredOutput: true }] }))).toBe('openai/gpt-5')
})

test('a price can be taken away: listed and refused', () => {
  const endpoints = endpointsOf({ catalog: plain, modelId: 'mistralai/mistral-embed' })
  expect(endpoints.length).toBe(1)
  const catalog = load({
    endpoints: [{ model: 'mistralai/mistral-embed', provider: 'mistral', prices: null }],
  })
  expect(endpointsOf({ catalog, modelId: 'mistralai/mistral-embed' })[0]?.prices).toBeUndefined()
  const ask = () =>
    planRoute({
      wanted: 'mistralai/mistral-embed',
      needs: { inputBoundTokens: 1, kind: 'embedding' },
      catalog,
      isReachable: () => true,
    })
  expect(ask).toThrow('no known price')
})

test('a row changes every endpoint that it fits, and nothing else of them', () => {
  const modelId = 'meta-llama/llama-3.3-70b-instruct'
  const sold = (catalog: Catalog) =>
    endpointsOf({ catalog, modelId }).filter(({ providerId }) => providerId === 'huggingface')
  const all = load({ endpoints: [{ model: modelId, provider: 'huggingface', training: false }] })
  const dataPolicy = { retention: 'unknown', training: false }
  expect(sold(all).length).toBeGreaterThan(5)
  expect(sold(all)).toEqual(sold(plain).map((endpoint) => ({ ...endpoint, dataPolicy })))
  const upstreamModel = 'meta-llama/Llama-3.3-70B-Instruct:groq'
  const one = load({
    endpoints: [{ model: modelId, provider: 'huggingface', upstreamModel, training: false }],
  })
  expect(sold(one).filter((endpoint) => endpoint.dataPolicy)).toMatchObject([{ upstreamModel }])
})

test('a fact keeps its source where the operator says nothing of it', () => {
  const before = plain.models.get('openai/gpt-5')
  const named = load({ models: [{ id: 'openai/gpt-5', name: 'Five' }] }).models.get('openai/gpt-5')
  expect(named).toEqual({ ...before, name: 'Five' })
  const able = load({ models: [{ id: 'openai/gpt-5', structuredOutput: true }] }).models.get('openai/gpt-5')
  expect(able).toMatchObject({ tools: true, structuredOutput: true, contextSource: before?.contextSource })
  expect(able?.capabilitySource).toMatchObject({ source: "the operator's file" })
})

test("dev answers the file's models and keeps its aliases and margins", () => {
  const catalog = load(example, true)
  expect(plan(catalog, 'acme/writer-2').candidates.map(({ providerId }) => providerId)).toEqual(['simulated'])
  expect(plan(catalog, 'fast').model.id).toBe('openai/gpt-5-nano')
  expect(plan(catalog, 'openai/gpt-5').candidates[0].marginBps).toBe(300)
})

test('what does not fit the catalogue stops the start, with its place and what is allowed', () => {
  const file = {
    endpoints: [{ model: 'nobody/nothing', provider: 'nowhere' }],
    margins: { models: { 'nobody/else': 1 }, providers: { nowhere: 1 } },
    aliases: { auto: 'openai/gpt-5', 'openai/gpt-5': 'openai/gpt-5-nano', lost: 'nobody/at-all' },
  }
  for (const place of [
    'endpoints[0].model names nobody/nothing',
    'endpoints[0].provider names nowhere, which is no provider: one of alibaba, anthropic',
    'margins.models names nobody/else',
    'margins.providers names nowhere',
    'aliases["auto"] is taken',
    'aliases["openai/gpt-5"] is the id of a model',
    'aliases["lost"] names nobody/at-all',
  ]) {
    expect(() => load(file)).toThrow(`TURNPIKE_CATALOG_FILE (${join(folder, 'catalog.json')}): ${place}`)
  }
  expect(() => load({ models: [{ id: 'x' }] })).toThrow('models[0].id: must be vendor/model')
  expect(() => loadCatalog({ simulated: false, path: join(folder, 'none.json') })).toThrow('cannot be read')
})

test('a provider is reachable with its key and address, where we speak its dialect; a local one by its address', () => {
  const reached = (environment: Record<string, string>) =>
    providersOf({ environment }).map(({ id, baseUrl }) => `${id} ${baseUrl}`)
  expect(reached({ GROQ_API_KEY: 'k' })).toEqual(['groq https://api.groq.com/openai/v1'])
  expect(reached({ XAI_API_KEY: 'k', XAI_BASE_URL: 'http://proxy/v1' })).toEqual(['xai http://proxy/v1'])
  expect(reached({ AZURE_API_KEY: 'k' })).toEqual([])
  expect(reached({ AZURE_API_KEY: 'k', AZURE_BASE_URL: 'http://mine/v1' })).toEqual(['azure http://mine/v1'])
  expect(reached({ OLLAMA_BASE_URL: 'http://localhost:11434/v1' })).toEqual([
    'ollama http://localhost:11434/v1',
  ])
  expect(reached({ VLLM_API_KEY: 'k', OPENAI_BASE_URL: 'http://proxy/v1' })).toEqual([])
})

test('a thousand endpoints start and plan fast', () => {
  const many = Array.from({ length: Math.ceil(1_000 / ENDPOINTS.length) }, (_, copy) =>
    ENDPOINTS.map((endpoint) => ({ ...endpoint, id: `${endpoint.id}#${copy}` })),
  ).flat()
  expect(many.length).toBeGreaterThanOrEqual(1_000)
  const catalog: Catalog = { ...plain, endpoints: many }
  // Every candidate is scored, so the compiler has something to compile first.
  for (let round = 0; round < 100; round += 1) plan(catalog, 'auto')
  const startedAtMs = threadCpuMs()
  for (let round = 0; round < 1_000; round += 1) plan(catalog, 'openai/gpt-4o-mini')
  const namedMs = (threadCpuMs() - startedAtMs) / 1_000
  for (let round = 0; round < 100; round += 1) plan(catalog, 'auto')
  const autoMs = (threadCpuMs() - startedAtMs) / 100 - namedMs * 10
  // Generous: measured at 0.01 ms and 0.6 ms.
  expect(namedMs).toBeLessThan(0.5)
  expect(autoMs).toBeLessThan(5)
})
