import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Provider } from '../../../src/catalog/types.ts'
import type { StreamPart } from '../../../src/chat/types.ts'
import { createUpstreams } from '../../../src/providers/create-upstreams.ts'
import type { UpstreamTimeouts } from '../../../src/providers/openai-compatible.ts'
import { ANTHROPIC_CASES, anthropicStream } from '../../fixtures/dialects/anthropic.ts'
import { GOOGLE_CASES, googleStream } from '../../fixtures/dialects/google.ts'
import { OPENAI_CASES, openAiStream } from '../../fixtures/dialects/openai.ts'
import { assembleChat } from '../../support/assemble-chat.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../support/scripted-provider.ts'
import { HASTY_AFTER_CONTENT, HASTY_BEFORE_CONTENT, PATIENT } from '../../support/upstream-clocks.ts'

const STREAMS = {
  openai: openAiStream(OPENAI_CASES[0]?.events ?? []),
  anthropic: anthropicStream(ANTHROPIC_CASES[0]?.events ?? []),
  google: googleStream(GOOGLE_CASES[0]?.events ?? []),
} as const
const DIALECTS = Object.keys(STREAMS) as (keyof typeof STREAMS)[]

let scripted: ScriptedProvider
let upstreams: Record<'patient' | 'beforeContent' | 'afterContent', ReturnType<typeof createUpstreams>>
beforeAll(async () => {
  scripted = await startScriptedProvider()
  const providers = DIALECTS.map((dialect): Provider => ({
    id: dialect,
    dialect,
    baseUrl: scripted.url,
    apiKeyVariable: `${dialect.toUpperCase()}_API_KEY`,
    simulated: false,
  }))
  const open = (timeouts: UpstreamTimeouts) =>
    createUpstreams({ providers, keys: () => 'sk-one, sk-two', timeouts })
  upstreams = {
    patient: open(PATIENT),
    beforeContent: open(HASTY_BEFORE_CONTENT),
    afterContent: open(HASTY_AFTER_CONTENT),
  }
})
afterAll(async () => {
  for (const one of Object.values(upstreams)) await one.close()
  scripted.close()
})

async function ask(
  dialect: keyof typeof STREAMS,
  {
    signal = new AbortController().signal,
    clocks = 'patient',
  }: { signal?: AbortSignal; clocks?: keyof typeof upstreams } = {},
) {
  const parts: StreamPart[] = []
  const end = await upstreams[clocks].dispatch({
    endpoint: { id: 'e', modelId: 'v/m', providerId: dialect, region: 'global', upstreamModel: 'some-model' },
    body: JSON.stringify({
      model: 'some-model',
      stream: true,
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
    }),
    stream: true,
    signal,
    onPart: (part) => void parts.push(part),
  })
  return { end, text: assembleChat(parts).content }
}

const begin = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })

test.each(DIALECTS)('%s: byte by byte over a real connection the answer is the same', async (dialect) => {
  scripted.setAnswer(({ response }) => {
    begin(response)
    for (const byte of Buffer.from(STREAMS[dialect])) response.write(Buffer.from([byte]))
    response.end()
  })
  expect(await ask(dialect)).toMatchObject({
    end: { outcome: 'completed' },
    text: 'The harbour is calm – 海.',
  })
})

test.each(DIALECTS)(
  '%s: silence before the first content is a time-out, silence after it an interruption',
  async (dialect) => {
    scripted.setAnswer(({ response }) => void begin(response))
    await expect(ask(dialect, { clocks: 'beforeContent' })).rejects.toMatchObject({
      code: 'upstream_timeout',
      details: { extra: { phase: 'content' } },
    })
    scripted.setAnswer(({ response }) => {
      begin(response)
      response.write(STREAMS[dialect].slice(0, Math.floor(STREAMS[dialect].length * 0.7)))
    })
    expect((await ask(dialect, { clocks: 'afterContent' })).end.outcome).toBe('interrupted')
  },
)

test.each(DIALECTS)('%s: a caller who hangs up ends the exchange', async (dialect) => {
  const hangUp = new AbortController()
  scripted.setAnswer(({ response }) => {
    begin(response)
    void sleep(20).then(() => hangUp.abort())
  })
  expect((await ask(dialect, { signal: hangUp.signal })).end.outcome).toBe('aborted')
})

test.each(DIALECTS)(
  '%s: a key that is refused rests, and the call is made with the next',
  async (dialect) => {
    const seen: string[] = []
    scripted.setAnswer(({ response }) => {
      const headers = scripted.seen.at(-1) ?? {}
      const key = String(headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization)
      seen.push(key)
      if (key.includes('sk-one'))
        return void response.writeHead(401, { 'content-type': 'application/json' }).end('{}')
      begin(response)
      response.end(STREAMS[dialect])
    })
    for (let call = 0; call < 3; call += 1) expect((await ask(dialect)).end.outcome).toBe('completed')
    expect(seen.filter((key) => key.includes('sk-one'))).toHaveLength(1)
    expect(seen.filter((key) => key.includes('sk-two'))).toHaveLength(3)
  },
)

test.each(DIALECTS)(
  '%s: where every key is limited the caller hears of the limit, and no word of the provider',
  async (dialect) => {
    scripted.setAnswer(({ response }) => {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '3' })
      response.end(JSON.stringify({ error: { message: 'canary of the account sk-two' } }))
    })
    const error: unknown = await ask(dialect).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'upstream_rate_limited', details: { retryAfterMs: 3_000 } })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/canary|sk-/)
  },
)
