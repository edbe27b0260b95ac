import { LIMITS } from '../../lib/limits.ts'
import { among, objectOf, type Schema, told } from '../schema.ts'

/** What is done where a budget has no room for the call as it is. */
export const ON_EXCEED = ['clamp', 'cheaper', 'wait', 'reject'] as const
export type OnExceed = (typeof ON_EXCEED)[number]

/** USD, at most a million: a decimal string, or a JSON number for those who have no other. */
const USD: Schema = {
  anyOf: [
    { type: 'number', minimum: 0, maximum: 1_000_000 },
    { type: 'string', maxLength: 20, pattern: '^[0-9]{1,6}(\\.[0-9]{1,12})?$' },
  ],
}

/** No control characters and no slash: the name becomes part of an id. */
const RUN_ID: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: LIMITS.runIdChars,
  pattern: '^[\\x21-\\x2e\\x30-\\x7e]+$',
}

const COUNT: Schema = { type: 'integer', minimum: 1, maximum: 1_000_000_000 }

/** `budget` of a request: limits that the caller sets for itself, beside those that others have set for it. */
export const BUDGET_FIELD: Schema = told(
  'Limits of the caller for itself. A run is a name for calls that belong together; the first opens it, later ones may lower it.',
  objectOf({
    fields: {
      max_cost: told('USD that this call may cost.', USD),
      run: objectOf({
        fields: {
          id: told("The caller's own name for the run.", RUN_ID),
          max_cost: told('USD that the run may cost in all.', USD),
          max_requests: told('Calls that the run may make.', COUNT),
        },
        required: ['id'],
      }),
      on_exceed: told('What to do where a budget has no room; then the call is refused.', among(ON_EXCEED)),
      wait_ms: told('How long to wait for calls under way, where it waits.', {
        type: 'integer',
        minimum: 0,
        maximum: LIMITS.budgetWaitMaxMs,
      }),
    },
  }),
)
