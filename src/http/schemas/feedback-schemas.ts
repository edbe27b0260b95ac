import { WORD_REASONS } from '../../call/feedback-ports.ts'
import { among, namesOf, type Schemas, told } from '../../chat/schema.ts'

export const RATINGS = ['good', 'bad'] as const

/** POST /v1/feedback. There is no field for a text: it might be a prompt. */
const FEEDBACK_SCHEMAS = {
  call_id: told('The x-call-id of the answer.', { type: 'string', pattern: '^call_[0-9a-z]{36}$' }),
  score: told('From 0 (useless) to 1 (as wanted).', { type: 'number', minimum: 0, maximum: 1 }),
  rating: told('In the place of a score: 1 or 0.', among(RATINGS)),
  reason: told('Why, out of this list.', among(WORD_REASONS)),
} as const satisfies Schemas

export const FEEDBACK_FIELDS = namesOf(FEEDBACK_SCHEMAS)
/** Here null is a value like any other, and no value of these fields. */
export const FEEDBACK_BODY = {
  type: 'object',
  properties: FEEDBACK_SCHEMAS,
  required: ['call_id'],
  additionalProperties: false,
} as const
export const FEEDBACK_EXAMPLE = {
  call_id: `call_${'0'.repeat(36)}`,
  score: 0.25,
  reason: 'incomplete',
} as const
