import type { CallRecord, Capture } from '../../call/types.ts'
import type { StoredDecision } from '../../routing/explanation.ts'
import type { Row, Sql } from '../database/database.ts'
import { big, integer, optional, text } from '../database/row.ts'

function captureOf(row: Row): Capture {
  return {
    callId: text(row['call_id']),
    outcome: text(row['outcome']),
    chargeAtomic: big(row['charge']),
    chargePicoUsd: big(row['charge_pico_usd']),
    costPicoUsd: big(row['cost']),
    usage: {
      inputUncached: integer(row['input_uncached']),
      cacheRead: integer(row['cache_read']),
      cacheWrite: integer(row['cache_write']),
      cacheWriteHour: integer(row['cache_write_hour']),
      outputText: integer(row['output_text']),
      reasoning: integer(row['reasoning']),
      images: integer(row['images']),
      audio: integer(row['audio']),
    },
    usageEstimated: row['usage_estimated'] === true,
    endpointId: text(row['captured_endpoint']),
    providerId: text(row['captured_provider']),
    ...optional('finishReason', row['finish_reason'], text<string>),
    ...optional('errorCode', row['error_code'], text<NonNullable<Capture['errorCode']>>),
    delivered: row['delivered'] === true,
    ...optional('firstContentMs', row['first_content_ms'], integer),
    totalMs: integer(row['total_ms']),
    atMs: integer(row['captured_at_ms']),
  }
}

/** A row of the view `calls`. What only the admission needed (key, holds, voucher, exposure limit) is not read back. */
export function callRecordOf(row: Row): CallRecord {
  return {
    callId: text(row['call_id']),
    state: text(row['state']),
    admission: {
      callId: text(row['call_id']),
      scheme: text(row['scheme']),
      network: text(row['network']),
      asset: text(row['asset']),
      decimals: integer(row['decimals']),
      payer: { kind: text(row['payer_kind']), id: text(row['payer_id']) },
      ...optional('organizationId', row['organization_id'], text<string>),
      ...optional('principalId', row['principal_id'], text<string>),
      ...optional('keyId', row['key_id'], text<string>),
      ...optional('voucherIds', row['voucher_ids'], (value) => value as readonly string[]),
      ceilingAtomic: big(row['ceiling']),
      feePicoUsd: big(row['fee']),
      requestHash: text(row['request_hash']),
      requestId: text(row['request_id']),
      modelId: text(row['model']),
      endpointId: text(row['endpoint']),
      providerId: text(row['provider']),
      region: text(row['region']),
      strategy: text(row['strategy']),
      priceBook: text(row['price_book']),
      ...optional('decision', row['decision'], (value) => value as StoredDecision),
      outputCap: integer(row['output_cap']),
      estimatedCostPicoUsd: big(row['estimated_cost']),
      streamed: row['streamed'] === true,
      atMs: integer(row['at_ms']),
    },
    ...optional('channelId', row['channel_id'], text<`0x${string}`>),
    ...(row['captured_at_ms'] === null ? {} : { capture: captureOf(row) }),
    ...optional('transaction', row['transaction_hash'], text<`0x${string}`>),
  }
}

/** The calls that a condition over the view `calls` selects. */
export async function selectCalls({
  sql,
  where,
  values,
}: {
  sql: Sql
  /** SQL after `where`, e.g. `call_id = $1`; may end in `order by` and `limit`. */
  where: string
  values: readonly unknown[]
}): Promise<readonly CallRecord[]> {
  const rows = await sql.query(`select * from calls where ${where}`, values)
  return rows.map(callRecordOf)
}

/** The call that a caller has made under its own name for it. */
export async function findByIdempotencyKey({
  sql,
  key,
}: {
  sql: Sql
  key: string
}): Promise<CallRecord | undefined> {
  const [call] = await selectCalls({
    sql,
    where: 'call_id = (select call_id from admissions where idempotency_key = $1)',
    values: [key],
  })
  return call
}
