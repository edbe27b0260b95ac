import { expect, test } from 'vitest'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { readMessagesRequest } from '../../../src/chat/messages/read-messages-request.ts'
import { readResponsesRequest } from '../../../src/chat/responses/read-responses-request.ts'
import { withStrategy } from '../../../src/chat/routing/with-strategy.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { checkOverrides } from '../../../src/routing/overrides/check-overrides.ts'
import { mergeOverrides } from '../../../src/routing/overrides/merge-overrides.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import type { RouteQuery } from '../../../src/routing/route-query.ts'
import { healthOf, qualityOf, shelfOf } from './shelf.ts'

const catalog = shelfOf([
  { id: 'a/large', sellers: { one: 9_000, two: 10_000, three: 11_000 }, facts: { tools: true } },
  { id: 'a/middle', sellers: { one: 1_000, two: 900 }, facts: { tools: false } },
  { id: 'b/small', sellers: { two: 100, three: 110 } },
])
const quality = qualityOf({
  'a/large': { prior: 2.5 },
  'a/middle': { prior: 2.4 },
  'b/small': { prior: 2.2 },
})

const bytes = (body: object) => Buffer.from(JSON.stringify(body))
const chat = (fields: object) =>
  readChatRequest({ body: bytes({ model: 'auto', messages: [{ role: 'user', content: 'hi' }], ...fields }) })

/** A request as it comes, planned as it would be. */
function planned(fields: object, query: Partial<RouteQuery> = {}) {
  const { model, routing } = chat(fields)
  if (routing) checkOverrides({ overrides: routing, wanted: model, catalog })
  return planRoute({
    wanted: model,
    needs: { inputBoundTokens: 100 },
    catalog,
    isReachable: () => true,
    preferences: mergeOverrides([routing]),
    quality,
    ...query,
  })
}
const hosts = (fields: object, query?: Partial<RouteQuery>) =>
  planned(fields, query).candidates.map(({ id }) => id)

const refusal = (run: () => unknown): TurnpikeError => {
  try {
    run()
  } catch (error) {
    if (error instanceof TurnpikeError) return error
    throw error
  }
  throw new Error('Nothing was refused.')
}

test('a strategy is named by the model, a plugin or a header, and all three agree or are refused', () => {
  expect(planned({ model: 'auto:cost' }).strategy).toBe('cost')
  const plugin = { plugins: [{ id: 'auto-router', strategy: 'latency' }] }
  expect(planned(plugin).strategy).toBe('latency')
  expect(planned({}).strategy).toBe('balanced')
  expect(withStrategy({ request: chat({}), header: 'Availability ' }).routing?.strategy).toBe('availability')
  expect(withStrategy({ request: chat(plugin), header: 'latency' }).routing?.strategy).toBe('latency')
  const twoWays = refusal(() => chat({ model: 'auto:cost', ...plugin }))
  expect([twoWays.code, twoWays.details.param]).toEqual(['contradicting_options', 'plugins[0].strategy'])
  expect(twoWays.message).toContain('one asks for cost, the other for latency')
  const byHeader = refusal(() => withStrategy({ request: chat({ model: 'auto:cost' }), header: 'latency' }))
  expect([byHeader.code, byHeader.details.param]).toEqual(['contradicting_options', 'x-turnpike-strategy'])
  expect(refusal(() => withStrategy({ request: chat({}), header: 'cheapest' })).code).toBe('invalid_field')
  expect(refusal(() => chat({ model: 'auto:latency', provider: { sort: 'price' } })).code).toBe(
    'contradicting_options',
  )
})

test('every dialect reads the same options', () => {
  const options = {
    models: ['a/middle'],
    provider: { only: ['ONE'], max_price: { prompt: '0.5' } },
    plugins: [{ id: 'auto-router', weights: { cost: 2 }, min_quality: 0.5 }],
    session_id: 'mine',
  }
  const wanted = {
    models: ['a/middle'],
    providerOnly: ['one'],
    maxPrice: { promptUsd: 0.5 },
    weights: { cost: 2 },
    minQuality: 0.5,
    sessionId: 'mine',
  }
  expect(chat(options).routing).toEqual(wanted)
  const messages = { model: 'auto', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }
  expect(readMessagesRequest({ body: bytes({ ...messages, ...options }) }).routing).toEqual(wanted)
  const responses = { model: 'auto', input: 'hi' }
  expect(readResponsesRequest({ body: bytes({ ...responses, ...options }) }).routing).toEqual(wanted)
})

test('models beside auto are the only ones to choose from; beside a name they step in, in their order', () => {
  expect(planned({ models: ['b/small', 'a/middle'] }).model.id).not.toBe('a/large')
  const listed = hosts({ model: 'a/large', models: ['b/small', 'a/middle'] })
  expect(listed.map((id) => id.split('/').slice(1).join('/').replace('@local', ''))).toEqual([
    'a/large',
    'a/large',
    'a/large',
    'b/small',
    'b/small',
    'a/middle',
    'a/middle',
  ])
  const down = healthOf({
    'one/a/large@local': { circuit: 'open' },
    'two/a/large@local': { circuit: 'open' },
    'three/a/large@local': { circuit: 'open' },
  })
  expect(planned({ model: 'a/large', models: ['b/small'] }, { health: down })).toMatchObject({
    model: { id: 'b/small' },
    reason: 'b/small is next in models, since a/large cannot answer',
  })
})

