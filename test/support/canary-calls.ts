import { setTimeout as sleep } from 'node:timers/promises'
import type { Canary } from './canary.ts'
import { MODEL, post } from './chat.ts'
import { chunkEvent, type ScriptedProvider, sendStream, streamOf, USUAL_USAGE } from './scripted-provider.ts'
import type { StockPayer } from './stock-payer.ts'

/** A call that has the canary wherever a caller can put text. */
export function canaryBody({
  canary,
  stream = false,
  ...over
}: {
  canary: Canary
  stream?: boolean
  [field: string]: unknown
}): string {
  const call = { name: 'look', arguments: JSON.stringify({ for: canary.text('tool argument') }) }
  const picture = Buffer.from(canary.text('picture')).toString('base64')
  return JSON.stringify({
    model: MODEL,
    max_tokens: 64,
    stream,
    messages: [
      { role: 'system', content: canary.text('system prompt') },
      {
        role: 'user',
        content: [
          { type: 'text', text: canary.text('prompt') },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${picture}` } },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [{ id: 't1', type: 'function', function: call }] },
      { role: 'tool', tool_call_id: 't1', content: canary.text('tool result') },
    ],
    tools: [
      {
        type: 'function',
        function: { name: 'look', description: canary.text('tool'), parameters: { type: 'object' } },
      },
    ],
    user: canary.text('user'),
    ...over,
  })
}

/** The same in the other dialects: the path, and a body with the canary wherever a caller can put text there. */
function otherDialects(canary: Canary): readonly (readonly [path: string, body: Record<string, unknown>])[] {
  const look = { name: 'look', description: canary.text('tool') }
  const input = { for: canary.text('tool argument') }
  return [
    [
      '/v1/messages',
      {
        model: MODEL,
        max_tokens: 64,
        stream: true,
        system: canary.text('system prompt'),
        messages: [
          { role: 'user', content: [{ type: 'text', text: canary.text('prompt') }] },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: canary.text('thought'), signature: canary.text('signature') },
              { type: 'tool_use', id: 't1', name: 'look', input },
            ],
          },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 't1', content: canary.text('tool result') }],
          },
        ],
        tools: [{ ...look, input_schema: { type: 'object' } }],
        metadata: { user_id: canary.text('user') },
      },
    ],
    [
      '/v1/responses',
      {
        model: MODEL,
        max_output_tokens: 64,
        stream: true,
        instructions: canary.text('system prompt'),
        input: [
          { role: 'user', content: canary.text('prompt') },
          { type: 'reasoning', summary: [], encrypted_content: canary.text('thought') },
          { type: 'function_call', call_id: 't1', name: 'look', arguments: JSON.stringify(input) },
          { type: 'function_call_output', call_id: 't1', output: canary.text('tool result') },
        ],
        tools: [{ type: 'function', ...look, parameters: { type: 'object' } }],
        user: canary.text('user'),
      },
    ],
  ]
}

const json = (status: number, value: unknown) => ({
  status,
  text: typeof value === 'string' ? value : JSON.stringify(value),
})

/** What the provider says in each story; all of it has the canary in it. */
const STORIES = {
  answers: 'in full',
  'refuses with 500': 'echoes the request',
  'refuses with 400': 'echoes the request',
  'sends an error': 'in the middle',
  'breaks off': 'in the middle',
  'sends no JSON': 'in the middle',
  'falls silent': 'in the middle',
} as const
export type Story = keyof typeof STORIES

export function tell({
  provider,
  canary,
  story,
}: {
  provider: ScriptedProvider
  canary: Canary
  story: Story
}): void {
  const content = canary.text('output')
  const opening = chunkEvent({ choices: [{ index: 0, delta: { role: 'assistant', content } }] })
  provider.setAnswer(({ response, body, isStreamed }) => {
    if (story === 'refuses with 500' || story === 'refuses with 400') {
      const { status, text } = json(Number(story.slice(-3)), {
        error: { message: `No: ${body}`, code: body },
      })
      response.writeHead(status, { 'content-type': 'application/json', 'x-echo': canary.halves[0] })
      return response.end(text)
    }
    if (!isStreamed) {
      const message = { role: 'assistant', content }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      const usage: unknown = JSON.parse(USUAL_USAGE)
      response.writeHead(200, { 'content-type': 'application/json' })
      return response.end(JSON.stringify({ id: 'x', object: 'chat.completion', choices, usage }))
    }
    if (story === 'answers') return sendStream(response, streamOf({ content, usage: USUAL_USAGE }))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(opening)
    if (story === 'sends an error')
      return response.end(`data: {"error":{"message":${JSON.stringify(body)}}}\n\n`)
    if (story === 'sends no JSON')
      return response.end(`data: {"choices":[{"delta":{"content":"${content}\n\n`)
    // What was written must have left before the connection breaks.
    if (story === 'breaks off') return void setTimeout(() => response.destroy(), 50)
    return undefined
  })
}

type Playing = {
  readonly url: string
  readonly provider: ScriptedProvider
  readonly client: StockPayer
  readonly canary: Canary
  /** A word that may be stored: the name that the caller gives a request. */
  readonly requestId: string
}

/** Pays; where the only endpoint rests because it has failed so often, when it is asked again. */
export async function payWhenAwake({
  client,
  url,
  request,
}: {
  client: StockPayer
  url: string | URL
  request: RequestInit
}): Promise<Response> {
  for (;;) {
    const response = await client.pay(url, request)
    if (response.status !== 503) return response
    await response.arrayBuffer()
    await sleep(Number(response.headers.get('retry-after')) * 1_000)
  }
}

/** Reads the first bytes of an answer; whoever wants no more hangs up with the abort. */
async function firstBytes(response: Response): Promise<void> {
  const reader = response.body?.getReader()
  await reader?.read()
  reader?.releaseLock()
}

/** Every way in which a request can end while the server lives. @returns the statuses, in order. */
export async function playEverything({
  url,
  provider,
  client,
  canary,
  requestId,
}: Playing): Promise<number[]> {
  const secret = canary.halves.join('-')
  const headers = {
    authorization: `Bearer ${secret}`,
    cookie: `session=${secret}`,
    'x-request-id': requestId,
  }
  const statuses: number[] = []
  const call = async (story: Story, stream: boolean) => {
    tell({ provider, canary, story })
    const request = post(canaryBody({ canary, stream }), headers)
    const response = await payWhenAwake({ client, url, request })
    statuses.push(response.status)
    await response.text().catch(() => '')
  }
  for (const stream of [true, false]) {
    await call('answers', stream)
    await call('refuses with 500', stream)
    await call('refuses with 400', stream)
  }
  for (const story of ['sends an error', 'breaks off', 'sends no JSON'] as const) await call(story, true)

  tell({ provider, canary, story: 'falls silent' })
  const hangUp = new AbortController()
  const request = { ...post(canaryBody({ canary, stream: true }), headers), signal: hangUp.signal }
  const left = await payWhenAwake({ client, url, request })
  await firstBytes(left)
  hangUp.abort()

  const unpaid = [
    canaryBody({ canary }),
    canaryBody({ canary, model: canary.text('model') }),
    canaryBody({ canary, [canary.text('field')]: 1 }),
    canaryBody({ canary, max_tokens: canary.text('cap') }),
    canaryBody({ canary }).slice(0, -1),
  ]
  for (const body of unpaid) {
    const response = await fetch(url, post(body, headers))
    statuses.push(response.status)
    await response.arrayBuffer()
  }
  for (const [path, body] of otherDialects(canary)) {
    const other = new URL(path, url)
    for (const story of ['answers', 'sends an error', 'refuses with 400'] as const) {
      tell({ provider, canary, story })
      const request = post(JSON.stringify(body), headers)
      const response = await payWhenAwake({ client, url: other, request })
      statuses.push(response.status)
      await response.text().catch(() => '')
    }
    const broken = { ...body, tools: [{ type: canary.text('kind') }], [canary.text('field')]: 1 }
    const response = await fetch(other, post(JSON.stringify(broken), headers))
    statuses.push(response.status)
    await response.arrayBuffer()
  }
  statuses.push(...(await playFeedback({ url, provider, client, canary })))
  const payment = Buffer.from(canary.text('payment')).toString('base64')
  const refused = await fetch(url, post(canaryBody({ canary }), { ...headers, 'payment-signature': payment }))
  statuses.push(refused.status)
  await refused.arrayBuffer()
  return statuses
}

/** A call whose answer is held against a schema, asked for once more, and what its payer may and may not say of it. */
async function playFeedback({
  url,
  provider,
  client,
  canary,
}: Omit<Playing, 'requestId'>): Promise<readonly number[]> {
  tell({ provider, canary, story: 'answers' })
  const schema = { type: 'object', description: canary.text('schema') }
  const format = { type: 'json_schema', json_schema: { name: 'answer', schema } }
  const statuses: number[] = []
  let callId = ''
  for (let times = 0; times < 2; times += 1) {
    const answered = await client.pay(url, post(canaryBody({ canary, response_format: format })))
    callId = answered.headers.get('x-call-id') ?? ''
    await answered.arrayBuffer()
    statuses.push(answered.status)
  }
  for (const word of [
    { call_id: callId, score: 0, reason: 'bad_format' },
    { call_id: callId, score: 0, reason: canary.text('reason') },
    { call_id: callId, score: 0, comment: canary.text('comment') },
    { call_id: canary.text('id'), rating: canary.text('rating') },
  ]) {
    const said = await fetch(new URL('/v1/feedback', url), post(JSON.stringify(word)))
    statuses.push(said.status)
    await said.arrayBuffer()
  }
  return statuses
}

/** The statuses of all that, where nothing goes wrong with us. */
export const EVERYTHING = [
  [200, 502, 400, 200, 502, 400, 200, 200, 200],
  [402, 400, 400, 400, 400],
  [200, 200, 400, 400, 200, 200, 400, 400],
  [200, 200, 200, 400, 400, 400],
  [400],
].flat()

/** A stream that has begun and will not end by itself. */
export async function beginStream({
  url,
  provider,
  client,
  canary,
}: Omit<Playing, 'requestId'>): Promise<Response> {
  tell({ provider, canary, story: 'falls silent' })
  const request = post(canaryBody({ canary, stream: true }))
  const response = await payWhenAwake({ client, url, request })
  await firstBytes(response)
  return response
}
