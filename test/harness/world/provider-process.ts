import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerQuestions } from './answer-questions.ts'
import { FAILOVER, USAGE } from './provider-facts.ts'

/**
 * The provider of the harnesses, alone in its process so that no kill makes it forget: it counts how often the work of each
 * call was done. A call is named by the `user` field of its body, which no two payments share.
 */
type Runs = { readonly requestIds: string[]; refused: number }
const runs = new Map<string, Runs>()
let delayMs = 0

const COMMON = { id: 'chatcmpl-harness', created: 1_764_000_000, model: 'harness' } as const
const TEXT = 'Harbours are quiet at dawn, mostly.'

function answerWhole(response: ServerResponse): void {
  const message = { role: 'assistant', content: TEXT }
  const choices = [{ index: 0, message, finish_reason: 'stop' }]
  const json = JSON.stringify({ ...COMMON, object: 'chat.completion', choices, usage: USAGE })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) })
  response.end(json)
}

function answerStream(response: ServerResponse): void {
  const event = (rest: object) =>
    `data: ${JSON.stringify({ ...COMMON, object: 'chat.completion.chunk', ...rest })}\n\n`
  const choice = (delta: object, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason }],
  })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(event(choice({ role: 'assistant', content: '' })))
  response.write(event(choice({ content: TEXT })))
  response.end(`${event(choice({}, 'stop'))}${event({ choices: [], usage: USAGE })}data: [DONE]\n\n`)
}

/** The first of two endpoints refuses a call that is marked for it, before any content: its second does the work. */
function refuses({ user, known }: { user: string; known: Runs }): boolean {
  if (!user.startsWith(FAILOVER) || known.refused > 0) return false
  known.refused += 1
  return true
}

async function bodyOf(request: IncomingMessage): Promise<{ user?: string; stream?: boolean }> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString()) as { user?: string; stream?: boolean }
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { user = '', stream } = await bodyOf(request)
  const known = runs.get(user) ?? { requestIds: [], refused: 0 }
  runs.set(user, known)
  if (refuses({ user, known })) {
    response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":{"message":"busy"}}')
    return
  }
  known.requestIds.push(String(request.headers['x-request-id']))
  if (delayMs > 0) await sleep(delayMs)
  if (stream) answerStream(response)
  else answerWhole(response)
}

const server = createServer((request, response) => {
  serve(request, response).catch(() => response.destroy())
})
server.keepAliveTimeout = 75_000
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
const { port } = server.address() as AddressInfo

answerQuestions({
  ready: { url: `http://127.0.0.1:${port}` },
  answer: async (kind, value) => {
    if (kind === 'delay') delayMs = Number(value)
    if (kind === 'runs')
      return Object.fromEntries([...runs].map(([user, { requestIds }]) => [user, requestIds]))
    return undefined
  },
})
