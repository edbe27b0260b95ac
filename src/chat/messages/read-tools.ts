import { invalidField } from '../check-options.ts'
import {
  type Fields,
  isAbsent,
  missingField,
  present,
  readFields,
  readFlag,
  readList,
  readOptional,
  readText,
} from '../read-values.ts'
import { CHOICE_FIELDS, CHOICE_KINDS, TOOL_FIELDS } from './fields.ts'
import { cacheControlOf } from './read-blocks.ts'

function readTool({ value, at }: { value: unknown; at: string }): Fields {
  const { type } = readFields({ value, at })
  if (!isAbsent(type) && type !== 'custom') {
    throw invalidField(
      `${at}.type`,
      'must be "custom": tools that a vendor runs or defines are not sold here.',
    )
  }
  const fields = readFields({ value, at, known: TOOL_FIELDS })
  const { description, strict } = fields
  return {
    type: 'function',
    function: present({
      name: readText({ value: fields['name'], at: `${at}.name` }),
      description: isAbsent(description)
        ? undefined
        : readText({ value: description, at: `${at}.description` }),
      parameters: readFields({ value: fields['input_schema'], at: `${at}.input_schema` }),
      strict: isAbsent(strict) ? undefined : readFlag({ value: strict, at: `${at}.strict` }),
    }),
    ...cacheControlOf({ fields, at }),
  }
}

const CHOICES = { auto: 'auto', any: 'required', none: 'none', tool: 'tool' } as const

function readChoice(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const choice = readFields({ value, at: 'tool_choice', known: CHOICE_FIELDS })
  const kind = readOptional({
    value: choice['type'],
    at: 'tool_choice.type',
    among: CHOICE_KINDS,
  })
  if (kind === undefined) throw missingField('tool_choice.type')
  const isSerial = readFlag({
    value: choice['disable_parallel_tool_use'],
    at: 'tool_choice.disable_parallel_tool_use',
  })
  return {
    tool_choice: kind === 'tool' ? named(choice['name']) : CHOICES[kind],
    ...(isSerial ? { parallel_tool_calls: false } : {}),
  }
}

const named = (name: unknown): Fields => ({
  type: 'function',
  function: { name: readText({ value: name, at: 'tool_choice.name' }) },
})

/** `tools` and `tool_choice` as OpenAI's fields. @throws TurnpikeError of lib/errors/chat. */
export function readTools(fields: Fields): Fields {
  const { tools } = fields
  if (isAbsent(tools)) return readChoice(fields['tool_choice'])
  const list = readList({ value: tools, at: 'tools' })
  if (list.length === 0) return {}
  return {
    tools: list.map((value, index) => readTool({ value, at: `tools[${index}]` })),
    ...readChoice(fields['tool_choice']),
  }
}
