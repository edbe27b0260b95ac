import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalogOf } from '../../../src/app/options/defaults.ts'
import { payingFetch } from '../../../src/client/paying-fetch.ts'
import type { Provider } from '../../../src/catalog/types.ts'
import { ANTHROPIC_CASES, anthropicStream, type DialectCase } from '../../fixtures/dialects/anthropic.ts'
import { GOOGLE_CASES, googleStream } from '../../fixtures/dialects/google.ts'
import { OPENAI_CASES, openAiStream } from '../../fixtures/dialects/openai.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../support/scripted-provider.ts'
import { type Stack, startStack } from '../../support/start-stack.ts'

/** What every answer comes to, whoever gave it and in whose words it was asked for. */
type Answer = {
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly input: unknown }[]
  readonly thought: string
  readonly usage: { readonly input: number; readonly cached: number; readonly output: number }
}
/** What is asked for besides an answer in words. */
type Wish = 'an image is looked at' | 'a format is kept'
type Ask = (model: string, stream: boolean, wish?: Wish) => Promise<Answer>

const UPSTREAMS: Readonly<
  Record<Provider['dialect'], { cases: readonly DialectCase[]; frame: (events: readonly object[]) => string }>
> = {
  openai: { cases: OPENAI_CASES, frame: openAiStream },
  anthropic: { cases: ANTHROPIC_CASES, frame: anthropicStream },
  google: { cases: GOOGLE_CASES, frame: googleStream },
}
const DIALECTS = Object.keys(UPSTREAMS) as Provider['dialect'][]
const PRICES = { inputPicoUsd: 4n, cacheReadPicoUsd: 1n, cacheWritePicoUsd: 5n, outputPicoUsd: 9n }

let scripted: ScriptedProvider
let stack: Stack
let openai: OpenAI
let anthropic: Anthropic
beforeAll(async () => {
  scripted = await startScriptedProvider()
  stack = await startStack({ overrides: models })
  const payer = await stack.newPayer()
  const fetch = payingFetch(payer.account, { schemes: ['batch-settlement'] })
  openai = new OpenAI({ apiKey: 'none', baseURL: `${stack.app.url}/v1`, maxRetries: 0, fetch })
  anthropic = new Anthropic({ apiKey: 'none', baseURL: stack.app.url, maxRetries: 0, fetch })
})
afterAll(async () => {
  await stack.close()
  scripted.close()
})

/** One model for each upstream dialect. */
function models() {
  const catalog = catalogOf({ simulated: true })
  const [sample] = catalog.models.values()
  if (!sample) throw new Error('There is no model.')
  const sold = DIALECTS.map((dialect) => ({ ...sample, id: `test/${dialect}`, name: dialect }))
  return {
    catalog: {
      ...catalog,
      models: new Map(sold.map((model) => [model.id, model])),
      endpoints: DIALECTS.map((dialect) => ({
        id: `${dialect}/model@test`,
        modelId: `test/${dialect}`,
        providerId: dialect,
        region: 'test',
        upstreamModel: 'some-model',
        prices: PRICES,
      })),
    },
    providers: DIALECTS.map((dialect) => ({ id: dialect, dialect, baseUrl: scripted.url, simulated: true })),
  }
}

const QUESTION = 'How is the harbour?'
const TOOL_SCHEMA = { type: 'object' as const, properties: { port: { type: 'string' } } }
const TOOLS = ['get_tide', 'get_wind']
const IMAGE = 'aGVsbG8='
const FORMAT = {
  type: 'object' as const,
  properties: { calm: { type: 'boolean' } },
  required: ['calm'],
  additionalProperties: false,
}
const jsonOf = (text: string): unknown => (text === '' ? {} : JSON.parse(text))

const thoughtIn = (said: object = {}): string =>
  String(Reflect.get(said, 'reasoning') ?? Reflect.get(said, 'reasoning_content') ?? '')

