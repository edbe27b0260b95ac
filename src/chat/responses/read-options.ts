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
import {
  CHOICE_FIELDS,
  CHOICES,
  EFFORTS,
  FORMAT_FIELDS,
  INCLUDABLE,
  REASONING_FIELDS,
  STREAM_FIELDS,
  SUMMARIES,
  TEXT_FIELDS,
  TOOL_FIELDS,
  VERBOSITIES,
} from './fields.ts'

function readTool({ value, at }: { value: unknown; at: string }): Fields {
  const { type } = readFields({ value, at })
  if (type === undefined) throw missingField(`${at}.type`)
  if (type !== 'function') {
    throw invalidField(`${at}.type`, 'must be "function": tools that a vendor runs are not sold here.')
  }
  const { name, description, parameters, strict } = readFields({ value, at, known: TOOL_FIELDS })
  return {
    type: 'function',
    function: present({
      name: readText({ value: name, at: `${at}.name` }),
      description: isAbsent(description)
        ? undefined
        : readText({ value: description, at: `${at}.description` }),
      parameters: isAbsent(parameters)
        ? undefined
        : readFields({ value: parameters, at: `${at}.parameters` }),
      strict: isAbsent(strict) ? undefined : readFlag({ value: strict, at: `${at}.strict` }),
    }),
  }
}

function readChoice(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const at = 'tool_choice'
  if (typeof value === 'string') {
    return { tool_choice: readOptional({ value, at, among: CHOICES }) }
  }
  const choice = readFields({ value, at, known: CHOICE_FIELDS })
  if (choice['type'] !== 'function') throw invalidField(`${at}.type`, 'must be "function".')
  const name = readText({ value: choice['name'], at: `${at}.name` })
  return { tool_choice: { type: 'function', function: { name } } }
}

/** Tools have a flat shape here and a nested one in the chat dialect. */
export function readTools({ tools, tool_choice: choice }: Fields): Fields {
  if (isAbsent(tools)) return readChoice(choice)
  const list = readList({ value: tools, at: 'tools' })
  if (list.length === 0) return {}
  return {
    tools: list.map((value, index) => readTool({ value, at: `tools[${index}]` })),
    ...readChoice(choice),
  }
}

/** `text`: the form of the answer and how long-winded it may be. */
export function readTextOption(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const { format, verbosity } = readFields({ value, at: 'text', known: TEXT_FIELDS })
  const words = readOptional({ value: verbosity, at: 'text.verbosity', among: VERBOSITIES })
  return { ...readFormat(format), ...(words === undefined ? {} : { verbosity: words }) }
}

function readFormat(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const at = 'text.format'
  const fields = readFields({ value, at, known: FORMAT_FIELDS })
  const { type, ...format } = fields
  const kind = readOptional({ value: type, at: `${at}.type`, among: ['text', 'json_object', 'json_schema'] })
  if (kind === undefined) throw missingField(`${at}.type`)
  if (kind === 'text') return {}
  if (kind === 'json_object') return { response_format: { type: kind } }
  readText({ value: format['name'], at: `${at}.name` })
  readFields({ value: format['schema'], at: `${at}.schema` })
  return { response_format: { type: kind, json_schema: format } }
}

/** The effort has a word in the chat dialect. A summary is what every thought that comes is shown as. */
export function readReasoningOption(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const at = 'reasoning'
  const known = REASONING_FIELDS
  const { effort, summary, generate_summary: older } = readFields({ value, at, known })
  readOptional({ value: summary, at: `${at}.summary`, among: SUMMARIES })
  readOptional({ value: older, at: `${at}.generate_summary`, among: SUMMARIES })
  const asked = readOptional({ value: effort, at: `${at}.effort`, among: EFFORTS })
  return asked === undefined ? {} : { reasoning_effort: asked }
}

/** Options that this server honours by doing nothing: it stores nothing, cuts nothing off and hides no thought. */
export function checkStateless(asked: Fields): void {
  if (readFlag({ value: asked['store'], at: 'store' })) {
    throw invalidField('store', 'must be false: nothing is stored here.')
  }
  if (
    readOptional({ value: asked['truncation'], at: 'truncation', among: ['auto', 'disabled'] }) === 'auto'
  ) {
    throw invalidField('truncation', 'must be "disabled": shorten the input yourself.')
  }
  const include = asked['include']
  if (!isAbsent(include)) {
    for (const [index, one] of readList({ value: include, at: 'include' }).entries()) {
      const known = readOptional({ value: one, at: `include[${index}]`, among: INCLUDABLE })
      if (known === undefined) throw invalidField(`include[${index}]`, 'must be a string.')
    }
  }
  const logprobs = asked['top_logprobs']
  if (!isAbsent(logprobs) && logprobs !== 0) {
    throw invalidField('top_logprobs', 'is known at /v1/chat/completions only.')
  }
  const options = asked['stream_options']
  if (isAbsent(options)) return
  const known = STREAM_FIELDS
  const { include_obfuscation: padded } = readFields({ value: options, at: 'stream_options', known })
  readFlag({ value: padded, at: 'stream_options.include_obfuscation' })
}
