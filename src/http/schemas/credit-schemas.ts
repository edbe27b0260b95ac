import { namesOf, objectOf, type Schemas, TEXT, told } from '../../chat/schema.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd, PICO_USD_PER_USD } from '../../lib/money.ts'

const usd = (picoUsd: bigint) => Number(picoUsd / PICO_USD_PER_USD)

export const TOP_UP_DESCRIPTION = 'Credit for calls: all of it is yours, spent by signing in or withdrawn.'

/** POST /v1/credit. The readers take the names from here, and the documents everything. */
const TOP_UP_SCHEMAS = {
  amount_usd: {
    description: `USD, from ${formatUsd(LIMITS.minTopUpPicoUsd)} to ${formatUsd(LIMITS.maxTopUpPicoUsd)}.`,
    anyOf: [
      { type: 'string', pattern: '^[0-9]+(\\.[0-9]{1,12})?$' },
      { type: 'number', minimum: usd(LIMITS.minTopUpPicoUsd), maximum: usd(LIMITS.maxTopUpPicoUsd) },
    ],
  },
} as const satisfies Schemas

export const TOP_UP_FIELDS = namesOf(TOP_UP_SCHEMAS)
export const TOP_UP_BODY = objectOf({ fields: TOP_UP_SCHEMAS, required: ['amount_usd'] })

/** POST /v1/credit/withdrawals: everything of the first token with credit, unless said otherwise. */
const WITHDRAWAL_SCHEMAS = {
  network: told('CAIP-2; that of the proof where absent.', TEXT),
  asset: told('Address or symbol.', TEXT),
  amount: told('Atomic units of the token.', { type: 'string', pattern: '^[1-9][0-9]{0,38}$' }),
} as const satisfies Schemas

export const WITHDRAWAL_FIELDS = namesOf(WITHDRAWAL_SCHEMAS)
/** Here null is a value like any other, and no value of these fields. */
export const WITHDRAWAL_BODY = {
  type: 'object',
  properties: WITHDRAWAL_SCHEMAS,
  additionalProperties: false,
} as const
