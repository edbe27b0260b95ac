import { answerEmbeddings } from './simulated-embeddings.ts'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { countTokens } from '../../chat/count-tokens.ts'
import { completionOf, composeAnswer } from './answer.ts'
import { parseFaults, type SimulatedFaults } from './faults.ts'
import { createPromptCounter, readSimulatedRequest, type SimulatedRequest } from './read-prompt.ts'
import { type Pace, streamAnswer } from './stream-answer.ts'

export type SimulatedProvider = {
  /** The base URL of its OpenAI-dialect API, ending in /v1. */
  readonly url: string
  readonly port: number
  /** Chat completions asked for so far. */
  readonly calls: () => number
  /** How often each `x-request-id` has come. Ids only: prompts are never remembered. */
  readonly callsById: ReadonlyMap<string, number>
  /** Answers in progress; and those whose reader hung up before the end. */
  readonly running: () => number
  readonly aborted: () => number
  /** Connections accepted so far. */
  readonly connections: () => number
  /** Faults for every answer from now on; none takes them back. The header `x-sim-fault` wins. */
  readonly setFaults: (faults?: SimulatedFaults) => void
  readonly close: () => Promise<void>
}

export type SimulatedProviderOptions = {
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly firstTokenMs?: number
  /** 0 sends as fast as it can. */
  readonly tokensPerSecond?: number
  readonly seed?: number
  /** Length of an answer in tokens, where the caller's cap allows. */
  readonly minTokens?: number
  readonly maxTokens?: number
  /** What GET /v1/models lists. Any model is answered. */
  readonly models?: readonly string[]
}

const MAX_IDS = 10_000
const MAX_BODY_BYTES = 16 * 1024 * 1024

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function sendJson(response: ServerResponse, status: number, json: string, headers = {}): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    ...headers,
  })
  response.end(json)
}

function sendError(response: ServerResponse, status: number, message: string, retryAfter?: string): void {
  const error = {
    message,
    type: status < 500 ? 'invalid_request_error' : 'api_error',
    param: null,
    code: null,
  }
  sendJson(response, status, JSON.stringify({ error }), retryAfter ? { 'retry-after': retryAfter } : {})
}

/** What a talkative provider would say: with `echoPrompt` it quotes the prompt. */
function errorText(request: SimulatedRequest, faults: SimulatedFaults): string {
  return faults.echoPrompt ? `Cannot answer ${JSON.stringify(request.messages)}` : 'A simulated failure.'
}

function faultsOf(request: IncomingMessage, standing: SimulatedFaults): SimulatedFaults {
  const header = request.headers['x-sim-fault']
  return typeof header === 'string' ? parseFaults(header) : standing
}

/** Aborted as soon as the reader hangs up before the answer's end. */
function hangUpOf(response: ServerResponse): AbortSignal {
  const hangUp = new AbortController()
  response.once('close', () => hangUp.abort())
  return hangUp.signal
}

/**
 * Starts the provider of dev, demo and the tests: a real HTTP server on 127.0.0.1 that speaks the OpenAI dialect. Its
 * text looks like English, depends on seed and prompt alone, and comes one o200k token a chunk: 60 to 160 tokens where
 * the cap allows, the first after 150 ms, then 40 a second.
 *
 * @example const provider = await startSimulatedProvider({ tokensPerSecond: 0, firstTokenMs: 0 })
 */
export async function startSimulatedProvider({
  port = 0,
  firstTokenMs = 150,
  tokensPerSecond = 40,
  seed = 1,
  minTokens = 60,
  maxTokens = 160,
  models = ['simulated'],
}: SimulatedProviderOptions = {}): Promise<SimulatedProvider> {
  const pace: Pace = { firstTokenMs, tokensPerSecond }
  const countPrompt = createPromptCounter()
  const callsById = new Map<string, number>()
  const totals = { calls: 0, running: 0, aborted: 0, connections: 0 }
  let standing: SimulatedFaults = {}

  const countCall = (request: IncomingMessage) => {
    totals.calls += 1
    const id = request.headers['x-request-id']
    if (typeof id !== 'string') return
    if (callsById.size >= MAX_IDS) callsById.clear()
    callsById.set(id, (callsById.get(id) ?? 0) + 1)
  }

  const answerChat = async (request: IncomingMessage, response: ServerResponse) => {
    const startedMs = performance.now()
    const signal = hangUpOf(response)
    const faults = faultsOf(request, standing)
    countCall(request)
    const asked = readSimulatedRequest((await readBody(request)) ?? '')
    if (!asked) return sendError(response, 400, 'This is not a chat completion.')
    if (faults.hang) return void (await once(signal, 'abort'))
    if (faults.headersDelayMs) await sleep(faults.headersDelayMs)
    const text = errorText(asked, faults)
    if (faults.status) return sendError(response, faults.status, text, faults.retryAfter)
    const promptTokens = await countPrompt(asked)
    const length = { seed, minTokens, maxTokens }
    const answer = composeAnswer({ request: asked, promptTokens, ...length, faults, nowMs: Date.now() })
    if (asked.isStreamed) {
      const { includeUsage } = asked
      return streamAnswer({
        response,
        answer,
        pace,
        includeUsage,
        faults,
        errorText: text,
        startedMs,
        signal,
      })
    }
    const tokens = Math.max(...answer.choices.map((choice) => choice.tokens.length))
    const durationMs = firstTokenMs + (tokensPerSecond > 0 ? (tokens / tokensPerSecond) * 1_000 : 0)
    await sleep(durationMs, undefined, { signal }).catch(() => undefined)
    if (faults.cutAfter !== undefined) return void response.destroy()
    if (!signal.aborted) sendJson(response, 200, completionOf({ answer, withUsage: !faults.missingUsage }))
  }

  const embed = async (request: IncomingMessage, response: ServerResponse) => {
    countCall(request)
    const { status, retryAfter } = faultsOf(request, standing)
    if (status) return sendError(response, status, 'A simulated failure.', retryAfter)
    const json = await answerEmbeddings((await readBody(request)) ?? '')
    return json === undefined ? sendError(response, 400, 'There is no input.') : sendJson(response, 200, json)
  }

  const answerModels = (response: ServerResponse) => {
    const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'simulated' }))
    sendJson(response, 200, JSON.stringify({ object: 'list', data }))
  }

  const answers = new Map([
    ['/v1/chat/completions', answerChat],
    ['/v1/embeddings', embed],
  ])

  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (request.method === 'GET' && path === '/v1/models') return answerModels(response)
    const answer = request.method === 'POST' ? answers.get(path ?? '') : undefined
    if (!answer) return sendError(response, 404, 'There is nothing here.')
    totals.running += 1
    response.once('close', () => {
      totals.running -= 1
      if (!response.writableFinished) totals.aborted += 1
    })
    answer(request, response).catch(() => response.destroy())
    return undefined
  })
  server.on('connection', () => {
    totals.connections += 1
  })

  // The vocabulary is loaded before the first call, which would otherwise be late by it.
  await countTokens('')
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')

  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    port: address.port,
    calls: () => totals.calls,
    callsById,
    running: () => totals.running,
    aborted: () => totals.aborted,
    connections: () => totals.connections,
    setFaults: (faults = {}) => {
      standing = faults
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
