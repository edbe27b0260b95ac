import { once } from 'node:events'
import { createServer } from 'node:http'
import { countTokens } from '../../chat/count-tokens.ts'
import type { AnswerSettings } from './answer-request.ts'
import type { SimulatedFaults } from './faults.ts'
import { createPromptCounter } from './read-prompt.ts'
import { routeRequest, type Standing } from './route-request.ts'
import type { SpecialAnswer } from './special-answer.ts'
import { createTally } from './tally.ts'

export type SimulatedProvider = {
  /** The base URL of its OpenAI-dialect API, ending in /v1. */
  readonly url: string
  /** Without a path: Anthropic's base URL is `${origin}/v1`, Gemini's `${origin}/v1beta`. */
  readonly origin: string
  readonly port: number
  /** Answers and embeddings asked for so far. */
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
  /** What every answer has from now on besides text; nothing takes it back. The header `x-sim-answer` wins. */
  readonly setAnswer: (special?: SpecialAnswer) => void
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
  /** What goes wrong with each answer, by what is asked; the header `x-sim-fault` wins. */
  readonly faultsOf?: AnswerSettings['faultsOf']
  /** Told how each answer ended: the provider's own record, for those who hold bills against it. */
  readonly onEnd?: AnswerSettings['onEnd']
}

/**
 * Starts the provider of dev, demo and the tests: a real HTTP server on 127.0.0.1 that speaks the dialects of OpenAI, Anthropic and
 * Gemini. Its text looks like English, depends on seed and prompt alone, and comes one o200k token a chunk: 60 to 160 tokens where
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
  faultsOf,
  onEnd,
}: SimulatedProviderOptions = {}): Promise<SimulatedProvider> {
  const settings: AnswerSettings = {
    pace: { firstTokenMs, tokensPerSecond },
    seed,
    length: { minTokens, maxTokens },
    countPrompt: createPromptCounter(),
    faultsOf,
    onEnd,
  }
  const { totals, callsById, addCall } = createTally()
  const standing: Standing = { faults: {}, special: {} }

  const server = createServer((request, response) => {
    const routed = { request, response, standing, settings, models, onCall: addCall }
    routeRequest(routed).catch(() => response.destroy())
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
  const origin = `http://127.0.0.1:${address.port}`

  return {
    url: `${origin}/v1`,
    origin,
    port: address.port,
    calls: () => totals.calls,
    callsById,
    running: () => totals.running,
    aborted: () => totals.aborted,
    connections: () => totals.connections,
    setFaults: (faults = {}) => {
      standing.faults = faults
    },
    setAnswer: (special = {}) => {
      standing.special = special
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
