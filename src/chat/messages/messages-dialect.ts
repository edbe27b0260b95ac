import type { Dialect } from '../answer/dialect.ts'
import { readChunk } from '../answer/read-said.ts'
import { createSegments } from '../answer/segments.ts'
import { withTurnpike } from '../decorate.ts'
import { anthropicError } from './error-body.ts'
import { MESSAGES_BODY } from './fields.ts'
import { messageOf, stopOf, usageOf, wholeBlock } from './message-parts.ts'
import { openMessageStream } from './message-stream.ts'
import { readMessagesRequest } from './read-messages-request.ts'

const writeMessage: Dialect['writeWhole'] = ({ json, facts, ending }) => {
  const { model, said, ...stop } = readChunk(json)
  const segments = createSegments()
  for (const one of said) segments.take(one)
  segments.end()
  const { closed } = segments
  const message = {
    ...messageOf({ callId: facts.callId, model: model || facts.request.model }),
    content: closed.map(wholeBlock),
    ...stopOf({ segments: closed, ...stop }),
    usage: usageOf(ending.usage),
  }
  const { usageCostUsd, turnpike } = ending
  return withTurnpike({ json: JSON.stringify(message), usageCostUsd, turnpike, keepUsage: true })
}

/** Anthropic's messages: what its SDK and the coding agents speak. */
export const MESSAGES_DIALECT: Dialect = {
  description: "A message in Anthropic's dialect by any model, charged for the tokens really used.",
  capField: 'max_tokens',
  body: MESSAGES_BODY,
  example: { model: 'auto', max_tokens: 256, messages: [{ role: 'user', content: 'Hello' }] },
  namesEvents: true,
  requestIdHeader: 'request-id',
  read: readMessagesRequest,
  openStream: openMessageStream,
  writeWhole: writeMessage,
  errorBody: anthropicError,
}
