import { booleanArray, bytesArray, numberArray, textArray } from './arrays.ts'
import type { ScopedAdmission } from './scoped-admission.ts'

type Column = {
  readonly name: string
  readonly type: string
  /** Where a column cannot be an array element: how its text becomes the column's type. */
  readonly cast?: string
  readonly literal: (items: readonly ScopedAdmission[]) => string
}

const textColumn = (name: string, read: (item: ScopedAdmission) => string | undefined): Column => ({
  name,
  type: 'text',
  literal: (items) => textArray(items, read),
})
const numberColumn = (
  name: string,
  type: string,
  read: (item: ScopedAdmission) => bigint | number,
): Column => ({
  name,
  type,
  literal: (items) => numberArray(items, read),
})

/** The columns of `admissions` in the order of the statement's parameters: one array per column, one element per call. */
export const ADMISSION_COLUMNS: readonly Column[] = [
  textColumn('call_id', ({ admission }) => admission.callId),
  {
    name: 'payment_key',
    type: 'bytea',
    literal: (items) => bytesArray(items, ({ admission }) => admission.paymentKey),
  },
  textColumn('scheme', ({ admission }) => admission.scheme),
  textColumn('network', ({ admission }) => admission.network),
  textColumn('asset', ({ admission }) => admission.asset),
  numberColumn('decimals', 'smallint', ({ admission }) => admission.decimals),
  textColumn('payer_kind', ({ admission }) => admission.payer.kind),
  textColumn('payer_id', ({ admission }) => admission.payer.id),
  textColumn('organization_id', ({ admission }) => admission.organizationId),
  textColumn('principal_id', ({ admission }) => admission.principalId),
  textColumn('key_id', ({ admission }) => admission.keyId),
  {
    ...textColumn('voucher_ids', ({ admission: { voucherIds } }) =>
      voucherIds ? textArray(voucherIds, (id) => id) : undefined,
    ),
    cast: 'text[]',
  },
  {
    ...textColumn('hold_accounts', ({ scopes }) => numberArray(scopes, ({ accountId }) => accountId)),
    cast: 'bigint[]',
  },
  {
    ...textColumn('hold_amounts', ({ scopes }) => numberArray(scopes, ({ amount }) => amount)),
    cast: 'numeric[]',
  },
  {
    ...textColumn('hold_usd', ({ scopes }) => booleanArray(scopes, ({ isUsd }) => isUsd)),
    cast: 'boolean[]',
  },
  {
    ...textColumn('hold_counts', ({ scopes }) =>
      scopes.some(({ counts }) => counts) ? textArray(scopes, ({ counts }) => counts) : undefined,
    ),
    cast: 'text[]',
  },
  numberColumn('ceiling', 'numeric', ({ admission }) => admission.ceilingAtomic),
  numberColumn('fee', 'numeric', ({ admission }) => admission.feePicoUsd),
  textColumn('request_hash', ({ admission }) => admission.requestHash),
  textColumn('request_id', ({ admission }) => admission.requestId),
  textColumn('model', ({ admission }) => admission.modelId),
  textColumn('endpoint', ({ admission }) => admission.endpointId),
  textColumn('provider', ({ admission }) => admission.providerId),
  textColumn('region', ({ admission }) => admission.region),
  textColumn('instance', ({ instance }) => instance),
  textColumn('strategy', ({ admission }) => admission.strategy),
  textColumn('price_book', ({ admission }) => admission.priceBook),
  numberColumn('output_cap', 'integer', ({ admission }) => admission.outputCap),
  numberColumn('estimated_cost', 'numeric', ({ admission }) => admission.estimatedCostPicoUsd),
  {
    name: 'streamed',
    type: 'boolean',
    literal: (items) => booleanArray(items, ({ admission }) => admission.streamed),
  },
  textColumn('channel_id', ({ admission }) => admission.channel?.id),
  {
    ...textColumn('authorization', ({ admission }) =>
      admission.authorization ? JSON.stringify(admission.authorization) : undefined,
    ),
    cast: 'jsonb',
  },
  {
    ...textColumn('decision', ({ admission }) =>
      admission.decision ? JSON.stringify(admission.decision) : undefined,
    ),
    cast: 'jsonb',
  },
  textColumn('idempotency_key', ({ admission }) => admission.idempotencyKey),
  numberColumn('at_ms', 'bigint', ({ admission }) => admission.atMs),
]

const quotedName = (name: string) => `"${name}"`

/** `call_id, payment_key, …` */
export const admissionNames = ADMISSION_COLUMNS.map(({ name }) => quotedName(name)).join(', ')
/** The same with casts, from the input relation `i`. */
export const admissionValues = ADMISSION_COLUMNS.map(({ name, cast }) =>
  cast ? `i.${quotedName(name)}::${cast}` : `i.${quotedName(name)}`,
).join(', ')
/** `unnest($1::text[], …) with ordinality as …`: the group as a relation, `n` being the order of arrival. */
export const admissionInput = `unnest(${ADMISSION_COLUMNS.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})
    with ordinality as t(${admissionNames}, n)`

export const admissionLiterals = (items: readonly ScopedAdmission[]): string[] =>
  ADMISSION_COLUMNS.map(({ literal }) => literal(items))