test('providers: order, only, ignore and fallbacks', () => {
  expect(hosts({ model: 'a/large', provider: { order: ['three', 'two'] } })).toEqual([
    'three/a/large@local',
    'two/a/large@local',
    'one/a/large@local',
  ])
  expect(hosts({ model: 'a/large', provider: { order: ['three'], allow_fallbacks: false } })).toEqual([
    'three/a/large@local',
  ])
  expect(hosts({ model: 'a/large', provider: { only: ['Two'] } })).toEqual(['two/a/large@local'])
  expect(hosts({ model: 'a/large', provider: { ignore: ['one'] } })).not.toContain('one/a/large@local')
  expect(hosts({ model: 'a/large', provider: { allow_fallbacks: false } })).toHaveLength(1)
})

test('a sort chooses by one side alone, and a price above the most is out', () => {
  expect(planned({ provider: { sort: 'price' } }).candidates[0].id).toBe('two/b/small@local')
  const health = healthOf({
    'three/a/large@local': { firstTokenMs: 10 },
    'one/a/middle@local': { tokensPerSecond: 900 },
  })
  expect(planned({ provider: { sort: 'latency' } }, { health }).candidates[0].id).toBe('three/a/large@local')
  expect(planned({ provider: { sort: { by: 'throughput' } } }, { health }).candidates[0].id).toBe(
    'one/a/middle@local',
  )
  const capped = planned({ provider: { max_price: { prompt: 0.0005, completion: 0.0005 } } })
  expect(capped.model.id).toBe('b/small')
  expect(capped.decision.filters()).toContainEqual({ code: 'max_price', count: 5 })
  // As the caller pays it: 100 pico-USD a token are $0.0001 a million, with 10 % on top $0.00011.
  const exact = { provider: { max_price: { prompt: 0.00011 } } }
  expect(planned(exact, { marginBps: 1_000 }).candidates[0].id).toBe('two/b/small@local')
  expect(refusal(() => planned(exact, { marginBps: 1_001 })).code).toBe('no_candidates')
})

test('only what is known counts for data policies and required parameters', () => {
  const policies = shelfOf([
    { id: 'a/kept', sellers: { one: 10 }, endpoint: { dataPolicy: { retention: true, training: false } } },
    {
      id: 'a/private',
      sellers: { two: 20 },
      endpoint: { dataPolicy: { retention: false, training: false } },
    },
    { id: 'a/unknown', sellers: { three: 5 } },
  ])
  const wanted = (fields: object) =>
    planRoute({
      wanted: 'auto',
      needs: { inputBoundTokens: 1 },
      catalog: policies,
      isReachable: () => true,
      preferences: mergeOverrides([chat(fields).routing]),
    })
  expect(wanted({ provider: { zdr: true } }).model.id).toBe('a/private')
  expect(wanted({ provider: { data_collection: 'deny' } }).decision.passed).toBe(2)
  expect(wanted({ provider: { data_collection: 'allow' } }).decision.passed).toBe(3)
  const needs = { inputBoundTokens: 1, tools: true }
  expect(planned({ model: 'b/small' }, { needs }).model.id).toBe('b/small')
  const strict = { model: 'b/small', provider: { require_parameters: true } }
  expect(refusal(() => planned(strict, { needs })).message).toContain(
    'tools (2: it is not known to call tools)',
  )
})

test('the auto router’s plugin: patterns, weights, floor and least quality', () => {
  const router = (fields: object) => ({ plugins: [{ id: 'auto-router', ...fields }] })
  expect(planned(router({ allowed_models: ['b/*'] })).model.id).toBe('b/small')
  expect(planned(router({ excluded_models: ['a/large', 'b/*'] })).model.id).toBe('a/middle')
  expect(planned(router({ weights: { cost: 0 } })).model.id).toBe('a/large')
  expect(planned(router({ weights: { cost: 5 }, floor: 0.9 })).model.id).toBe('b/small')
  expect(planned(router({ weights: { cost: 5 }, floor: 1 })).model.id).toBe('a/large')
  expect(planned(router({ weights: { cost: 5 }, floor: 0.9, min_quality: 0.91 })).model.id).toBe('a/middle')
  expect(planned(router({ enabled: false, min_quality: 1 })).strategy).toBe('balanced')
})

test('what an organisation and a key have set lies underneath: it restricts, and is otherwise overruled', () => {
  const organization = {
    strategy: 'availability',
    providerIgnore: ['one'],
    zdr: true,
    minQuality: 0.5,
  } as const
  const key = { allowedModels: ['a/*'], maxPrice: { promptUsd: 1 } }
  const request = {
    strategy: 'cost',
    providerIgnore: ['two'],
    zdr: false,
    allowedModels: ['*/small', 'a/middle'],
    maxPrice: { promptUsd: 5, completionUsd: 2 },
    minQuality: 0.2,
  } as const
  expect(mergeOverrides([organization, key, request])).toEqual({
    strategy: 'cost',
    providerIgnore: ['one', 'two'],
    zdr: true,
    minQuality: 0.5,
    allowedModels: [['a/*'], ['*/small', 'a/middle']],
    maxPrice: { promptUsd: 1, completionUsd: 2 },
  })
  expect(mergeOverrides([organization, { weights: { cost: 1 } }])).toMatchObject({ strategy: 'availability' })
  expect(mergeOverrides([{ weights: { cost: 1 }, floor: 0.5 }, { strategy: 'cost' }])).not.toHaveProperty(
    'floor',
  )
})
