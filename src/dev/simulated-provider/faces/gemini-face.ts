import type { AnswerBlock, AnswerFinish, AnswerToken, AnswerUsage, SimulatedAnswer } from '../answer.ts'
import {
  contentOf,
  type Fields,
  isObject,
  joinNeighbours,
  listOf,
  positive,
  readFields,
  takePrefix,
  type SimulatedMessage,
  toolOf,
  wordsOf,
} from '../read-prompt.ts'
import type { Face, Failure } from './face.ts'

const STATUS_NAMES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  429: 'RESOURCE_EXHAUSTED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** Calls are no reason of their own here: the answer simply stopped. */
const FINISH: Readonly<Record<AnswerFinish, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  calls: 'STOP',
  refusal: 'SAFETY',
}

const isImage = (part: Fields) => {
  const data = part['inlineData'] ?? part['fileData']
  return isObject(data) && wordsOf(data['mimeType']).startsWith('image/')
}

function resultOf({ functionResponse }: Fields): readonly SimulatedMessage[] {
  if (!isObject(functionResponse)) return []
  const { response } = functionResponse
  const { content, error } = isObject(response) ? response : {}
  return [{ role: 'tool', content: wordsOf(content ?? error) }]
}

/** The answers of tools are parts of a user's content. Thoughts that come back are nothing that was said. */
function messagesOf({ role, parts }: Fields): readonly SimulatedMessage[] {
  const said = listOf(parts).filter(({ thought }) => thought !== true)
  if (role === 'model') return [{ role: 'assistant', ...contentOf({ content: said, isImage }) }]
  const results = said.flatMap(resultOf)
  const hasOnlyResults = results.length > 0 && results.length === said.length
  return hasOnlyResults ? results : [...results, { role: 'user', ...contentOf({ content: said, isImage }) }]
}

function systemOf(instruction: unknown): readonly SimulatedMessage[] {
  if (!isObject(instruction)) return []
  return [{ role: 'system', ...contentOf({ content: instruction['parts'], isImage }) }]
}

const usageOf = ({ input, cacheRead, output, reasoning }: AnswerUsage) => ({
  promptTokenCount: input,
  ...(cacheRead > 0 ? { cachedContentTokenCount: cacheRead } : {}),
  candidatesTokenCount: output - reasoning,
  ...(reasoning > 0 ? { thoughtsTokenCount: reasoning } : {}),
  totalTokenCount: input + output,
})

/** What is known of usage while the answer comes. */
const inputOf = ({ input }: AnswerUsage) => ({ promptTokenCount: input, totalTokenCount: input })

const response = ({ model, id }: SimulatedAnswer, candidates: readonly object[], usage?: object) => ({
  candidates,
  ...(usage ? { usageMetadata: usage } : {}),
  modelVersion: model,
  responseId: id,
})

const candidate = (index: number, parts: readonly object[], finish?: AnswerFinish) => ({
  content: { role: 'model', parts },
  ...(finish ? { finishReason: FINISH[finish] } : {}),
  index,
})

const event = (fields: object) => `data: ${JSON.stringify(fields)}\r\n\r\n`

function partOf(block: AnswerBlock, text: string, isLast = true) {
  if (block.kind === 'call') {
    return { functionCall: { id: block.id, name: block.name, args: JSON.parse(text) as unknown } }
  }
  if (block.kind !== 'thought') return { text }
  return { text, thought: true, ...(isLast ? { thoughtSignature: block.signature } : {}) }
}

/** Calls come whole, with the last of their tokens. */
function tokenParts({ block, text, isLast }: AnswerToken): readonly object[] {
  if (block.kind !== 'call') return [partOf(block, text, isLast)]
  return isLast ? [partOf(block, block.tokens.join(''))] : []
}

const errorBody = ({ status, message }: Failure) => ({
  code: status,
  message,
  status: STATUS_NAMES[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL'),
})

/** Gemini says how long to wait in the body, in seconds, and has no header for it. */
function retryInfo({ retryAfter }: Failure) {
  if (retryAfter === undefined) return {}
  const isSeconds = /^\d+$/.test(retryAfter)
  const seconds = isSeconds ? retryAfter : Math.ceil((Date.parse(retryAfter) - Date.now()) / 1_000)
  return { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` }] }
}

const PATH = /^\/v1beta\/models\/([^/:]+):(generateContent|streamGenerateContent)$/

/** POST /v1beta/models/{model}:generateContent and :streamGenerateContent?alt=sse. Any key will do, but there must be one. */
export const geminiFace: Face = {
  path: PATH,
  read({ url, body, headers }) {
    const [, model = '', method] = PATH.exec(url.pathname) ?? []
    const key = headers['x-goog-api-key'] ?? url.searchParams.get('key') ?? headers.authorization
    if (key === undefined) return { status: 403, message: 'The request has no API key.' }
    const fields = readFields(body)
    const isStreamed = method === 'streamGenerateContent'
    if (!fields || !Array.isArray(fields['contents'])) {
      return { status: 400, message: 'There are no contents.' }
    }
    if (isStreamed && url.searchParams.get('alt') !== 'sse') {
      return { status: 400, message: 'Streams are simulated with alt=sse only.' }
    }
    const config = isObject(fields['generationConfig']) ? fields['generationConfig'] : {}
    const messages = listOf(fields['contents']).flatMap(messagesOf)
    return {
      model: decodeURIComponent(model),
      isStreamed,
      includeUsage: true,
      choices: positive(config['candidateCount']) ?? 1,
      cap: positive(config['maxOutputTokens']) ?? 4_096,
      ...takePrefix({ messages: joinNeighbours([...systemOf(fields['systemInstruction']), ...messages]) }),
      tools: listOf(fields['tools'])
        .flatMap(({ functionDeclarations }) => listOf(functionDeclarations))
        .map(({ name, description, parameters, parametersJsonSchema }) =>
          toolOf({ name, description, parameters: parametersJsonSchema ?? parameters }),
        ),
    }
  },
  whole: (answer) => {
    const candidates = answer.choices.map(({ blocks, finish }, index) =>
      candidate(
        index,
        blocks.map((block) => partOf(block, block.tokens.join(''))),
        finish,
      ),
    )
    return JSON.stringify(response(answer, candidates, answer.usage && usageOf(answer.usage)))
  },
  // A stream begins with its first words.
  opening: () => '',
  token: (token) => {
    const parts = tokenParts(token)
    const { answer, choice } = token
    if (parts.length === 0) return ''
    return event(response(answer, [candidate(choice, parts)], answer.usage && inputOf(answer.usage)))
  },
  end: (answer) => {
    const ends = answer.choices.map(({ finish }, index) => candidate(index, [{ text: '' }], finish))
    return event(response(answer, ends, answer.usage && usageOf(answer.usage)))
  },
  error: (failure) => ({
    json: JSON.stringify({ error: { ...errorBody(failure), ...retryInfo(failure) } }),
  }),
  errorEvent: ({ status = 503, message }) => event({ error: errorBody({ status, message }) }),
  keepAlive: ': keep-alive\n\n',
  malformed: 'data: {"candidates":[{"con\r\n\r\n',
}
