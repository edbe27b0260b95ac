import { hasOwnTokenizer } from '../../catalog/own-tokenizer.ts'
import type { Delivered } from './meter.ts'
import type { FinishedCall } from '../types.ts'

/** What a caller may ask thinking with, in the dialects' words. */
const THINKING_FIELDS = ['reasoning', 'reasoning_effort', 'thinking'] as const

/** Ends of an answer that is text alone; a tool call is written in marks of the provider's own. */
const TEXT_ENDS: ReadonlySet<string | undefined> = new Set(['stop', 'length'])

/**
 * The text of an answer where the provider's count of output text is a count of it: one choice, no tool calls, no sound or
 * pictures, no drafts that were thrown away, and no thinking that is hidden in the count. Reasoning is nobody's to count from outside.
 *
 * @returns undefined where there is more to the count than can be seen.
 */
export function plainOutput({
  call: { request, model, capture },
  delivered,
}: {
  call: Pick<FinishedCall, 'request' | 'model' | 'capture'>
  delivered: Delivered
}): string | undefined {
  const { usage, finishReason } = capture
  if (request.choices > 1 || !TEXT_ENDS.has(finishReason) || usage.audio + usage.images > 0) return undefined
  const { fields } = request
  if (fields['prediction'] !== undefined || delivered.hasReasoning()) return undefined
  // A provider that says how much was thought says by that how much was not.
  if (usage.reasoning > 0 || model.reasoning === false) return delivered.text()
  // OpenAI always tells, also that nothing was.
  if (model.reasoning === true) return hasOwnTokenizer(model) ? delivered.text() : undefined
  return THINKING_FIELDS.some((name) => fields[name] !== undefined) ? undefined : delivered.text()
}
