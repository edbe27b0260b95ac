import { countTokens } from '../../src/chat/count-tokens.ts'
import type { RequestCase } from '../fixtures/requests/request-case.ts'

/** What no model is shown as text: names of things, and pictures, which are counted by their size. */
const SILENT: ReadonlySet<string> = new Set([
  'cache_control',
  'call_id',
  'detail',
  'id',
  'image_url',
  'role',
  'source',
  'tool_call_id',
  'tool_use_id',
  'type',
])

/** Fields whose JSON is shown to the model. */
const SHOWN_AS_JSON = ['tools', 'response_format', 'text'] as const

/** What OpenAI documents for its chat format: 3 a message and one for its role, 3 for the answer's start. */
const AROUND_CALL = 3
const AROUND_MESSAGE = 4

/** The largest prompt that Anthropic documents for telling a model of tools (Opus 4.7), beside what the tools themselves take. */
const ANTHROPIC_TOOLS_PROMPT = 804

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const one of value) yield* textsIn(one)
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) if (!SILENT.has(key)) yield* textsIn(one)
}

/**
 * What a provider would count of a fixture's input, read from the caller's own body and apart from the server's bound: o200k tokens of
 * every text, the frames that are documented, tools and schemas as their JSON, and pictures as the fixture says.
 */
export async function countedInput({ one, model }: { one: RequestCase; model: string }): Promise<number> {
  const { body, imageTokens = 0 } = one
  const said = [body['system'], body['instructions'], body['messages'], body['input']]
  const messages = said.flat().filter((value) => value !== undefined)
  let total = AROUND_CALL + AROUND_MESSAGE * messages.length + imageTokens
  for (const text of textsIn(said)) total += await countTokens(text)
  for (const field of SHOWN_AS_JSON) {
    if (body[field] !== undefined) total += await countTokens(JSON.stringify(body[field]))
  }
  if (body['tools'] !== undefined && model.startsWith('anthropic/')) total += ANTHROPIC_TOOLS_PROMPT
  return total
}