const askChat: Ask = async (model, stream, wish) => {
  const content = [
    { type: 'text' as const, text: QUESTION },
    { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${IMAGE}` } },
  ]
  const format = {
    type: 'json_schema' as const,
    json_schema: { name: 'weather', strict: true, schema: FORMAT },
  }
  const body = {
    model,
    messages: [{ role: 'user' as const, content: wish === 'an image is looked at' ? content : QUESTION }],
    ...(wish === 'a format is kept' ? { response_format: format } : {}),
    tools: TOOLS.map((name) => ({ type: 'function' as const, function: { name, parameters: TOOL_SCHEMA } })),
  }
  let streamedThought = ''
  const open = () =>
    openai.chat.completions
      .stream({ ...body, stream_options: { include_usage: true } })
      // The SDK keeps only the last piece of a member that it does not know.
      .on('chunk', ({ choices }) => (streamedThought += thoughtIn(choices[0]?.delta)))
  const completion = stream ? await open().finalChatCompletion() : await openai.chat.completions.create(body)
  const [choice] = completion.choices
  const message = choice?.message
  if (!message) throw new Error('There is no choice.')
  return {
    text: (message.content ?? '') + (message.refusal ?? ''),
    calls: (message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function' ? [{ name: call.function.name, input: jsonOf(call.function.arguments) }] : [],
    ),
    thought: stream ? streamedThought : thoughtIn(message),
    usage: {
      input: completion.usage?.prompt_tokens ?? -1,
      cached: completion.usage?.prompt_tokens_details?.cached_tokens ?? 0,
      output: completion.usage?.completion_tokens ?? -1,
    },
  }
}

const askMessages: Ask = async (model, stream, wish) => {
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: IMAGE }
  const question = [
    { type: 'text' as const, text: QUESTION },
    { type: 'image' as const, source },
  ]
  const format = { type: 'json_schema' as const, schema: FORMAT }
  const body = {
    model,
    max_tokens: 400,
    messages: [{ role: 'user' as const, content: wish === 'an image is looked at' ? question : QUESTION }],
    ...(wish === 'a format is kept' ? { output_config: { format } } : {}),
    tools: TOOLS.map((name) => ({ name, input_schema: TOOL_SCHEMA })),
  }
  const message = stream
    ? await anthropic.messages.stream(body).finalMessage()
    : await anthropic.messages.create(body)
  const { content, usage } = message
  const { input_tokens: fresh, cache_read_input_tokens: cached, cache_creation_input_tokens: written } = usage
  return {
    text: content.flatMap((block) => (block.type === 'text' ? block.text : [])).join(''),
    calls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [],
    ),
    thought: content.flatMap((block) => (block.type === 'thinking' ? block.thinking : [])).join(''),
    usage: {
      input: fresh + (cached ?? 0) + (written ?? 0),
      cached: cached ?? 0,
      output: usage.output_tokens,
    },
  }
}

const askResponses: Ask = async (model, stream, wish) => {
  const image = {
    type: 'input_image' as const,
    image_url: `data:image/png;base64,${IMAGE}`,
    detail: 'auto' as const,
  }
  const content = [{ type: 'input_text' as const, text: QUESTION }, image]
  const format = { type: 'json_schema' as const, name: 'weather', strict: true, schema: FORMAT }
  const body = {
    model,
    input: wish === 'an image is looked at' ? [{ role: 'user' as const, content }] : QUESTION,
    ...(wish === 'a format is kept' ? { text: { format } } : {}),
    store: false,
    tools: TOOLS.map((name) => ({ type: 'function' as const, name, parameters: TOOL_SCHEMA, strict: false })),
  }
  const response = stream
    ? await openai.responses.stream(body).finalResponse()
    : await openai.responses.create(body)
  const { output, usage } = response
  return {
    text: output
      .flatMap((item) => (item.type === 'message' ? item.content : []))
      .map((part) => (part.type === 'output_text' ? part.text : part.refusal))
      .join(''),
    calls: output.flatMap((item) =>
      item.type === 'function_call' ? [{ name: item.name, input: jsonOf(item.arguments) }] : [],
    ),
    thought: output
      .flatMap((item) => (item.type === 'reasoning' ? [...(item.content ?? []), ...item.summary] : []))
      .map(({ text }) => text)
      .join(''),
    usage: {
      input: usage?.input_tokens ?? -1,
      cached: usage?.input_tokens_details.cached_tokens ?? 0,
      output: usage?.output_tokens ?? -1,
    },
  }
}

const ASKERS = { chat: askChat, messages: askMessages, responses: askResponses } as const

const rows = DIALECTS.flatMap((dialect) =>
  UPSTREAMS[dialect].cases.map((one) => ({ dialect, name: one.name, one })),
)

test.each(rows)(
  '$dialect, $name: three dialects, streamed and whole, tell one answer with one usage',
  async ({ dialect, one }) => {
    const { frame } = UPSTREAMS[dialect]
    scripted.setAnswer(({ response, path, isStreamed }) => {
      const asStream = isStreamed || path.includes('streamGenerateContent')
      response.writeHead(200, { 'content-type': asStream ? 'text/event-stream' : 'application/json' })
      response.end(asStream ? frame(one.events) : JSON.stringify(one.whole))
    })
    const answers = await Promise.all(
      Object.values(ASKERS).flatMap((ask) => [ask(`test/${dialect}`, true), ask(`test/${dialect}`, false)]),
    )
    const [first, ...others] = answers
    expect(first?.usage.output).toBeGreaterThan(0)
    expect((first?.text ?? '') + (first?.thought ?? '') + JSON.stringify(first?.calls)).not.toBe('[]')
    for (const other of others) expect(other).toEqual(first)
  },
)

const WISHES = [
  // Where a provider keeps it differs; that the image or the schema is in what was sent does not.
  { wish: 'an image is looked at', sent: IMAGE, name: 'text', told: 'The harbour is calm – 海.' },
  { wish: 'a format is kept', sent: '"calm"', name: 'structured', told: '{"calm":true}' },
] as const

test.each(DIALECTS.flatMap((dialect) => WISHES.map((one) => ({ dialect, ...one }))))(
  '$dialect: $wish, whoever asks for it',
  async ({ dialect, wish, sent, name, told }) => {
    const bodies: string[] = []
    const one = UPSTREAMS[dialect].cases.find((known) => known.name === name)
    scripted.setAnswer(({ response, body, path, isStreamed }) => {
      bodies.push(body)
      const asStream = isStreamed || path.includes('streamGenerateContent')
      response.writeHead(200, { 'content-type': asStream ? 'text/event-stream' : 'application/json' })
      response.end(asStream ? UPSTREAMS[dialect].frame(one?.events ?? []) : JSON.stringify(one?.whole))
    })
    for (const ask of Object.values(ASKERS)) {
      const answers = [await ask(`test/${dialect}`, true, wish), await ask(`test/${dialect}`, false, wish)]
      for (const answer of answers) expect(answer).toMatchObject({ text: told })
    }
    expect(bodies).toHaveLength(6)
    for (const body of bodies) expect(body).toContain(sent)
  },
)

test('a field that the model cannot honour is refused before it is priced; one that changes nothing is taken', async () => {
  const messages = [{ role: 'user' as const, content: QUESTION }]
  const refused = openai.chat.completions.create({ model: 'test/anthropic', messages, seed: 7 })
  await expect(refused).rejects.toMatchObject({ status: 400, code: 'unsupported_field', param: 'seed' })
  scripted.setAnswer(({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(ANTHROPIC_CASES[0]?.whole))
  })
  const taken = await openai.chat.completions.create({
    model: 'test/anthropic',
    messages,
    user: 'u',
    seed: null,
  })
  expect(taken.choices[0]?.message.content).toBe('The harbour is calm – 海.')
})
