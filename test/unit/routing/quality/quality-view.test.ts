import { statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadQualityView } from '../../../../src/app/load-quality-view.ts'
import { buildCatalog } from '../../../../src/catalog/build-catalog.ts'
import { ENDPOINTS, MODELS } from '../../../../src/catalog/models.ts'
import { logOdds } from '../../../../src/routing/quality/exact-math.ts'
import { boundedEstimate, MOST_PROMPT_TERM } from '../../../../src/routing/quality/quality-view.ts'
import { readFeatures } from '../../../../src/routing/quality/read-features.ts'

const FILE = join(import.meta.dirname, '../../../../data/router.bin')
const catalog = buildCatalog({ models: MODELS, endpoints: ENDPOINTS })
const view = loadQualityView({ catalog })
const chat = MODELS.filter(({ kind }) => kind === 'chat')
const modelOf = (id: string) => catalog.models.get(id)!

const EXAM =
  'Which of the following is a characteristic of an oligopoly market?\nA. Many small firms\nB. A few large firms\nC. No barriers to entry\nD. Perfect information\nAnswer:'

test('the trained file fits into 2 MiB', () => {
  expect(statSync(FILE).size).toBeLessThanOrEqual(2 * 1024 * 1024)
})

test('the parts of every estimate add up to its log-odds', () => {
  const features = readFeatures({ text: EXAM })
  for (const model of chat) {
    const { quality, sd, gate, terms } = view.of({ model, features })
    expect(logOdds(quality)).toBeCloseTo(terms.prior + terms.prompt, 6)
    expect(quality).toBeGreaterThan(0)
    expect(quality).toBeLessThan(1)
    expect(sd).toBeGreaterThan(0)
    expect(gate).toBeGreaterThan(0)
    expect(gate).toBeLessThanOrEqual(1)
  }
})

test('many at once are what each is alone', () => {
  const models = MODELS
  for (const features of [undefined, ...[EXAM, 'zzzz qqqq'].map((text) => readFeatures({ text }))]) {
    const [quality, sd, prior] = [0, 1, 2].map(() => new Float64Array(models.length))
    if (!quality || !sd || !prior) throw new RangeError('There are three.')
    view.ofAll({ models, features, into: { quality, sd, prior } })
    const alone = models.map((model) => view.of({ model, features }))
    expect([...quality]).toEqual(alone.map((one) => one.quality))
    expect([...sd]).toEqual(alone.map((one) => one.sd))
    expect([...prior]).toEqual(alone.map(({ terms }) => terms.prior))
  }
})

test('without features there is the prior alone', () => {
  const { gate, terms } = view.of({ model: modelOf('openai/gpt-4o') })
  expect(gate).toBe(0)
  expect(terms.prompt).toBe(0)
})

test.each([
  [
    'another language',
    { text: 'Wyjaśnij proszę różnicę między bezpośrednim a pośrednim oddziaływaniem gospodarczym' },
  ],
  ['no language', { text: 'xqzvw plmkoj ytrewq zzxcv bnmlk jhgfd '.repeat(20) }],
  ['nothing', { text: '' }],
  ['tools', { text: EXAM, request: { toolCount: 3 } }],
  ['results of tools', { text: EXAM, request: { toolResultShare: 0.4 } }],
])('the gate is shut for %s', (_, question) => {
  const model = modelOf('openai/gpt-4o-mini')
  const { gate, terms } = view.of({ model, features: readFeatures(question) })
  expect(gate).toBe(0)
  expect(terms).toEqual({ prior: view.priorOf(model).general, prompt: 0 })
})

test('a conversation opens the gate less than its first turn', () => {
  const model = modelOf('openai/gpt-4o-mini')
  const gateAt = (turns: number) =>
    view.of({ model, features: readFeatures({ text: EXAM, request: { turns } }) }).gate
  expect(gateAt(4)).toBeCloseTo(gateAt(1) / 4, 9)
})

test('what an adversary writes moves a model by no more than the bound', () => {
  const models = ['openai/gpt-4o', 'openai/gpt-5-nano', 'meta-llama/llama-3.1-8b-instruct'].map(modelOf)
  const words =
    'prove json code boxed simple easy trivial solve A B C D answer integral $ { } ( ) 1 23 ?'.split(' ')
  const text = fc.array(fc.constantFrom(...words, EXAM), { maxLength: 60 }).map((parts) => parts.join(' '))
  fc.assert(
    fc.property(text, (prompt) => {
      const features = readFeatures({ text: prompt })
      for (const model of models) {
        const prior = view.priorOf(model)
        const estimate = view.of({ model, features })
        const { terms } = estimate
        expect(Math.abs(terms.prompt)).toBeLessThanOrEqual(MOST_PROMPT_TERM)
        // The bound of scoring is the same one: it finds nothing left to cut.
        expect(boundedEstimate(estimate)).toBe(estimate)
        const domains = [prior.general, ...prior.byDomain]
        expect(terms.prior).toBeGreaterThanOrEqual(Math.min(...domains) - 1e-9)
        expect(terms.prior).toBeLessThanOrEqual(Math.max(...domains) + 1e-9)
      }
    }),
    { numRuns: 100 },
  )
})

test('every model of the catalogue has a prior, most of them a guess', () => {
  const kinds = Map.groupBy(chat, (model) => view.priorOf(model).kind)
  expect(kinds.get('measured')!.length).toBeGreaterThanOrEqual(10)
  expect(kinds.get('published')!.length).toBeGreaterThanOrEqual(25)
  expect(kinds.get('operator')).toBeUndefined()
})

test("the operator's qualities replace priors", () => {
  const own = loadQualityView({ catalog, qualities: { 'openai/gpt-4o': { general: 0.4 } } })
  const model = modelOf('openai/gpt-4o')
  expect(own.priorOf(model).kind).toBe('operator')
  expect(own.of({ model }).quality).toBeCloseTo(0.4, 6)
})

test('a model that the catalogue does not have is as uncertain as can be', () => {
  const { quality, sd } = view.of({ model: { ...modelOf('openai/gpt-4o'), id: 'nobody/nothing' } })
  expect(quality).toBeCloseTo(0.5, 6)
  expect(sd).toBeGreaterThan(0.2)
})
