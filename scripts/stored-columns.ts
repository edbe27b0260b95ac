import { getTableColumns, getTableName, is, Table } from 'drizzle-orm'
import * as audit from '../src/storage/schema/audit.ts'
import * as calls from '../src/storage/schema/calls.ts'
import * as feedback from '../src/storage/schema/feedback.ts'
import * as governance from '../src/storage/schema/governance.ts'
import * as health from '../src/storage/schema/health.ts'
import * as ledger from '../src/storage/schema/ledger.ts'
import * as operations from '../src/storage/schema/operations.ts'
import * as rates from '../src/storage/schema/rates.ts'
import * as reconciliation from '../src/storage/schema/reconciliation.ts'
import * as sessions from '../src/storage/schema/sessions.ts'
import * as settlement from '../src/storage/schema/settlement.ts'

/**
 * Why each column is there: a purpose and its columns, by table. A column without a purpose stops the script and the test, so
 * that nothing is ever stored without a word.
 */
const PURPOSES: Readonly<Record<string, readonly (readonly [purpose: string, columns: string])[]>> = {
  admissions: [
    ['which call', 'call_id request_id request_hash channel_id at_ms'],
    [
      'who pays: wallet, or later an organisation',
      'payer_kind payer_id organization_id principal_id key_id voucher_ids',
    ],
    ['with what, up to what', 'payment_key scheme network asset decimals ceiling fee'],
    ['which accounts carry it', 'hold_accounts hold_amounts hold_usd hold_counts'],
    [
      'where it goes, and why',
      'model endpoint provider region strategy decision price_book output_cap estimated_cost streamed',
    ],
    ['which process runs it', 'instance'],
    ["the caller's own name for the request, under a server key", 'idempotency_key'],
    ['`upto`: the signature that settles it', 'authorization'],
  ],
  attempts: [
    ['failovers of a call', 'call_id number endpoint provider region instance at_ms estimated_cost'],
  ],
  captures: [
    [
      'how the call ended',
      'call_id outcome delivered finish_reason error_code first_content_ms total_ms at_ms',
    ],
    ['what it cost and is charged', 'charge charge_pico_usd cost channel_charged endpoint provider'],
    [
      'tokens, counted',
      'input_uncached cache_read cache_write cache_write_hour output_text reasoning images audio usage_estimated',
    ],
  ],
  call_sites: [
    ['a place in a program and who pays, under a server key; and a model', 'site payer model'],
    ['how its answers were, in sums that fade', 'samples seen_good seen_bad told_good told_bad at_ms'],
  ],
  observations: [['which call was counted where, for a week', 'call_id kind site payer model at_ms']],
  feedback: [
    ["a payer's word on its call: a number and a reason out of a list", 'call_id score reason at_ms'],
    ['what the word weighs, and what of it is counted', 'good bad counted_good counted_bad'],
  ],
  accounts: [['names of limited accounts', 'id ledger path']],
  balances: [
    [
      'what an account has and has promised',
      'account_id kind credit_limit credits_posted debits_posted debits_pending refunds_posted refunds_pending moved_at_ms',
    ],
    ['receivables: a payer that has let us down', 'deposits_only'],
    ['budgets: alerts of a window, and by which version its limit stands', 'thresholds told terms_version'],
    ['channels: highest voucher', 'voucher_max voucher_signature'],
    ['channels: the turn', 'turn_payer turn_quotes turn_reserved turn_expires_at_ms'],
    [
      'channels: state at the contract',
      'claimed unclaimed_since_ms withdraw_requested_at refund_nonce published_max',
    ],
  ],
  budget_windows: [
    [
      'which budget, whose counter and which window an account is about',
      'account_id organization_id budget_id level level_id metric window_id resets_at_ms opened_at_ms',
    ],
    ['of a run: the call that has brought its limit', 'opened_by'],
  ],
  organizations: [
    [
      'a tenant and its settings',
      'id organization_id version created_at_ms archived_at_ms name level_names time_zone',
    ],
  ],
  units: [
    [
      'departments and teams',
      'id organization_id version created_at_ms archived_at_ms name name_key parent_id path',
    ],
  ],
  principals: [
    [
      'members by the name that their organisation gives them, programs, and wallets',
      'id organization_id version created_at_ms archived_at_ms unit_id kind name address',
    ],
  ],
  wallets: [
    [
      'that a wallet was linked, and what screening said of it',
      'id organization_id version created_at_ms archived_at_ms principal_id linked_at_ms verdict list_version screened_until_ms',
    ],
  ],
  logins: [
    [
      'how a member signs in: no e-mail and no password, but keyed digests and an scrypt hash',
      'id organization_id version created_at_ms archived_at_ms email_digest password_hash password_set_at_ms subject_digest is_by_group',
    ],
    ['an invitation, for a day', 'invitation_hash invitation_expires_at_ms'],
  ],
  sessions: [
    ['who is signed in, for a week', 'token_hash principal_id login_version'],
    ['since when, and until when', 'created_at_ms seen_at_ms expires_at_ms revoked_at_ms'],
  ],
  api_keys: [
    [
      'keys: never their secret',
      'id organization_id version created_at_ms archived_at_ms principal_id name kind is_test scopes expires_at_ms revoked_at_ms rotated_from_id',
    ],
    ['a secret is known again by its keyed hash', 'secret_hash pepper_version'],
    ['vouchers that were taken back, by their names', 'revoked_vouchers'],
  ],
  roles: [
    [
      "an organisation's own bundles of permissions",
      'id organization_id version created_at_ms archived_at_ms name permissions',
    ],
  ],
  role_grants: [
    [
      'who holds which role where',
      'id organization_id version created_at_ms archived_at_ms principal_id unit_id role',
    ],
    ['whether a group of the identity provider gave it, and takes it again', 'is_by_group'],
  ],
  policies: [
    [
      'what a level allows',
      'id organization_id version created_at_ms archived_at_ms level level_id rules set_by_path set_by_reach',
    ],
  ],
  budgets: [
    [
      'what a level may spend',
      'id organization_id version created_at_ms archived_at_ms level level_id metric time_window budget_limit mode applies time_zone thresholds_percent overrides set_by_path set_by_reach',
    ],
  ],
  rate_limits: [
    [
      'how much at once',
      'id organization_id version created_at_ms archived_at_ms level level_id metric rate_limit set_by_path set_by_reach',
    ],
  ],
  rate_states: [
    ['how much of a limit is taken, and by which calls at once', 'limit_id full_again_ns leases'],
  ],
  rate_calls: [['so that a call takes its share once and gives it back once', 'call_id until_ms']],
  webhooks: [
    [
      'where alerts go',
      'id organization_id version created_at_ms archived_at_ms name url event_types disabled_at_ms failing_since_ms',
    ],
    ['signs them; encrypted', 'sealed_secret sealed_earlier_secret'],
  ],
  audit_events: [
    [
      'who did what, when, through what',
      'organization_id sequence at_ms actor_kind actor_id via action target_kind target_id request_id',
    ],
    ['settings before and after, never content of calls', 'before after'],
    ['a salted digest of where from', 'address_digest'],
    ['the chain', 'previous_hash hash'],
  ],
  audit_heads: [
    ['the end of each chain, and its tree', 'organization_id sequence hash frontier'],
    ['so that instances learn that rules were changed', 'changed_at_ms touched'],
  ],
  admin_writes: [
    [
      'so that a write that is sent twice is done once',
      'organization_id idempotency_key request_digest result at_ms',
    ],
  ],
  outbox_events: [
    ['alerts: ids, codes, amounts and times', 'id organization_id type at_ms data count last_at_ms'],
    ['whether deliveries were made', 'fanned_out_at_ms'],
  ],
  deliveries: [
    [
      'an alert on its way to a subscription',
      'id organization_id event_id webhook_id state attempts next_at_ms lease_expires_at_ms last_status last_error_code created_at_ms ended_at_ms version',
    ],
  ],
  channels: [['a channel and its terms', 'id account_id network asset decimals payer config opened_at_ms']],
  entries: [['business events of the ledger', 'id event call_id transaction_id at_ms']],
  postings: [['what they moved', 'entry_id number ledger debit credit amount kind pending_id']],
  chain_logs: [
    [
      'transfers, channel events and used authorisations of ours on chain, and the entry that explains each',
      'network transaction_hash log_index block_number event token decimals sender recipient subject amount entry_id seen_at_ms',
    ],
  ],
  fundings: [
    [
      'deposits and `exact` payments on their way, with the signature that moves them',
      'id key kind network asset decimals payer amount expires_at authorization channel_id channel_config state transaction_id error at_ms',
    ],
    ["a payment that arrived in somebody else's transaction", 'adopted_hash adopted_log_index adopted_block'],
    ['credit that its payer means to keep', 'is_top_up'],
  ],
  lanes: [
    [
      'the next nonce of each signing key',
      'network address role first_nonce next_nonce lease_owner lease_expires_at_ms',
    ],
  ],
  transactions: [
    [
      'signed transactions, to be sent again at any time',
      'id network role address nonce purpose raw hash state was_seen signed_at_ms block_number block_hash gas_used effective_gas_price_wei max_cost_wei error',
    ],
  ],
  replaced_bytes: [
    ['earlier bytes of a transaction, with a lower fee', 'hash transaction_id raw replaced_at_ms'],
  ],
  claims: [['what a transaction claims of each channel', 'transaction_id channel_id total_claimed']],
  settlements: [['the way of an `upto` charge to the chain', 'call_id network state transaction_id error']],
  refunds: [
    [
      'money on its way back',
      'id kind network asset decimals payer channel_id amount state transaction_id error at_ms',
    ],
    ["a refund that somebody else's transaction made", 'foreign_hash'],
    ['what a payer pays for the gas of a withdrawal', 'fee'],
  ],
  findings: [
    [
      'differences from reconciliation, broken invariants, and counts of providers that differ from ours',
      'id class network subject detail state',
    ],
    ['when, and why it was closed', 'opened_at_ms seen_at_ms closed_at_ms closed_by reason'],
  ],
  endpoint_health: [
    ['which endpoint, who says so, and when', 'endpoint_id instance at_ms'],
    ['how often it has answered lately', 'successes failures successes_at_ms'],
    [
      'whether it may be asked, or when',
      'circuit_open_until_ms circuit_openings circuit_changed_at_ms wait_until_ms',
    ],
    ['how fast it is', 'paces'],
  ],
  history_links: [['hashes of what has become history', 'number from_ms until_ms row_count hash']],
  instances: [['processes and their leases', 'id region started_at_ms lease_expires_at_ms open_since_ms']],
  meta: [
    [
      'facts about this ledger: genesis, opening blocks, how far chains were read, leases, and as they were last told: prices, endpoints that are down',
      'key value',
    ],
  ],
}

