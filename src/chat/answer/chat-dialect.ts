import { frameEvent } from '../../lib/sse.ts'
import { withTurnpike } from '../decorate.ts'
import { CHAT_BODY } from '../fields.ts'
import { readChatRequest } from '../read-chat-request.ts'
import type { StreamPart } from '../types.ts'
import type { AnswerFacts, AnswerStream, Dialect } from './dialect.ts'

/** The provider's own events in frames of ours. Only the last ones are held back, since they wait for the record. */
function openChatStream({ request: { includeUsage } }: AnswerFacts): AnswerStream {
  let finishPart: Extract<StreamPart, { type: 'finish' }> | undefined
  let usagePart: Extract<StreamPart, { type: 'usage' }> | undefined
  return {
    write(part) {
      if (part.type === 'usage') {
        usagePart = part
        return ''
      }
      if (part.type !== 'finish') return frameEvent(part.json)
      // With several choices each has its own finish; only the last one waits for the record.
      const earlier = finishPart
      finishPart = part
      return earlier ? frameEvent(earlier.json) : ''
    },
    finish({ usageCostUsd, turnpike }) {
      const decoration = { usageCostUsd, turnpike, keepUsage: includeUsage }
      const wantsUsageChunk = includeUsage && usagePart !== undefined
      let last = ''
      if (finishPart) {
        const { json } = finishPart
        last += frameEvent(wantsUsageChunk ? json : withTurnpike({ json, ...decoration }))
      }
      if (wantsUsageChunk && usagePart) {
        last += frameEvent(withTurnpike({ json: usagePart.json, ...decoration }))
      }
      return { last, end: 'data: [DONE]\n\n' }
    },
    fail: (error) => frameEvent(JSON.stringify({ error })),
  }
}

/** OpenAI's chat completions: what the house speaks inside, so that nothing is translated. */
export const CHAT_DIALECT: Dialect = {
  description: "A chat completion in OpenAI's dialect by any model, charged for the tokens really used.",
  capField: 'max_tokens',
  body: CHAT_BODY,
  example: { model: 'auto', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 256 },
  namesEvents: false,
  read: readChatRequest,
  openStream: openChatStream,
  writeWhole: ({ json, ending: { usageCostUsd, turnpike } }) =>
    withTurnpike({ json, usageCostUsd, turnpike, keepUsage: true }),
  errorBody: ({ error }) => ({ error }),
}
