import { createServer, type RequestListener, type Server } from 'node:http'
import type { Server as TcpServer } from 'node:net'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { UpstreamRequest } from '../../../src/call/ports.ts'
import type { Endpoint, Provider } from '../../../src/catalog/types.ts'
import type { StreamPart } from '../../../src/chat/types.ts'
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../../src/dev/simulated-provider/start-simulated-provider.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { createUpstreams } from '../../../src/providers/create-upstreams.ts'
import type { UpstreamTimeouts } from '../../../src/providers/openai-compatible.ts'
import { PATIENT } from '../../support/upstream-clocks.ts'

/** The prompt of every call, which no error may repeat. */
export const CANARY = 'canary-9c1d'
export const ENDPOINT: Endpoint = {
  id: 'simulated/m@local',
  modelId: 'v/m',
  providerId: 'simulated',
  region: 'local',
  upstreamModel: 'm',
}
export const provider = (baseUrl: string): Provider => ({
  id: 'simulated',
  dialect: 'openai',
  baseUrl,
  simulated: true,
})

export const body = (fields: object = {}) =>
  JSON.stringify({
    model: 'm',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: CANARY }],
    ...fields,
  })

type Upstreams = ReturnType<typeof createUpstreams>
type Asked = Partial<UpstreamRequest> & { via?: Upstreams }
type Closing = { close: () => unknown }

/** The simulated provider behind the product's upstreams, and providers of a test's own. What a test opens is closed after it. */
export function useUpstreams() {
  let sim: SimulatedProvider
  let upstreams: Upstreams
  const opened: Closing[] = []

  beforeAll(async () => {
    sim = await startSimulatedProvider({
      firstTokenMs: 10,
      tokensPerSecond: 1_000,
      minTokens: 20,
      maxTokens: 30,
    })
    upstreams = createUpstreams({ providers: [provider(sim.url)], keys: () => undefined, timeouts: PATIENT })
  })
  afterEach(async () => {
    sim.setFaults()
    await Promise.all(opened.splice(0).map((one) => one.close()))
  })
  afterAll(async () => {
    await upstreams.close()
    await sim.close()
  })

  function closeLater<One extends Closing>(one: One): One {
    opened.push(one)
    return one
  }

  async function ask({ via = upstreams, ...asked }: Asked = {}) {
    const parts: StreamPart[] = []
    const end = await via.dispatch({
      endpoint: ENDPOINT,
      body: body(),
      stream: true,
      signal: new AbortController().signal,
      onPart: (part) => void parts.push(part),
      ...asked,
    })
    return { end, parts, text: parts.map((part) => ('text' in part ? part.text : '')).join('') }
  }

  /** The error of a call that must fail, checked for words of the prompt in every corner of it. */
  async function failure(asked: Asked = {}): Promise<TurnpikeError> {
    try {
      await ask(asked)
    } catch (error) {
      if (!(error instanceof TurnpikeError)) throw error
      const { message, details, stack } = error
      expect(JSON.stringify([message, details, stack, String(details.cause)])).not.toContain(CANARY)
      return error
    }
    throw new Error('it did not fail')
  }

  /** A provider that answers as the test says, byte by byte where it must. */
  async function startRaw(answer: RequestListener): Promise<{ url: string; server: Server }> {
    const server = createServer(answer)
    const port = await listen(server)
    closeLater({
      close: () => {
        server.closeAllConnections()
        server.close()
      },
    })
    return { url: `http://127.0.0.1:${port}/v1`, server }
  }

  const connect = (url: string, timeouts: UpstreamTimeouts = PATIENT) =>
    closeLater(createUpstreams({ providers: [provider(url)], keys: () => undefined, timeouts }))

  return {
    get sim() {
      return sim
    },
    get upstreams() {
      return upstreams
    },
    ask,
    failure,
    startRaw,
    connect,
    closeLater,
  }
}

/** @returns the port. */
export async function listen(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
