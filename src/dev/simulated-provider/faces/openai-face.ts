import { frameEvent } from '../../../lib/sse.ts'
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
} from '../read-prompt.ts'
import { type Face, retryAfterHeader } from './face.ts'

const ROLES: Readonly<Record<string, SimulatedMessage['role']>> = {
  system: 'system',
  developer: 'system',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
}

const FINISH: Readonly<Record<AnswerFinish, string>> = {
  stop: 'stop',
  length: 'length',
  calls: 'tool_calls',
  // A refusal is told by its own field.
  refusal: 'stop',
}

const messageOf = (message: Fields): SimulatedMessage => ({
  role: ROLES[String(message['role'])] ?? 'user',
  ...contentOf({ content: message['content'], isImage: ({ type }) => type === 'image_url' }),
})

/** DeepSeek's and Mistral's mark, and Moonshot's and Alibaba's. */
const isBeginning = (last: Fields | undefined) => last?.['prefix'] === true || last?.['partial'] === true

const usageOf = ({ input, cacheRead, cacheWrite, output, reasoning }: AnswerUsage) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: {
    cached_tokens: cacheRead,
    audio_tokens: 0,
    ...(cacheWrite > 0 ? { cache_write_tokens: cacheWrite } : {}),
  },
  completion_tokens_details: {
    reasoning_tokens: reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
})

const common = ({ id, createdAt, model }: SimulatedAnswer, object: string) => ({
  id: `chatcmpl-${id}`,
  object,
  created: createdAt,
  model,
  system_fingerprint: 'fp_simulated',
})

const chunk = (answer: SimulatedAnswer, choices: readonly unknown[], usage?: AnswerUsage) =>
  frameEvent(
    JSON.stringify({
      ...common(answer, 'chat.completion.chunk'),
      choices,
      ...(usage ? { usage: usageOf(usage) } : {}),
    }),
  )

/** Thoughts are OpenRouter's: OpenAI's own chat completions show none. */
function deltaOf({ block, text, isFirst, isLast }: AnswerToken) {
  switch (block.kind) {
    case 'text':
      return { content: text }
    case 'refusal':
      return { refusal: text }
    case 'thought': {
      const seal = isLast ? { signature: block.signature } : {}
      return { reasoning: text, reasoning_details: [{ type: 'reasoning.text', text, ...seal, index: 0 }] }
    }
    case 'call': {
      const opening = isFirst ? { id: block.id, type: 'function' } : {}
      const called = { ...(isFirst ? { name: block.name } : {}), arguments: text }
      return { tool_calls: [{ index: block.index, ...opening, function: called }] }
    }
  }
}

function wholeMessage(blocks: readonly AnswerBlock[]) {
  const said = (kind: AnswerBlock['kind']) => {
    const found = blocks.filter((block) => block.kind === kind)
    return found.length === 0 ? null : found.flatMap(({ tokens }) => tokens).join('')
  }
  const reasoning = said('thought')
  const details = blocks.flatMap((block) =>
    block.kind === 'thought'
      ? [{ type: 'reasoning.text', text: reasoning, signature: block.signature, index: 0 }]
      : [],
  )
  const calls = blocks.flatMap((block) => {
    if (block.kind !== 'call') return []
    const called = { name: block.name, arguments: block.tokens.join('') }
    return [{ id: block.id, type: 'function', function: called }]
  })
  return {
    role: 'assistant',
    content: said('text'),
    refusal: said('refusal'),
    ...(reasoning === null ? {} : { reasoning, reasoning_details: details }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  }
}

/** POST /v1/chat/completions. */
export const openAiFace: Face = {
  path: /^\/v1\/chat\/completions$/,
  read({ body }) {
    const fields = readFields(body)
    if (!fields || typeof fields['model'] !== 'string' || !Array.isArray(fields['messages'])) {
      return { status: 400, message: 'This is not a chat completion.' }
    }
    const options = fields['stream_options']
    return {
      model: fields['model'],
      isStreamed: fields['stream'] === true,
      includeUsage: isObject(options) && options['include_usage'] === true,
      choices: positive(fields['n']) ?? 1,
      cap: positive(fields['max_completion_tokens']) ?? positive(fields['max_tokens']) ?? 4_096,
      ...takePrefix({
        messages: joinNeighbours(listOf(fields['messages']).map(messageOf)),
        isMarked: isBeginning(listOf(fields['messages']).at(-1)),
      }),
      tools: listOf(fields['tools']).map(({ function: called }) => {
        const { name, description, parameters } = isObject(called) ? called : {}
        return toolOf({ name, description, parameters })
      }),
    }
  },
  whole: (answer) =>
    JSON.stringify({
      ...common(answer, 'chat.completion'),
      choices: answer.choices.map(({ blocks, finish }, index) => ({
        index,
        message: wholeMessage(blocks),
        logprobs: null,
        finish_reason: FINISH[finish],
      })),
      ...(answer.usage ? { usage: usageOf(answer.usage) } : {}),
    }),
  opening: (answer) =>
    chunk(
      answer,
      answer.choices.map((_, index) => ({
        index,
        delta: { role: 'assistant', content: '', refusal: null },
        logprobs: null,
        finish_reason: null,
      })),
    ),
  token: (token) =>
    chunk(token.answer, [
      { index: token.choice, delta: deltaOf(token), logprobs: null, finish_reason: null },
    ]),
  end: (answer) =>
    [
      ...answer.choices.map(({ finish }, index) =>
        chunk(answer, [{ index, delta: {}, logprobs: null, finish_reason: FINISH[finish] }]),
      ),
      answer.usage ? chunk(answer, [], answer.usage) : '',
      'data: [DONE]\n\n',
    ].join(''),
  error: (failure) => ({
    json: JSON.stringify({
      error: {
        message: failure.message,
        type: failure.status < 500 ? 'invalid_request_error' : 'api_error',
        param: null,
        code: null,
      },
    }),
    ...retryAfterHeader(failure),
  }),
  errorEvent: ({ status = 502, message }) => frameEvent(JSON.stringify({ error: { message, code: status } })),
  keepAlive: ': keep-alive\n\n',
  malformed: 'data: {"choices":[{"del\n\n',
}
