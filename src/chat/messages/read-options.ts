import { invalidField } from '../check-options.ts'
import {
  type Fields,
  isAbsent,
  missingField,
  readFields,
  readList,
  readOptional,
  readText,
} from '../read-values.ts'
import {
  CONFIG_FIELDS,
  CONTEXT_FIELDS,
  DISPLAYS,
  EFFORTS,
  FORMAT_FIELDS,
  KEPT_EDIT,
  METADATA_FIELDS,
  MIN_BUDGET,
  THINKING_FIELDS,
  TIERS,
} from './fields.ts'

/** Budgets of thinking up to which OpenAI's word for the effort is the smaller one. */
const LOW_BUDGET = 4_096
const MEDIUM_BUDGET = 16_384

const isCount = (value: unknown): value is number => Number.isSafeInteger(value)

/** `thinking` itself, which an upstream of Anthropic's dialect understands, and OpenAI's word for it beside. */
export function readThinkingOption({ value, maxTokens }: { value: unknown; maxTokens?: number }): Fields {
  if (isAbsent(value)) return {}
  const at = 'thinking'
  const fields = readFields({ value, at, known: THINKING_FIELDS })
  const kind = readOptional({
    value: fields['type'],
    at: 'thinking.type',
    among: ['enabled', 'disabled', 'adaptive'],
  })
  if (kind === undefined) throw missingField('thinking.type')
  readOptional({ value: fields['display'], at: 'thinking.display', among: DISPLAYS })
  if (kind !== 'enabled') return { thinking: value }
  const budget = fields['budget_tokens']
  if (!isCount(budget) || budget < MIN_BUDGET || (maxTokens !== undefined && budget >= maxTokens)) {
    throw invalidField(
      'thinking.budget_tokens',
      `must be an integer of at least ${MIN_BUDGET} and less than max_tokens.`,
    )
  }
  const effort = budget <= LOW_BUDGET ? 'low' : budget <= MEDIUM_BUDGET ? 'medium' : 'high'
  return { thinking: value, reasoning_effort: effort }
}

/** `output_config`: the effort in OpenAI's word, and a schema for the answer. */
export function readOutputConfig(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const at = 'output_config'
  const config = readFields({ value, at, known: CONFIG_FIELDS })
  const effort = readOptional({ value: config['effort'], at: `${at}.effort`, among: EFFORTS })
  return {
    ...(effort === undefined ? {} : { reasoning_effort: effort === 'max' ? 'xhigh' : effort }),
    ...formatOf(config['format']),
  }
}

function formatOf(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const at = 'output_config.format'
  const format = readFields({ value, at, known: FORMAT_FIELDS })
  if (format['type'] !== 'json_schema') throw invalidField(`${at}.type`, 'must be "json_schema".')
  const schema = readFields({ value: format['schema'], at: `${at}.schema` })
  return {
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
  }
}

/** Agents send it with edits that keep everything. Anything else would have to be done before the model reads. */
export function checkContextManagement(value: unknown): void {
  if (isAbsent(value)) return
  const at = 'context_management'
  const { edits } = readFields({ value, at, known: CONTEXT_FIELDS })
  for (const [index, edit] of readList({ value: edits ?? [], at: `${at}.edits` }).entries()) {
    const { type, keep } = readFields({ value: edit, at: `${at}.edits[${index}]` })
    if (type === KEPT_EDIT.type && keep === KEPT_EDIT.keep) continue
    throw invalidField(`${at}.edits[${index}]`, 'is not done here: shorten the messages yourself.')
  }
}

/** `metadata.user_id` is OpenAI's `user`. */
export function readMetadata(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const { user_id: userId } = readFields({ value, at: 'metadata', known: METADATA_FIELDS })
  return isAbsent(userId) ? {} : { user: readText({ value: userId, at: 'metadata.user_id' }) }
}

export function readStopSequences(value: unknown): Fields {
  if (isAbsent(value)) return {}
  const at = 'stop_sequences'
  const stop = readList({ value, at }).map((one, index) => readText({ value: one, at: `${at}[${index}]` }))
  return stop.length === 0 ? {} : { stop }
}

/** `standard_only` is what everybody gets here, and `auto` may be anything. */
export function readTier(value: unknown): Fields {
  const tier = readOptional({ value, at: 'service_tier', among: TIERS })
  return tier === 'standard_only' ? { service_tier: 'default' } : {}
}

/** Anthropic's ranges. */
export function readSampling({ temperature, top_p: topP, top_k: topK }: Fields): Fields {
  for (const [at, value] of [
    ['temperature', temperature],
    ['top_p', topP],
  ] as const) {
    if (isAbsent(value)) continue
    if (typeof value !== 'number' || value < 0 || value > 1)
      throw invalidField(at, 'must be a number from 0 to 1.')
  }
  if (!isAbsent(topK) && (!isCount(topK) || topK < 0)) {
    throw invalidField('top_k', 'must be an integer of at least 0.')
  }
  return {
    ...(isAbsent(temperature) ? {} : { temperature }),
    ...(isAbsent(topP) ? {} : { top_p: topP }),
    ...(isAbsent(topK) ? {} : { top_k: topK }),
  }
}
