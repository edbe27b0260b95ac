import { frameEvent } from '../../../lib/sse.ts'
import type { AnswerBlock, AnswerFinish, AnswerToken, AnswerUsage, SimulatedAnswer } from '../answer.ts'
import {
  contentOf,
  type Fields,
  joinNeighbours,
  listOf,
  positive,
  readFields,
  takePrefix,
  type SimulatedMessage,
  toolOf,
} from '../read-prompt.ts'
import { type Face, retryAfterHeader } from './face.ts'

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

const OVERLOADED = 529

const STOP: Readonly<Record<AnswerFinish, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  calls: 'tool_use',
  refusal: 'refusal',
}

/** Zeros where usage is missing: the dialect has no answer without numbers. */
const NOTHING: AnswerUsage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 }

const isImage = ({ type }: Fields) => type === 'image'

/** The answers of tools stand in a user's message; they are messages of their own for the other dialects. */
function messagesOf({ role, content }: Fields): readonly SimulatedMessage[] {
  if (role === 'assistant') return [{ role: 'assistant', ...contentOf({ content, isImage }) }]
  const results = listOf(content).filter(({ type }) => type === 'tool_result')
  const tools = results.map((result): SimulatedMessage => ({
    role: 'tool',
    ...contentOf({ content: result['content'], isImage }),
  }))
  const hasOnlyResults = results.length > 0 && results.length === listOf(content).length
  return hasOnlyResults ? tools : [...tools, { role: 'user', ...contentOf({ content, isImage }) }]
}

const inputOf = ({ input, cacheRead, cacheWrite }: AnswerUsage) => ({
  input_tokens: input - cacheRead - cacheWrite,
  cache_creation_input_tokens: cacheWrite,
  cache_read_input_tokens: cacheRead,
  cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
})

const outputOf = ({ output, reasoning }: AnswerUsage) => ({
  output_tokens: output,
  ...(reasoning > 0 ? { output_tokens_details: { thinking_tokens: reasoning } } : {}),
})

const event = (fields: { readonly type: string; readonly [name: string]: unknown }) =>
  frameEvent(JSON.stringify(fields), fields.type)

const message = ({ id, model }: SimulatedAnswer, fields: object) => ({
  id: `msg_${id}`,
  type: 'message',
  role: 'assistant',
  model,
  stop_sequence: null,
  ...fields,
})

const finishOf = ({ choices: [choice] }: SimulatedAnswer) => STOP[choice?.finish ?? 'stop']

/** A block as it is begun, before any of its tokens. */
function emptyBlock(block: AnswerBlock) {
  if (block.kind === 'thought') return { type: 'thinking', thinking: '', signature: '' }
  if (block.kind === 'call') return { type: 'tool_use', id: block.id, name: block.name, input: {} }
  return { type: 'text', text: '' }
}

function wholeBlock(block: AnswerBlock) {
  const text = block.tokens.join('')
  if (block.kind === 'thought') return { type: 'thinking', thinking: text, signature: block.signature }
  if (block.kind === 'call') return { ...emptyBlock(block), input: JSON.parse(text) as unknown }
  return { type: 'text', text }
}

function deltaOf({ block: { kind }, text }: AnswerToken) {
  if (kind === 'thought') return { type: 'thinking_delta', thinking: text }
  return kind === 'call' ? { type: 'input_json_delta', partial_json: text } : { type: 'text_delta', text }
}

const errorBody = ({ status, message: text }: { status: number; message: string }) => {
  const type = ERROR_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
  return { type: 'error', error: { type, message: text } }
}

const hasKey = (headers: Readonly<Record<string, unknown>>) =>
  headers['x-api-key'] !== undefined || headers['authorization'] !== undefined

/** POST /v1/messages. Any key will do, but there must be one. */
export const anthropicFace: Face = {
  path: /^\/v1\/messages$/,
  read({ body, headers }) {
    if (!hasKey(headers)) return { status: 401, message: 'x-api-key header is required' }
    const fields = readFields(body)
    const cap = positive(fields?.['max_tokens'])
    if (!fields || !cap || typeof fields['model'] !== 'string' || !Array.isArray(fields['messages'])) {
      return { status: 400, message: 'This is not a message, or it has no max_tokens.' }
    }
    const { system } = fields
    const before: SimulatedMessage[] =
      system === undefined ? [] : [{ role: 'system', ...contentOf({ content: system, isImage }) }]
    return {
      model: fields['model'],
      isStreamed: fields['stream'] === true,
      includeUsage: true,
      choices: 1,
      cap,
      ...takePrefix({
        messages: joinNeighbours([...before, ...listOf(fields['messages']).flatMap(messagesOf)]),
      }),
      tools: listOf(fields['tools']).map(({ name, description, input_schema: parameters }) =>
        toolOf({ name, description, parameters }),
      ),
    }
  },
  whole: (answer) => {
    const { usage = NOTHING, choices } = answer
    return JSON.stringify(
      message(answer, {
        content: (choices[0]?.blocks ?? []).map(wholeBlock),
        stop_reason: finishOf(answer),
        usage: { ...inputOf(usage), ...outputOf(usage) },
      }),
    )
  },
  opening: (answer) => {
    const { usage = NOTHING } = answer
    const begun = { ...inputOf(usage), output_tokens: Math.min(usage.output, 1) }
    const start = message(answer, { content: [], stop_reason: null, usage: begun })
    return event({ type: 'message_start', message: start }) + event({ type: 'ping' })
  },
  token(token) {
    const { block, blockIndex: index, isFirst, isLast } = token
    const start = { type: 'content_block_start', index, content_block: emptyBlock(block) }
    const seal =
      isLast && block.kind === 'thought' ? [{ type: 'signature_delta', signature: block.signature }] : []
    const deltas = [deltaOf(token), ...seal].map((delta) =>
      event({ type: 'content_block_delta', index, delta }),
    )
    return [
      isFirst ? event(start) : '',
      ...deltas,
      isLast ? event({ type: 'content_block_stop', index }) : '',
    ].join('')
  },
  end: (answer) => {
    const delta = { stop_reason: finishOf(answer), stop_sequence: null }
    const usage = outputOf(answer.usage ?? NOTHING)
    return event({ type: 'message_delta', delta, usage }) + event({ type: 'message_stop' })
  },
  error: (failure) => ({ json: JSON.stringify(errorBody(failure)), ...retryAfterHeader(failure) }),
  errorEvent: ({ status = OVERLOADED, message: text }) => event(errorBody({ status, message: text })),
  keepAlive: event({ type: 'ping' }),
  malformed: 'event: content_block_delta\ndata: {"type":"content_block_del\n\n',
}
