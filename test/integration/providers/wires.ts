import type { SseEvent } from '../../../src/lib/sse.ts'

/** A JSON object of any shape. */
export type Fields = Record<string, unknown>
/** One face of the simulated provider as it is on the wire: how to ask it, and where its answers keep what all have. */
export type Wire = {
  readonly name: string
  readonly path: (stream: boolean) => string
  readonly body: (stream: boolean) => Fields
  /** What one event says, in words that all faces share. */
  readonly said: (event: Fields) => string
  readonly isEnd: (event: SseEvent) => boolean
  readonly wholeText: (answer: Fields) => string
  /** Tokens of input and output, as the last event or the whole answer tells them. */
  readonly usage: (
    events: readonly Fields[],
  ) => readonly [input: number | undefined, output: number | undefined]
  readonly errorType: Readonly<Record<number, unknown>>
  readonly error: (body: Fields) => unknown
  readonly keepAlive: RegExp
}

/** A value deep inside, by names and indexes; undefined where there is none. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, name) => (inner as Record<string | number, unknown> | undefined)?.[name],
    value,
  )
const textAt = (...place: Parameters<typeof at>) => (at(...place) as string | undefined) ?? ''
const countAt = (...place: Parameters<typeof at>) => at(...place) as number | undefined
export const QUESTION = 'Tell me about canary rivers.'
const MESSAGES = [{ role: 'user', content: QUESTION }]
export const PARAMETERS = { type: 'object', properties: { port: { type: 'string' } } }

export const WIRES: readonly Wire[] = [
  {
    name: 'OpenAI',
    path: () => '/v1/chat/completions',
    body: (stream) => ({
      model: 'a/b',
      stream,
      ...(stream ? { stream_options: { include_usage: true } } : {}),
      messages: MESSAGES,
      tools: [{ type: 'function', function: { name: 'tide', parameters: PARAMETERS } }],
    }),
    said: (event) => textAt(event, 'choices', 0, 'delta', 'content'),
    isEnd: ({ data }) => data === '[DONE]',
    wholeText: (answer) => textAt(answer, 'choices', 0, 'message', 'content'),
    usage: (events) => {
      const usage = at(events.at(-1), 'usage')
      return [countAt(usage, 'prompt_tokens'), countAt(usage, 'completion_tokens')]
    },
    error: (body) => at(body, 'error', 'type'),
    errorType: {
      400: 'invalid_request_error',
      429: 'invalid_request_error',
      503: 'api_error',
      529: 'api_error',
    },
    keepAlive: /\n: keep-alive\n\n/,
  },
  {
    name: 'Anthropic',
    path: () => '/v1/messages',
    body: (stream) => ({
      model: 'a/b',
      max_tokens: 4_096,
      stream,
      messages: MESSAGES,
      tools: [{ name: 'tide', input_schema: PARAMETERS }],
    }),
    said: (event) => textAt(event, 'delta', 'text'),
    isEnd: ({ type }) => type === 'message_stop',
    wholeText: (answer) => textAt(answer, 'content', 0, 'text'),
    usage: (events) => {
      const begun = at(events[0], 'message', 'usage') ?? at(events[0], 'usage')
      const ended = at(
        events.findLast(({ usage }) => usage),
        'usage',
      )
      return [countAt(begun, 'input_tokens'), countAt(ended, 'output_tokens')]
    },
    error: (body) => [body['type'], at(body, 'error', 'type')],
    errorType: {
      400: ['error', 'invalid_request_error'],
      429: ['error', 'rate_limit_error'],
      503: ['error', 'api_error'],
      529: ['error', 'overloaded_error'],
    },
    keepAlive: /content_block_delta[^]*\nevent: ping\n/,
  },
  {
    name: 'Gemini',
    path: (stream) => `/v1beta/models/a%2Fb:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({
      contents: [{ role: 'user', parts: [{ text: QUESTION }] }],
      tools: [
        { functionDeclarations: [{ name: 'tide', description: '', parametersJsonSchema: PARAMETERS }] },
      ],
    }),
    said: (event) => textAt(event, 'candidates', 0, 'content', 'parts', 0, 'text'),
    isEnd: ({ data }) => data.includes('"finishReason":"STOP"'),
    wholeText: (answer) => textAt(answer, 'candidates', 0, 'content', 'parts', 0, 'text'),
    usage: (events) => {
      const usage = at(events.at(-1), 'usageMetadata')
      return [countAt(usage, 'promptTokenCount'), countAt(usage, 'candidatesTokenCount')]
    },
    error: (body) => [at(body, 'error', 'code'), at(body, 'error', 'status')],
    errorType: {
      400: [400, 'INVALID_ARGUMENT'],
      429: [429, 'RESOURCE_EXHAUSTED'],
      503: [503, 'UNAVAILABLE'],
      529: [529, 'INTERNAL'],
    },
    keepAlive: /\n: keep-alive\n\n/,
  },
]
