import { expect, test } from 'vitest'
import { canonicalName } from '../../../../src/routing/quality/canonical-name.ts'
import { createPriors } from '../../../../src/routing/quality/create-priors.ts'
import { PUBLISHED_SCORES } from '../../../../src/routing/quality/published-scores.ts'
import type { BenchmarkScore } from '../../../../src/routing/quality/types.ts'

const score = (
  model: string,
  benchmark: string,
  share: number,
  kind: BenchmarkScore['kind'],
): BenchmarkScore => ({
  model,
  benchmark,
  domain: benchmark === 'code' ? 1 : 0,
  score: share,
  kind,
})

const SCORES = [
  score('good', 'exam', 0.8, 'measured'),
  score('bad', 'exam', 0.3, 'measured'),
  score('good', 'code', 0.7, 'measured'),
  score('bad', 'code', 0.2, 'measured'),
  score('good', 'other', 0.9, 'published'),
  score('better', 'other', 0.97, 'published'),
]
const MODELS = [
  { id: 'a/good', family: 'a', usdPerMillion: 5, createdAt: 0 },
  { id: 'b/bad', family: 'b', usdPerMillion: 0.1, createdAt: 0 },
  { id: 'a/better', family: 'a', usdPerMillion: 10, createdAt: 0 },
  { id: 'c/dear', family: 'c', usdPerMillion: 20, createdAt: 0 },
  { id: 'c/cheap', family: 'c', usdPerMillion: 0.1, createdAt: 0 },
]
const DOMAINS = ['knowledge', 'code']
const priorOf = (id: string, operator = {}) =>
  createPriors({ models: MODELS, scores: SCORES, domains: DOMAINS, operator }).priorOf(id)!

test('a prior is marked by what it rests on', () => {
  expect(['a/good', 'a/better', 'c/dear'].map((id) => priorOf(id).kind)).toEqual([
    'measured',
    'published',
    'derived',
  ])
})

test('benchmarks share one scale: who is better at a common one is better', () => {
  expect(priorOf('a/better').general).toBeGreaterThan(priorOf('a/good').general)
  expect(priorOf('a/good').general).toBeGreaterThan(priorOf('b/bad').general + 1)
})

test('a guess follows the price, is wide, and leaves the measured alone', () => {
  expect(priorOf('c/dear').general).toBeGreaterThan(priorOf('c/cheap').general)
  expect(priorOf('c/dear').sd).toBeGreaterThan(3 * priorOf('a/good').sd)
  const dearer = MODELS.map((model) => (model.id === 'b/bad' ? { ...model, usdPerMillion: 999 } : model))
  const moved = createPriors({ models: dearer, scores: SCORES, domains: DOMAINS }).priorOf('b/bad')
  expect(moved?.general).toBe(priorOf('b/bad').general)
})

test('what an operator says stands in place of everything', () => {
  const said = priorOf('a/good', { 'a/good': { general: 0.5, code: 0.9 } })
  expect(said.kind).toBe('operator')
  expect(said.general).toBeCloseTo(0, 6)
  expect(said.byDomain[1]).toBeGreaterThan(2)
})

test('no prior promises certainty', () => {
  const sure = priorOf('a/good', { 'a/good': { general: 1 } })
  expect(sure.general).toBeLessThan(3.6)
})

test('every published score names an address, a date and a share', () => {
  for (const { address, date, score: share } of PUBLISHED_SCORES) {
    expect(address).toMatch(/^https:\/\//)
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
    expect(share).toBeGreaterThan(0)
    expect(share).toBeLessThan(1)
  }
})

test.each([
  ['Meta-Llama-3_1-8B-Instruct', 'llama-3.1-8b-instruct'],
  ['meta-llama/llama-3.1-8b-instruct-fp8-fast', 'llama-3.1-8b-instruct'],
  ['Llama-3.1-405B-Inst@sambanova', 'llama-3.1-405b-instruct'],
  ['openai/gpt-4o', 'gpt-4o-2024-08-06'],
  ['deepseek/deepseek-chat', 'deepseek-chat-latest'],
  ['deepseek-chat', 'deepseek-chat'],
  ['gpt-4-turbo-2024-04-09', 'gpt-4-turbo-2024-04-09'],
])('%s is %s', (name, canonical) => {
  expect(canonicalName(name)).toBe(canonical)
})
