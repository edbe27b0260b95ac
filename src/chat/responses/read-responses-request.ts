import { invalidField } from '../check-options.ts'
import { fromHubFields } from '../from-hub-fields.ts'
import { checkNames, readBodyObject, readModel } from '../read-body-object.ts'
import { type Fields, isAbsent, readFlag, readText } from '../read-values.ts'
import type { ChatRequest } from '../types.ts'
import { REFUSED_FIELDS, REFUSED_IF_TRUE, RESPONSES_FIELDS, SHARED_FIELDS } from './fields.ts'
import { readInput } from './read-input.ts'
import { checkStateless, readReasoningOption, readTextOption, readTools } from './read-options.ts'

function refuseStateful(asked: Fields): void {
  for (const [name, reason] of Object.entries(REFUSED_FIELDS)) {
    const value = asked[name]
    if (isAbsent(value) || (value === false && REFUSED_IF_TRUE.has(name))) continue
    throw invalidField(name, reason)
  }
}

/** The instructions of one call: no turn before it had them, so they stand in front of all. */
const readInstructions = (value: unknown): readonly Fields[] =>
  isAbsent(value) ? [] : [{ role: 'system', content: readText({ value, at: 'instructions' }) }]

function readShared(asked: Fields): Fields {
  const shared = SHARED_FIELDS.filter((name) => !isAbsent(asked[name]))
  return Object.fromEntries(shared.map((name) => [name, asked[name]]))
}

/** The chat dialect takes parallel calls as a matter of tools; without any, providers refuse it. */
const withoutIdle = ({ parallel_tool_calls: parallel, ...fields }: Fields): Fields =>
  isAbsent(parallel) || fields['tools'] === undefined ? fields : { ...fields, parallel_tool_calls: parallel }

/**
 * Reads a body of OpenAI's responses into a chat completion, strictly and once. Whatever would need something stored is refused: here
 * every call carries its whole conversation. No error of it ever holds text of the prompt.
 *
 * @throws TurnpikeError `invalid_json`, `ambiguous_json`, `missing_field`, `invalid_field` or `unknown_field`, with the field in
 * `param`. A missing model comes first: http reads it as a probe.
 */
export function readResponsesRequest({ body }: { body: Uint8Array }): ChatRequest {
  const { fields: asked, members } = readBodyObject({ body })
  const model = readModel(asked['model'])
  checkNames({ names: members.map(({ key }) => key), known: RESPONSES_FIELDS })
  refuseStateful(asked)
  checkStateless(asked)
  const cap = asked['max_output_tokens']
  const fields = withoutIdle({
    model,
    messages: [...readInstructions(asked['instructions']), ...readInput({ value: asked['input'] })],
    ...(isAbsent(cap) ? {} : { max_output_tokens: cap }),
    ...(readFlag({ value: asked['stream'], at: 'stream' }) ? { stream: true } : {}),
    ...readShared(asked),
    ...readTools(asked),
    ...readTextOption(asked['text']),
    ...readReasoningOption(asked['reasoning']),
  })
  return fromHubFields({ model, fields, asked })
}
