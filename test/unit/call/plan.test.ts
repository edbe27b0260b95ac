import { expect, test } from 'vitest'
import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import type { Endpoint, Model } from '../../../src/catalog/types.ts'
import { UNKNOWN_FACTS } from '../../../src/catalog/unknown-facts.ts'
import { countTokens } from '../../../src/chat/count-tokens.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { NO_USAGE } from '../../../src/chat/usage.ts'
import type { CallDependencies } from '../../../src/call/dependencies.ts'
import { dispatchCall } from '../../../src/call/serve/dispatch.ts'
import { planCall } from '../../../src/call/plan/plan.ts'
import { watchHealth } from '../../../src/call/serve/watch-health.ts'
import type { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { AdmittedCall, ReceivedCall } from '../../../src/call/types.ts'

const MODEL = 'acme/writer'
const modelWith = (facts: Partial<Model>): Model => ({
  ...UNKNOWN_FACTS,
  id: MODEL,
  name: MODEL,
  source: 'a test',
  sourceDate: '2026-11-26',
  ...facts,
})

/** Both sell at 1,000 pico-USD a token, the second at a margin of its own. */
const endpoint = (providerId: string, marginBps?: number): Endpoint => ({
  id: `${providerId}/writer@local`,
  modelId: MODEL,
  providerId,
  region: 'local',
  upstreamModel: 'writer',
  prices: {
    inputPicoUsd: 1_000n,
    cacheReadPicoUsd: 1_000n,
    cacheWritePicoUsd: 1_000n,
    outputPicoUsd: 1_000n,
    audioPicoUsd: 9_000n,
  },
  ...(marginBps === undefined ? {} : { marginBps }),
})

function dependenciesWith(endpoints: readonly Endpoint[], facts: Partial<Model> = {}): CallDependencies {
  return {
    catalog: buildCatalog({ models: [modelWith(facts)], endpoints }),
    marginBps: 500,
    defaultOutputTokens: 100,
    clock: { nowMs: () => 0 },
    reach: () => undefined,
    health: watchHealth({ instance: 'here', nowMs: () => 0 }),
    upstreams: {
      isReachable: () => true,
      prefixAt: ({ providerId }: Endpoint) => (providerId === 'first' ? 'prefix' : undefined),
      dialectOf: () => 'openai',
      dispatch: async ({ onPart }: { onPart: (part: object) => void }) => {
        onPart({ type: 'content', json: '{}', text: 'Hi' })
        return { outcome: 'completed', usage: { ...NO_USAGE, inputUncached: 10, outputText: 10 } }
      },
    },
  } as unknown as CallDependencies
}

const received = (fields: object = {}, content: unknown = 'Say hi'): ReceivedCall => {
  const body = { model: MODEL, messages: [{ role: 'user', content }], ...fields }
  const request = readChatRequest({ body: Buffer.from(JSON.stringify(body)) })
  return { request, callId: 'call', requestId: 'request' } as unknown as ReceivedCall
}
const planWith = (endpoints: readonly Endpoint[], facts?: Partial<Model>, fields?: object) =>
  planCall({ received: received(fields), dependencies: dependenciesWith(endpoints, facts) })

test('the ceiling takes the largest margin of the candidates, the estimate that of the first', async () => {
  const alone = await planWith([endpoint('first')])
  const dearer = await planWith([endpoint('first'), endpoint('second', 5_000)])
  const tokens = BigInt(alone.inputBoundTokens + 100) * 1_000n
  expect(alone.ceilingPicoUsd).toBe((tokens * 105n) / 100n)
  expect(dearer.ceilingPicoUsd).toBe((tokens * 150n) / 100n)
  expect(dearer.estimatePicoUsd).toBe(alone.estimatePicoUsd)
})

test.each([
  ['the server', undefined, 21_000n],
  ['the endpoint', 2_000, 24_000n],
  ['an endpoint that gives nothing on top', 0, 20_000n],
])('a charge has the margin of %s, the cost has none', async (_name, marginBps, chargePicoUsd) => {
  const dependencies = dependenciesWith([endpoint('first', marginBps)])
  const planned = await planCall({ received: received(), dependencies })
  const call = {
    ...planned,
    admission: {
      ceilingAtomic: 10n ** 12n,
      feePicoUsd: 0n,
      decimals: 18,
      payer: { kind: 'wallet' },
      holds: [],
    },
  } as unknown as AdmittedCall
  const { signal } = new AbortController()
  const { capture } = await dispatchCall({ call, signal, onPart: () => undefined, dependencies })
  expect(capture).toMatchObject({ costPicoUsd: 20_000n, chargePicoUsd })
})

test('an unknown context bounds nothing: the default cap, or the caller’s', async () => {
  expect((await planWith([endpoint('first')])).outputCap).toBe(100)
  expect((await planWith([endpoint('first')], {}, { max_tokens: 5_000_000 })).outputCap).toBe(5_000_000)
})

test('a known context, and a known limit of the output, do', async () => {
  const facts = { contextTokens: 200, maxOutputTokens: 20 }
  expect((await planWith([endpoint('first')], facts)).outputCap).toBe(20)
  await expect(planWith([endpoint('first')], { contextTokens: 50 })).rejects.toThrow('context of 50 tokens')
})

test('audio in the input is bounded at its own price', async () => {
  const sound = [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }]
  const spoken = received({}, sound)
  const plan = await planCall({ received: spoken, dependencies: dependenciesWith([endpoint('first')]) })
  const expected = (BigInt(plan.inputBoundTokens) * 9_000n + 100n * 1_000n) * 105n
  expect(plan.ceilingPicoUsd).toBe((expected + 99n) / 100n)
})

