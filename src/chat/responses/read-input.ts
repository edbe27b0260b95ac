import { invalidField } from '../check-options.ts'
import {
  type Fields,
  isAbsent,
  isObject,
  missingField,
  readFields,
  readList,
  readOptional,
  readText,
} from '../read-values.ts'
import { INPUT_PARTS, ITEM_FIELDS, MESSAGE_ROLES, OUTPUT_PARTS, RESULT_PARTS } from './item-fields.ts'
import { readContent } from './read-parts.ts'
import { unsealed } from './sealed-reasoning.ts'

type Item = { readonly fields: Fields; readonly at: string }

/** What an assistant said in one turn is several items here and one message in the hub. */
type Turn = { content?: unknown; calls: Fields[]; thoughts: Fields[] }

function readCall({ fields, at }: Item): Fields {
  return {
    id: readText({ value: fields['call_id'], at: `${at}.call_id` }),
    type: 'function',
    function: {
      name: readText({ value: fields['name'], at: `${at}.name` }),
      arguments: readText({ value: fields['arguments'], at: `${at}.arguments` }),
    },
  }
}

const readResult = ({ fields, at }: Item): Fields => ({
  role: 'tool',
  tool_call_id: readText({ value: fields['call_id'], at: `${at}.call_id` }),
  content: readContent({ value: fields['output'], at: `${at}.output`, kinds: RESULT_PARTS }),
})

function readReasoning({ fields, at }: Item): readonly Fields[] {
  const texts = ['summary', 'content'].flatMap((name) =>
    readList({ value: fields[name] ?? [], at: `${at}.${name}` }).map((one, index) => {
      const place = `${at}.${name}[${index}]`
      return readText({ value: readFields({ value: one, at: place })['text'], at: `${place}.text` })
    }),
  )
  const seal = readText({ value: fields['encrypted_content'] ?? '', at: `${at}.encrypted_content` })
  return unsealed({ text: texts.join('\n\n'), seal })
}

function readMessage({ fields, at }: Item): Fields {
  const role = readOptional({
    value: fields['role'],
    at: `${at}.role`,
    among: MESSAGE_ROLES,
  })
  if (role === undefined) throw missingField(`${at}.role`)
  const kinds = role === 'assistant' ? OUTPUT_PARTS : INPUT_PARTS
  return { role, content: readContent({ value: fields['content'], at: `${at}.content`, kinds }) }
}

/** The kind of an item; a message may leave it out. */
function readItem({ value, at }: { value: unknown; at: string }): Item & { readonly kind: string } {
  const { type, role } = readFields({ value, at })
  const kind = type === undefined && role !== undefined ? 'message' : type
  if (kind === undefined) throw missingField(`${at}.type`)
  const known = typeof kind === 'string' ? ITEM_FIELDS[kind] : undefined
  if (typeof kind !== 'string' || !known) {
    const kinds = Object.keys(ITEM_FIELDS).join(', ')
    throw invalidField(`${at}.type`, `must be one of ${kinds}: nothing is stored, and no tool is run here.`)
  }
  return { kind, fields: readFields({ value, at, known }), at }
}

function toMessage({ content, calls, thoughts }: Turn): Fields {
  return {
    role: 'assistant',
    content: content ?? (calls.length > 0 ? null : ''),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(thoughts.length > 0 ? { reasoning_details: thoughts } : {}),
  }
}

/**
 * `input` as messages of OpenAI's chat dialect. Thoughts, text and calls that follow one another are one assistant's message.
 *
 * @throws TurnpikeError of lib/errors/chat; param names the place, never the text.
 */
export function readInput({ value }: { value: unknown }): readonly Fields[] {
  if (typeof value === 'string') return [{ role: 'user', content: value }]
  const list = readList({ value: isAbsent(value) ? undefined : value, at: 'input' })
  if (list.length === 0) throw invalidField('input', 'must not be empty.')
  const messages: Fields[] = []
  let turn: Turn | undefined
  const close = () => {
    if (turn) messages.push(toMessage(turn))
    turn = undefined
  }
  const current = () => (turn ??= { calls: [], thoughts: [] })
  for (const [index, one] of list.entries()) {
    const item = readItem({ value: one, at: `input[${index}]` })
    if (item.kind === 'function_call') current().calls.push(readCall(item))
    else if (item.kind === 'reasoning') {
      // A thought after words or calls begins the next turn.
      if (turn && (turn.content !== undefined || turn.calls.length > 0)) close()
      current().thoughts.push(...readReasoning(item))
    } else if (item.kind === 'function_call_output') {
      close()
      messages.push(readResult(item))
    } else {
      const message = readMessage(item)
      const isSpoken = message['role'] === 'assistant'
      if (!isSpoken || (turn && (turn.content !== undefined || turn.calls.length > 0))) close()
      if (isSpoken) current().content = message['content']
      else messages.push(message)
    }
  }
  close()
  return messages.filter(isObject)
}
