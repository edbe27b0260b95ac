import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerRequest, type AnswerSettings, refuse } from './answer-request.ts'
import { readBody, sendJson } from './exchange-bytes.ts'
import { anthropicFace } from './faces/anthropic-face.ts'
import type { Face, Failure } from './faces/face.ts'
import { geminiFace } from './faces/gemini-face.ts'
import { openAiFace } from './faces/openai-face.ts'
import { parseFaults, type SimulatedFaults } from './faults.ts'
import { answerEmbeddings } from './simulated-embeddings.ts'
import { parseSpecialAnswer, type SpecialAnswer } from './special-answer.ts'

/** What stands for every answer until it is changed. */
export type Standing = { faults: SimulatedFaults; special: SpecialAnswer }

type Routed = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly standing: Standing
  readonly settings: AnswerSettings
  readonly models: readonly string[]
  /** Called for each answer that is asked for. */
  readonly onCall: (exchange: { request: IncomingMessage; response: ServerResponse }) => void
}

/** A new dialect is one face more. */
const FACES: readonly Face[] = [openAiFace, anthropicFace, geminiFace]

/** What one request asks for by its header, else what stands. */
function readStanding(request: IncomingMessage, { faults, special }: Standing): Standing {
  const { 'x-sim-fault': wrong, 'x-sim-answer': wanted } = request.headers
  return {
    faults: typeof wrong === 'string' ? parseFaults(wrong) : faults,
    special: typeof wanted === 'string' ? parseSpecialAnswer(wanted) : special,
  }
}

async function embed({ request, response }: Routed, { status, retryAfter }: SimulatedFaults): Promise<void> {
  const fail = (failure: Failure) => refuse({ face: openAiFace, response, failure })
  if (status) return fail({ status, message: 'A simulated failure.', retryAfter })
  const json = await answerEmbeddings((await readBody(request)) ?? '')
  return json === undefined
    ? fail({ status: 400, message: 'There is no input.' })
    : sendJson({ response, json })
}

function listModels({ models, response }: Routed): void {
  const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'simulated' }))
  sendJson({ response, json: JSON.stringify({ object: 'list', data }) })
}

/** Gives a request to the face whose path it names; embeddings and the list of models are OpenAI's alone. */
export async function routeRequest(routed: Routed): Promise<void> {
  const { request, response, standing, settings, onCall } = routed
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const { pathname } = url
  if (request.method === 'GET' && pathname === '/v1/models') return listModels(routed)
  const isPost = request.method === 'POST'
  const face = isPost ? FACES.find(({ path }) => path.test(pathname)) : undefined
  if (!face && !(isPost && pathname === '/v1/embeddings')) {
    const failure = { status: 404, message: 'There is nothing here.' }
    return refuse({ face: openAiFace, response, failure })
  }
  onCall({ request, response })
  const { faults, special } = readStanding(request, standing)
  if (!face) return embed(routed, faults)
  return answerRequest({ face, url, request, response, faults, special, settings })
}
