import { namesOf, type Schemas, TEXT, told } from '../../chat/schema.ts'
import { LIMITS } from '../../lib/limits.ts'

const DAYS_MS = 86_400_000

/** POST /v1/vouchers, in the words of a voucher's links. */
const VOUCHER_SCHEMAS = {
  max_usd: {
    description: 'What all calls with it may cost together, in USD.',
    anyOf: [
      { type: 'string', pattern: '^[0-9]+(\\.[0-9]{1,12})?$' },
      { type: 'number', minimum: 0 },
    ],
  },
  max_requests: told('How many calls.', { type: 'integer', minimum: 0 }),
  models: told('Names or patterns such as anthropic/*; all of the key where absent.', {
    type: 'array',
    items: TEXT,
    maxItems: LIMITS.voucherModels,
  }),
  expires_at: told(
    `Until when it is good, in UTC: ${LIMITS.voucherLifeMs / DAYS_MS} day where absent, at most ${LIMITS.voucherLifeMaxMs / DAYS_MS} days.`,
    { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]{1,3})?Z$' },
  ),
  delegable: told('false: nobody can narrow it further.', { type: 'boolean' }),
} as const satisfies Schemas

export const VOUCHER_FIELDS = namesOf(VOUCHER_SCHEMAS)
/** Here null is a value like any other, and no value of these fields. */
export const VOUCHER_BODY = {
  type: 'object',
  properties: VOUCHER_SCHEMAS,
  required: ['max_usd'],
  additionalProperties: false,
} as const
export const VOUCHER_EXAMPLE = { max_usd: '0.01', models: ['openai/*'] } as const

/** What is wrong with a field. */
export const VOUCHER_FAULTS: Readonly<Record<string, string>> = {
  max_usd: 'max_usd must be USD of at most 12 decimals, such as "0.01".',
  max_requests: 'max_requests must be a whole number, not below zero.',
  models: `models must be a list of at most ${LIMITS.voucherModels} names or patterns.`,
  expires_at: 'expires_at must be a time in UTC, such as 2027-01-31T00:00:00Z.',
  delegable: 'delegable must be true or false.',
}
