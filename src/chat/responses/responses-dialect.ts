import type { WireError } from '../../lib/errors/to-wire.ts'
import type { Dialect } from '../answer/dialect.ts'
import { readChunk } from '../answer/read-said.ts'
import { createSegments } from '../answer/segments.ts'
import { withTurnpike } from '../decorate.ts'
import { RESPONSES_BODY } from './fields.ts'
import { readResponsesRequest } from './read-responses-request.ts'
import { incompleteReason, outputOf, responseOf, usageOf } from './response-parts.ts'
import { openResponseStream } from './response-stream.ts'

const writeResponse: Dialect['writeWhole'] = ({ json, facts, ending }) => {
  const { model, said, finishReason } = readChunk(json)
  const segments = createSegments()
  for (const one of said) segments.take(one)
  segments.end()
  const incomplete = incompleteReason(finishReason)
  const isCut = incomplete !== undefined
  const state = {
    status: isCut ? 'incomplete' : 'completed',
    output: outputOf({ callId: facts.callId, segments: segments.closed, isCut }),
    usage: usageOf(ending.usage),
    ...(isCut ? { incomplete } : {}),
  } as const
  const response = JSON.stringify(responseOf({ facts, model, state }))
  const { usageCostUsd, turnpike } = ending
  return withTurnpike({ json: response, usageCostUsd, turnpike, keepUsage: true })
}

/** The plan speaks of the field that is the prompt inside. */
const inOwnWords = (error: WireError): WireError =>
  error.code === 'context_length_exceeded' ? { ...error, param: 'input' } : error

/** OpenAI's responses, without anything that would have to be stored. */
export const RESPONSES_DIALECT: Dialect = {
  description: "A response in OpenAI's dialect by any model, charged for the tokens really used.",
  capField: 'max_output_tokens',
  body: RESPONSES_BODY,
  example: { model: 'auto', input: 'Hello', max_output_tokens: 256 },
  namesEvents: true,
  read: readResponsesRequest,
  openStream: openResponseStream,
  writeWhole: writeResponse,
  errorBody: ({ error }) => ({ error: inOwnWords(error) }),
}