test('what is to be kept for an hour is bounded at its own price, or the dearest where it has none', async () => {
  const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } }
  const ceilingWith = async (cacheWriteHourPicoUsd: bigint | undefined, content: readonly object[]) => {
    const { prices, ...rest } = endpoint('first')
    const priced = {
      ...rest,
      prices: {
        ...(prices as NonNullable<Endpoint['prices']>),
        ...(cacheWriteHourPicoUsd === undefined ? {} : { cacheWriteHourPicoUsd }),
      },
    }
    const dependencies = dependenciesWith([priced])
    const { ceilingPicoUsd } = await planCall({ received: received({}, content), dependencies })
    return ceilingPicoUsd
  }
  const text = { type: 'text', text: 'Say hi' }
  const plain = await ceilingWith(2_000n, [text])
  const kept = await ceilingWith(2_000n, [{ ...text, ...mark }])
  const unknown = await ceilingWith(undefined, [{ ...text, ...mark }])
  expect(kept).toBeGreaterThan(plain)
  expect(unknown).toBeGreaterThan(kept)
})

/** One model with little room beside larger ones. */
function shelf(): CallDependencies {
  const sizes = {
    'a/small': 1_000,
    'a/large': 40_000,
    'a/larger': 80_000,
    'a/unheard-of': 'unknown',
  } as const
  const models = Object.entries(sizes).map(([id, contextTokens]) => ({ ...modelWith({ contextTokens }), id }))
  const endpoints = models.map(({ id }) => ({ ...endpoint('first'), id: `first/${id}@local`, modelId: id }))
  return { ...dependenciesWith([]), catalog: buildCatalog({ models, endpoints }) }
}

const refusalOf = async (fields: object, content: string) => {
  const planned = planCall({ received: received(fields, content), dependencies: shelf() })
  return planned.then(
    () => undefined,
    (error: unknown) => error as TurnpikeError,
  )
}

test('what does not fit is told what would, the smallest first', async () => {
  const error = await refusalOf({ model: 'a/small' }, 'word '.repeat(4_000))
  expect(error?.code).toBe('context_length_exceeded')
  expect(error?.details.extra?.['models']).toEqual(['a/large', 'a/larger'])
  expect(error?.message).toContain('a/small has a context of 1000 tokens')
  expect(error?.message).toContain('Models with room for it: a/large, a/larger.')
})

test('auto counts the tokens where the bytes have no room, and says so where they have none either', async () => {
  // 100,000 bytes, and some 25,000 tokens with the safety of the count.
  const content = 'word '.repeat(20_000)
  const plan = await planCall({ received: received({ model: 'auto' }, content), dependencies: shelf() })
  expect(plan.model.id).toBe('a/large')
  expect(plan.inputBoundTokens).toBeLessThan(40_000)
  const error = await refusalOf({ model: 'auto' }, 'word '.repeat(200_000))
  expect(error?.code).toBe('context_length_exceeded')
  expect(error?.message).toContain('No model here has room for it.')
})

/** A plan for one model of this name, dear or cheap. */
async function planFor(id: string, content: string, { pricePicoUsd = 1_000n, fields = {} } = {}) {
  const prices = {
    inputPicoUsd: pricePicoUsd,
    cacheReadPicoUsd: pricePicoUsd,
    cacheWritePicoUsd: pricePicoUsd,
    outputPicoUsd: pricePicoUsd,
  }
  const sold = { ...endpoint('first'), id: `first/${id}@local`, modelId: id, prices }
  const dependencies = {
    ...dependenciesWith([]),
    catalog: buildCatalog({
      models: [{ ...modelWith({ contextTokens: 1_000_000 }), id }],
      endpoints: [sold],
    }),
  }
  return planCall({ received: received({ model: id, max_tokens: 10, ...fields }, content), dependencies })
}

