import { type Fields, isObject } from '../read-values.ts'

export type CalledTool = { readonly name: string; readonly arguments: string }

/** One choice of an answer, put together. */
export type WholeAnswer = {
  readonly content: string
  readonly refusal: string
  readonly calls: readonly CalledTool[]
}

type Growing = { content: string; refusal: string; calls: Map<number, { name: string; arguments: string }> }

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '')
const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function addCalls(calls: unknown, grown: Growing): void {
  for (const [place, call] of listIn(calls).entries()) {
    if (!isObject(call) || !isObject(call['function'])) continue
    const index = typeof call['index'] === 'number' ? call['index'] : place
    const known = grown.calls.get(index) ?? { name: '', arguments: '' }
    known.name += textIn(call['function']['name'])
    known.arguments += textIn(call['function']['arguments'])
    grown.calls.set(index, known)
  }
}

function addChoice(choice: Fields, choices: Map<number, Growing>): void {
  const said = choice['delta'] ?? choice['message']
  if (!isObject(said)) return
  const index = typeof choice['index'] === 'number' ? choice['index'] : 0
  const grown = choices.get(index) ?? { content: '', refusal: '', calls: new Map() }
  grown.content += textIn(said['content'])
  grown.refusal += textIn(said['refusal'])
  addCalls(said['tool_calls'], grown)
  choices.set(index, grown)
}

/**
 * The choices of an answer, from the JSON of a completion or of all chunks of a stream in their order.
 *
 * @returns none where something in it is not JSON.
 */
export function wholeAnswers(jsons: readonly string[]): readonly WholeAnswer[] {
  const choices = new Map<number, Growing>()
  try {
    for (const json of jsons) {
      const event: unknown = JSON.parse(json)
      if (!isObject(event)) return []
      for (const choice of listIn(event['choices'])) if (isObject(choice)) addChoice(choice, choices)
    }
  } catch {
    return []
  }
  return [...choices.values()].map(({ calls, ...said }) => ({ ...said, calls: [...calls.values()] }))
}
