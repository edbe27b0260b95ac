import type { ChannelConfig, Deposit } from '../../payment/types.ts'
import type {
  ForeignPayment,
  Funding,
  FundingAuthorization,
  FundingRow,
  Refund,
  TransactionRow,
} from '../../settlement/types.ts'
import type { Row } from '../database/database.ts'
import { big, integer, optional, text } from '../database/row.ts'

type Hex = `0x${string}`

/** Amounts inside JSON are decimal strings. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? member.toString() : member))

type StoredDeposit = Omit<Deposit, 'amountAtomic' | 'nonce'> & { amountAtomic: string; nonce: string }

/** An authorisation as it was before {@link toJson}: a deposit's amount and its Permit2 nonce are bigints. */
function authorizationOf(json: unknown): FundingAuthorization {
  const authorization = json as FundingAuthorization
  if (authorization.kind === 'exact') return authorization
  const stored = authorization.deposit as unknown as StoredDeposit
  const nonce = stored.method === 'permit2' ? BigInt(stored.nonce) : stored.nonce
  return {
    ...authorization,
    deposit: { ...stored, amountAtomic: BigInt(stored.amountAtomic), nonce } as unknown as Deposit,
  }
}

function fundingPartOf(row: Row): Funding {
  return {
    id: text(row['id']),
    key: new Uint8Array(row['key'] as Uint8Array),
    kind: text(row['kind']),
    network: text(row['network']),
    asset: text(row['asset']),
    payer: text(row['payer']),
    amountAtomic: big(row['amount']),
    expiresAt: integer(row['expires_at']),
    authorization: authorizationOf(row['authorization']),
    ...(row['channel_id'] === null
      ? {}
      : { channel: { id: text<Hex>(row['channel_id']), config: row['channel_config'] as ChannelConfig } }),
    ...(row['is_top_up'] === true ? { isTopUp: true } : {}),
  }
}

/** A row of `fundings` joined to its transaction's hash. */
export function fundingOf(row: Row): FundingRow {
  return {
    ...fundingPartOf(row),
    atMs: integer(row['at_ms']),
    state: text(row['state']),
    ...optional('transactionId', row['transaction_id'], text<string>),
    ...optional('transactionHash', row['transaction_hash'] ?? row['adopted_hash'], text<Hex>),
    ...(row['adopted_hash'] === null ? {} : { adopted: adoptedOf(row) }),
    ...optional('error', row['error'], text<string>),
  }
}

const adoptedOf = (row: Row): ForeignPayment => ({
  transactionHash: text(row['adopted_hash']),
  logIndex: integer(row['adopted_log_index']),
  blockNumber: big(row['adopted_block']),
})

/** Of a funding `f` and its transaction `t`: booked as seen, in a block that may still be taken back. */
export const IS_UNFINAL = `f.state in ('signed', 'seen') and (f.state = 'seen' or t.was_seen)`

/** Transactions with the hashes of their earlier bytes, newest first. */
export const TRANSACTIONS = `select t.*, array(
    select r.hash from replaced_bytes r where r.transaction_id = t.id order by r.replaced_at_ms desc, r.hash) as replaced
  from transactions t`

export function transactionOf(row: Row): TransactionRow {
  return {
    id: text(row['id']),
    lane: { network: text(row['network']), role: text(row['role']), address: text(row['address']) },
    nonce: integer(row['nonce']),
    purpose: row['purpose'] as TransactionRow['purpose'],
    raw: text(row['raw']),
    hash: text(row['hash']),
    replaced: row['replaced'] as readonly Hex[],
    state: text(row['state']),
    wasSeen: row['was_seen'] === true,
    signedAtMs: integer(row['signed_at_ms']),
    ...optional('blockNumber', row['block_number'], big),
    ...optional('blockHash', row['block_hash'], text<Hex>),
  }
}

/** A row of `refunds` joined to its transaction's hash. */
export function refundOf(row: Row): Refund {
  return {
    id: text(row['id']),
    kind: text(row['kind']),
    network: text(row['network']),
    asset: text(row['asset']),
    payer: text(row['payer']),
    ...optional('channelId', row['channel_id'], text<Hex>),
    amountAtomic: big(row['amount']),
    ...(big(row['fee']) > 0n ? { feeAtomic: big(row['fee']) } : {}),
    atMs: integer(row['at_ms']),
    state: text(row['state']),
    ...optional('transactionId', row['transaction_id'], text<string>),
    ...optional('transactionHash', row['transaction_hash'], text<Hex>),
  }
}