type StoredColumns = {
  readonly tableName: string
  readonly purpose: string
  readonly columns: readonly string[]
}

/** Every table and column of the schema. @throws Error where one has no purpose, or a purpose has no column. */
export function storedColumns(): readonly StoredColumns[] {
  const schema = Object.values({
    ...audit,
    ...calls,
    ...feedback,
    ...governance,
    ...health,
    ...ledger,
    ...operations,
    ...rates,
    ...reconciliation,
    ...sessions,
    ...settlement,
  })
  const tables = new Map<string, Table>(
    schema.filter((value) => is(value, Table)).map((one) => [getTableName(one), one]),
  )
  const undeclared = [...tables.keys()].filter((tableName) => !PURPOSES[tableName])
  if (undeclared.length > 0) throw new Error(`These tables have no purpose: ${undeclared.join(', ')}`)
  return Object.entries(PURPOSES).flatMap(([tableName, purposes]) => {
    const table = tables.get(tableName)
    const real = table ? Object.values(getTableColumns(table)).map(({ name }) => name) : []
    const declared = purposes.flatMap(([, columns]) => columns.split(' '))
    const isSame = declared.length === real.length && real.every((name) => declared.includes(name))
    if (!isSame) throw new Error(`The purposes of ${tableName} do not match its columns: ${real.join(' ')}`)
    return purposes.map(([purpose, columns]) => ({ tableName, purpose, columns: columns.split(' ') }))
  })
}
