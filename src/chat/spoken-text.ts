type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

function callText(call: unknown): string {
  if (!isObject(call)) return ''
  const called = isObject(call['function']) ? call['function'] : call['custom']
  if (!isObject(called)) return ''
  return textOf(called['name']) + textOf(called['arguments']) + textOf(called['input'])
}

/** OpenRouter's and our own form of reasoning: texts and summaries in pieces. What is encrypted is no text. */
function detailsText(details: unknown): string {
  if (!Array.isArray(details)) return ''
  let text = ''
  for (const detail of details)
    if (isObject(detail)) text += textOf(detail['text']) + textOf(detail['summary'])
  return text
}

const reasoningText = (said: Fields) =>
  textOf(said['reasoning_content']) || textOf(said['reasoning']) || detailsText(said['reasoning_details'])

/** Whether what {@link spokenText} reads of this holds reasoning. */
export const speaksReasoning = (said: unknown): boolean => isObject(said) && reasoningText(said) !== ''

/**
 * What a model wrote in one delta or message: the text that a tokenizer would count as output. Tool calls count with
 * name and arguments, reasoning counts once whatever the provider calls it.
 *
 * @param said `choices[].delta` of a chunk or `choices[].message` of a completion.
 */
export function spokenText(said: unknown): string {
  if (!isObject(said)) return ''
  const calls = Array.isArray(said['tool_calls']) ? said['tool_calls'] : []
  const audio = said['audio']
  let text = reasoningText(said)
  text += textOf(said['content']) + textOf(said['refusal'])
  for (const call of calls) text += callText(call)
  if (isObject(said['function_call'])) text += callText({ function: said['function_call'] })
  if (isObject(audio)) text += textOf(audio['transcript'])
  return text
}
