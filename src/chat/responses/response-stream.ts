import { frameEvent } from '../../lib/sse.ts'
import type { AnswerFacts, AnswerStream } from '../answer/dialect.ts'
import { readChunk } from '../answer/read-said.ts'
import { createSegments, type Step } from '../answer/segments.ts'
import { withTurnpike } from '../decorate.ts'
import type { Fields } from '../read-values.ts'
import { incompleteReason, outputOf, responseOf, type ResponseState, usageOf } from './response-parts.ts'
import { stepEvents } from './step-events.ts'

/** OpenAI's events of one response: numbered, its items one after the other, and at last the whole of it. */
export function openResponseStream(facts: AnswerFacts): AnswerStream {
  const { callId } = facts
  const segments = createSegments()
  let finishReason: string | undefined
  let model = ''
  let count = 0
  let hasBegun = false

  const frame = (type: string, fields: Fields) =>
    frameEvent(JSON.stringify({ type, sequence_number: count++, ...fields }), type)

  const response = (state: ResponseState) => responseOf({ facts, model, state })

  function begin(): string {
    if (hasBegun) return ''
    hasBegun = true
    const begun = { response: response({ status: 'in_progress', output: [] }) }
    return frame('response.created', begun) + frame('response.in_progress', begun)
  }

  function tell(steps: readonly Step[], isCut = false): string {
    let frames = ''
    for (const step of steps) {
      const isLast = isCut && step === steps.at(-1)
      for (const [type, fields] of stepEvents({ callId, step, isCut: isLast })) frames += frame(type, fields)
    }
    return frames
  }

  return {
    write(part) {
      if (part.type === 'usage') return ''
      const chunk = readChunk(part.json)
      finishReason = chunk.finishReason ?? finishReason
      model ||= chunk.model
      let frames = begin()
      for (const said of chunk.said) frames += tell(segments.take(said))
      return frames
    },
    finish({ usage, usageCostUsd, turnpike }) {
      const incomplete = incompleteReason(finishReason)
      const isCut = incomplete !== undefined
      const last = begin() + tell(segments.end(), isCut)
      const status = isCut ? 'incomplete' : 'completed'
      const output = outputOf({ callId, segments: segments.closed, isCut })
      const whole = { status, output, usage: usageOf(usage), ...(isCut ? { incomplete } : {}) } as const
      const json = withTurnpike({
        json: JSON.stringify(response(whole)),
        usageCostUsd,
        turnpike,
        keepUsage: true,
      })
      const type = `response.${status}`
      // The charge is a JSON number that must not pass through a float, so the response is put in as text.
      const head = JSON.stringify({ type, sequence_number: count++ }).slice(0, -1)
      return { last, end: frameEvent(`${head},"response":${json}}`, type) }
    },
    fail(error) {
      const begun = begin()
      segments.end()
      const output = outputOf({ callId, segments: segments.closed, isCut: true })
      return begun + frame('response.failed', { response: response({ status: 'failed', output, error }) })
    },
  }
}
