import type { Step } from '../answer/segments.ts'
import type { Fields } from '../read-values.ts'
import { itemId, itemOf, partOf } from './response-parts.ts'

export type ResponseEvent = readonly [type: string, fields: Fields]

/** What the parts of an item of this kind are called in the names of its events, and where in the item they stand. */
const PARTS = {
  text: { part: 'content_part', told: 'output_text', value: 'text', place: { content_index: 0 } },
  refusal: { part: 'content_part', told: 'refusal', value: 'refusal', place: { content_index: 0 } },
  reasoning: {
    part: 'reasoning_summary_part',
    told: 'reasoning_summary_text',
    value: 'text',
    place: { summary_index: 0 },
  },
  tool: { part: undefined, told: 'function_call_arguments', value: 'arguments', place: {} },
  encrypted: undefined,
} as const

/** Only the events of plain text have a list of probabilities, which is empty here. */
const probabilities = (told: string) => (told === 'output_text' ? { logprobs: [] } : {})

/**
 * The events of one step of an answer, in the order of OpenAI's stream.
 *
 * @param isCut whether the item that closes was cut off.
 */
export function stepEvents({
  callId,
  step,
  isCut,
}: {
  callId: string
  step: Step
  isCut: boolean
}): readonly ResponseEvent[] {
  const { segment } = step
  const where = { output_index: segment.index }
  const parts = PARTS[segment.kind]
  const at = { ...where, item_id: itemId({ callId, segment }), ...parts?.place }
  if (step.type === 'delta') {
    if (!parts) return []
    return [[`response.${parts.told}.delta`, { ...at, delta: step.text, ...probabilities(parts.told) }]]
  }
  if (step.type === 'open') {
    const item = itemOf({ callId, segment, status: 'in_progress' })
    const added: ResponseEvent = ['response.output_item.added', { ...where, item }]
    if (!parts?.part) return [added]
    return [added, [`response.${parts.part}.added`, { ...at, part: partOf({ segment, text: '' }) }]]
  }
  const item = itemOf({ callId, segment, status: isCut ? 'incomplete' : 'completed' })
  const done: ResponseEvent = ['response.output_item.done', { ...where, item }]
  if (!parts) return [done]
  const told = { ...at, [parts.value]: segment.text, ...probabilities(parts.told) }
  const toldDone: ResponseEvent = [`response.${parts.told}.done`, told]
  if (!parts.part) return [[toldDone[0], { ...told, name: segment.name }], done]
  const part = partOf({ segment, text: segment.text })
  return [toldDone, [`response.${parts.part}.done`, { ...at, part }], done]
}
