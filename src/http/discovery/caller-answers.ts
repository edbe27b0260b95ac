import { listOf, type Schemas, TEXT } from '../../chat/schema.ts'
import { maybe, some, WHOLE } from './answer-shapes.ts'

/** What one link of a voucher says; null: nothing. */
const VOUCHER_LIMITS: Schemas = {
  max_usd: maybe('string'),
  max_requests: { type: ['integer', 'null'] },
  models: { type: ['array', 'null'], items: TEXT },
  expires_at: maybe('string'),
  delegable: { type: 'boolean' },
}

/** What callers are told of themselves: what they use, what binds them, and what they hand out. */
export const CALLER_ANSWERS: Schemas = {
  Usage: some({
    object: { const: 'usage' },
    days: WHOLE,
    total_usd: TEXT,
    data: listOf(
      some({
        date: { ...TEXT, description: 'A day in UTC.' },
        model: TEXT,
        requests: WHOLE,
        prompt_tokens: WHOLE,
        completion_tokens: WHOLE,
        usage_usd: TEXT,
      }),
    ),
  }),
  Limits: some({
    object: { const: 'list' },
    data: listOf(
      some({
        scope: {
          ...TEXT,
          description: 'Where it hangs: organization, unit, principal, wallet, key, voucher.',
        },
        id: TEXT,
        budget: TEXT,
        metric: TEXT,
        window: TEXT,
        resets_at: maybe('string'),
        limit: { ...TEXT, description: 'USD, tokens or calls; absent where it is not the caller’s to see.' },
        spent: TEXT,
        held: TEXT,
        withheld: { type: 'boolean' },
      }),
    ),
  }),
  NewVoucher: some({
    object: { const: 'voucher' },
    id: TEXT,
    key_id: TEXT,
    voucher: { ...TEXT, description: 'tpv_…: as secret as a key, and shown once.' },
    ...VOUCHER_LIMITS,
  }),
  Voucher: some({
    object: { const: 'voucher' },
    id: TEXT,
    available_usd: { ...maybe('string'), description: 'What no level has spent or held.' },
    expires_at: maybe('string'),
    delegable: { type: 'boolean' },
    levels: listOf(
      some({
        id: TEXT,
        ...VOUCHER_LIMITS,
        spent_usd: maybe('string'),
        held_usd: maybe('string'),
        spent_requests: { type: ['integer', 'null'] },
        held_requests: { type: ['integer', 'null'] },
      }),
    ),
  }),
}
