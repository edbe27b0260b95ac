import { frameEvent } from '../../lib/sse.ts'
import type { AnswerFacts, AnswerStream } from '../answer/dialect.ts'
import { type ReadChunk, readChunk } from '../answer/read-said.ts'
import { createSegments, type Step } from '../answer/segments.ts'
import { withTurnpike } from '../decorate.ts'
import { deltaOf, messageOf, openBlock, stopOf, usageOf } from './message-parts.ts'
import { anthropicError } from './error-body.ts'

const frame = (type: string, fields: Readonly<Record<string, unknown>>) =>
  frameEvent(JSON.stringify({ type, ...fields }), type)

function frameStep(step: Step): string {
  const { segment } = step
  const { index } = segment
  if (step.type === 'open') return frame('content_block_start', { index, content_block: openBlock(segment) })
  if (step.type === 'delta') {
    const delta = deltaOf({ segment, text: step.text })
    return delta ? frame('content_block_delta', { index, delta }) : ''
  }
  // The signature is over the whole of the thought, so it comes last.
  const signed =
    segment.signature === ''
      ? ''
      : frame('content_block_delta', {
          index,
          delta: { type: 'signature_delta', signature: segment.signature },
        })
  return signed + frame('content_block_stop', { index })
}

/** Anthropic's events of one answer: its blocks one after the other, then why it stopped and what was used. */
export function openMessageStream({ callId, request }: AnswerFacts): AnswerStream {
  const segments = createSegments()
  let stop: Pick<ReadChunk, 'finishReason' | 'stopSequence'> = {}
  let hasBegun = false

  function begin(model: string): string {
    if (hasBegun) return ''
    hasBegun = true
    return frame('message_start', { message: messageOf({ callId, model: model || request.model }) })
  }

  return {
    write(part) {
      if (part.type === 'usage') return ''
      const { model, said, ...ending } = readChunk(part.json)
      stop = { ...stop, ...ending }
      let frames = begin(model)
      for (const one of said) for (const step of segments.take(one)) frames += frameStep(step)
      return frames
    },
    finish({ usage, usageCostUsd, turnpike }) {
      let last = begin('')
      for (const step of segments.end()) last += frameStep(step)
      const delta = stopOf({ segments: segments.closed, ...stop })
      const json = JSON.stringify({ type: 'message_delta', delta, usage: usageOf(usage) })
      last += frameEvent(withTurnpike({ json, usageCostUsd, turnpike, keepUsage: true }), 'message_delta')
      return { last, end: frame('message_stop', {}) }
    },
    fail: (error) => frameEvent(JSON.stringify(anthropicError({ error })), 'error'),
  }
}