test('a provider that puts a prompt of its own before the tools is bounded with it, others are not', async () => {
  const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]
  const boundOf = async (id: string, fields = {}) =>
    (await planFor(id, 'Say hi', { fields })).inputBoundTokens
  const [claude, other] = ['anthropic/claude-haiku-4.5', 'acme/writer']
  expect(await boundOf(claude)).toBe(await boundOf(other))
  expect((await boundOf(claude, { tools })) - (await boundOf(other, { tools }))).toBeGreaterThanOrEqual(804)
})

test('a dear input is counted by what the family of its model may count', async () => {
  const english = 'The harbour is quiet tonight, and the boats are all in. '.repeat(400)
  const dear = { pricePicoUsd: 100_000_000n }
  const boundOf = async (id: string, content: string) => (await planFor(id, content, dear)).inputBoundTokens
  const tokens = await countTokens(english)
  const factorOf = async (id: string) => ((await boundOf(id, english)) - 72) / tokens
  expect(await factorOf('openai/gpt-5')).toBeCloseTo(1.05, 2)
  expect(await factorOf('acme/writer')).toBeCloseTo(1.25, 2)
  expect(await factorOf('anthropic/claude-haiku-4.5')).toBeCloseTo(1.35, 2)
  expect(await factorOf('anthropic/claude-opus-4.8')).toBeCloseTo(1.75, 2)
  expect(await factorOf('anthropic/claude-sonnet-5')).toBeCloseTo(1.75, 2)
  // A vocabulary that may have no words in a script takes a token for each byte of it.
  const chinese = '港口委员会上周召开会议。'.repeat(400)
  expect(await boundOf('acme/writer', chinese)).toBe(Buffer.byteLength(chinese) + 72)
  expect(await boundOf('openai/gpt-5', chinese)).toBeLessThan(Buffer.byteLength(chinese) / 2)
})

test('room is looked for by what is usual, and the price holds for what is not', async () => {
  const content = 'word '.repeat(20_000)
  const id = 'anthropic/claude-opus-4.8'
  const dependencies = {
    ...dependenciesWith([]),
    catalog: buildCatalog({
      models: [{ ...modelWith({ contextTokens: 30_000 }), id }],
      endpoints: [{ ...endpoint('first'), modelId: id }],
    }),
  }
  const asked = received({ model: id, max_tokens: 100 }, content)
  const plan = await planCall({ received: asked, dependencies })
  expect(plan.inputBoundTokens).toBeGreaterThan(30_000)
  expect(plan.ceilingPicoUsd).toBeGreaterThanOrEqual((BigInt(plan.inputBoundTokens) * 1_000n * 105n) / 100n)
})

test('the ceiling of an answer that may be gone on with covers the input twice and what was said as input', async () => {
  const ceilingOf = async (fields: object, endpoints = [endpoint('first')]) =>
    (await planWith(endpoints, {}, { stream: true, ...fields })).ceilingPicoUsd
  const plain = await planWith([endpoint('first')], {}, { stream: true })
  const tokens = BigInt(plain.inputBoundTokens * 2 + 100 + LIMITS.prefixFrameTokens + 100)
  expect(await ceilingOf({ continue: 'prefix' })).toBe((tokens * 1_000n * 105n) / 100n)
  // Nobody signs for what cannot happen.
  expect(await ceilingOf({ continue: 'prefix' }, [endpoint('second')])).toBe(plain.ceilingPicoUsd)
  expect(await ceilingOf({ continue: 'prefix', stream: false })).toBe(plain.ceilingPicoUsd)
  expect(await ceilingOf({ continue: 'prefix', n: 2 })).toBe(await ceilingOf({ n: 2 }))
})

test('an endpoint that may not be asked is in no plan; with all of them down there is none', async () => {
  const endpoints = [endpoint('first'), endpoint('second')]
  const dependencies = dependenciesWith(endpoints)
  const { health } = dependencies
  const limit = (id: string, retryAfterMs: number) =>
    health.take({ endpointId: id, providerId: 'p', outcome: 'limited', inputTokens: 1, retryAfterMs })
  const asked = { ...received(), receivedAtMs: 0 }
  const before = await planCall({ received: asked, dependencies })
  limit('first/writer@local', 9_000)
  const after = await planCall({ received: asked, dependencies })
  expect(after.candidates.map(({ providerId }) => providerId)).toEqual(['second'])
  expect(before.candidates).toHaveLength(2)
  limit('second/writer@local', 4_000)
  await expect(planCall({ received: asked, dependencies })).rejects.toMatchObject({
    code: 'all_endpoints_down',
    details: { retryAfterMs: 4_000 },
  })
})
