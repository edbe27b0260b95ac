import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { catalogOf } from '../../src/app/options/defaults.ts'
import type { AppOptions } from '../../src/app/options/options.ts'
import type { DevWorld } from '../../src/dev/start-dev-world.ts'

/** The model that a stack with {@link soldByScriptedProvider} sends to it; every other goes to the simulated one. */
export const SCRIPTED_MODEL = 'xai/grok-3-mini'

type Answer = (exchange: {
  response: ServerResponse
  isStreamed: boolean
  body: string
  path: string
}) => void

export type ScriptedProvider = {
  readonly url: string
  /** The headers of every request, in order. */
  readonly seen: readonly IncomingHttpHeaders[]
  readonly setAnswer: (answer: Answer) => void
  readonly close: () => void
}

/** An upstream that answers byte by byte what a test says: what no honest provider would. */
export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const seen: IncomingHttpHeaders[] = []
  let answer: Answer = ({ response }) => response.destroy()
  const server = createServer((request, response) => {
    seen.push(request.headers)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      answer({ response, body, path: request.url ?? '', isStreamed: /"stream":\s*true/.test(body) })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    seen,
    setAnswer: (next) => {
      answer = next
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Options of a stack in which one model is sold by the scripted provider. */
export function soldByScriptedProvider(scripted: ScriptedProvider) {
  return ({ provider }: DevWorld): Partial<AppOptions> => {
    const catalog = catalogOf({ simulated: true })
    const endpoints = catalog.endpoints.map((endpoint) =>
      endpoint.modelId === SCRIPTED_MODEL ? { ...endpoint, providerId: 'scripted' } : endpoint,
    )
    return {
      catalog: { ...catalog, endpoints },
      providers: [
        { id: 'simulated', dialect: 'openai', baseUrl: provider.url, simulated: true },
        { id: 'scripted', dialect: 'openai', baseUrl: scripted.url, simulated: true },
      ],
    }
  }
}

/** One event of an OpenAI-dialect stream. */
export const chunkEvent = (part: object): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', ...part })}\n\n`

/** Opening, content, finish and usage of a short stream; `usage` is JSON text, since no JSON.stringify writes nonsense. */
export function streamOf({ content = 'Hello', usage }: { content?: string; usage?: string } = {}): string {
  const tail =
    usage === undefined
      ? ''
      : `data: {"id":"x","object":"chat.completion.chunk","choices":[],"usage":${usage}}\n\n`
  return [
    chunkEvent({ choices: [{ index: 0, delta: { role: 'assistant', content } }] }),
    chunkEvent({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    tail,
    'data: [DONE]\n\n',
  ].join('')
}

export const USUAL_USAGE = '{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}'

/** Ends a response as a stream of events. */
export function sendStream(
  response: ServerResponse,
  events: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
  response.end(events)
}
