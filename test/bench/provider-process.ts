import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startSimulatedProvider } from '../../src/dev/simulated-provider/start-simulated-provider.ts'

/**
 * The providers of the bench, in a process of their own: one that streams at a reader's pace (the simulated provider of
 * dev), and one that answers at once with the usage that the request's `user` field asks for, as cheaply as Node can.
 */
type Usage = {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details: { readonly cached_tokens: number }
  readonly completion_tokens_details: { readonly reasoning_tokens: number }
}

/** @param user `prompt,cached,completion,reasoning`; anything else is a small fixed usage. */
function usageFor(user: unknown): Usage {
  const numbers = typeof user === 'string' ? user.split(',').map(Number) : []
  const [prompt = 12, cached = 0, completion = 8, reasoning = 0] = numbers
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}

const COMMON = { id: 'chatcmpl-bench', created: 1_764_000_000, model: 'bench' } as const
const TEXT = 'Harbours are quiet at dawn, mostly.'

function answerWhole(response: ServerResponse, usage: Usage): void {
  const message = { role: 'assistant', content: TEXT }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  const json = JSON.stringify({ ...COMMON, object: 'chat.completion', choices, usage })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) })
  response.end(json)
}

function answerStream(response: ServerResponse, usage: Usage): void {
  const event = (rest: object) =>
    `data: ${JSON.stringify({ ...COMMON, object: 'chat.completion.chunk', ...rest })}\n\n`
  const choice = (delta: object, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason }],
  })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(event(choice({ role: 'assistant', content: '' })))
  response.write(event(choice({ content: TEXT })))
  response.end(`${event(choice({}, 'stop'))}${event({ choices: [], usage })}data: [DONE]\n\n`)
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as { user?: unknown; stream?: boolean }
    const answer = asked.stream ? answerStream : answerWhole
    answer(response, usageFor(asked.user))
  })
})
server.keepAliveTimeout = 75_000

const paced = await startSimulatedProvider({
  firstTokenMs: 50,
  tokensPerSecond: 20,
  minTokens: 60,
  maxTokens: 60,
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
const { port } = server.address() as AddressInfo

// Its parent may be gone without a word: then there is nobody left to answer.
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: { quickUrl: `http://127.0.0.1:${port}/v1`, pacedUrl: paced.url } })
