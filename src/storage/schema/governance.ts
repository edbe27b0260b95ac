import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { amount, timeMs } from './columns.ts'

/**
 * What every governed row has: whose it is (the key that isolates tenants; `public` for what belongs to no organisation), how often it
 * was changed, and when it was put away instead of deleted.
 */
const governed = {
  id: text().primaryKey(),
  organization_id: text().notNull(),
  version: integer().notNull(),
  created_at_ms: timeMs('created_at_ms').notNull(),
  archived_at_ms: timeMs('archived_at_ms'),
}

/** By what right a policy or a limit was set: nobody below loosens it. */
const authority = { set_by_path: text().array().notNull(), set_by_reach: text().notNull() }

/** Where a policy, a budget or a rate hangs. */
const place = { level: text().notNull(), level_id: text().notNull() }

export const organizations = pgTable(
  'organizations',
  {
    ...governed,
    name: text().notNull(),
    level_names: text().array().notNull(),
    time_zone: text().notNull(),
  },
  (table) => [
    index('organizations_list').on(table.created_at_ms, table.id),
    check('organizations_tenant', sql`${table.id} = ${table.organization_id} and ${table.id} <> 'public'`),
  ],
)

export const units = pgTable(
  'units',
  {
    ...governed,
    name: text().notNull(),
    /** The name as it is compared: no two living ones beside each other. */
    name_key: text().notNull(),
    /** null: the organisation itself. */
    parent_id: text(),
    /** Ids from the root down to this unit. */
    path: text().array().notNull(),
  },
  (table) => [
    index('units_list').on(table.organization_id, table.created_at_ms, table.id),
    uniqueIndex('units_names')
      .on(table.organization_id, table.parent_id, table.name_key)
      .where(sql`archived_at_ms is null`),
    check(
      'units_path',
      sql`${table.path}[1] = ${table.organization_id} and ${table.path}[cardinality(${table.path})] = ${table.id}`,
    ),
  ],
)

export const principals = pgTable(
  'principals',
  {
    ...governed,
    unit_id: text().notNull(),
    kind: text({ enum: ['user', 'service', 'wallet'] }).notNull(),
    name: text().notNull(),
    /** Of a wallet, in lower case: one principal per address. */
    address: text(),
  },
  (table) => [
    index('principals_list').on(table.organization_id, table.created_at_ms, table.id),
    index('principals_unit').on(table.organization_id, table.unit_id),
    uniqueIndex('principals_address')
      .on(table.address)
      .where(sql`address is not null`),
  ],
)

/** That a wallet was linked to an organisation, or screened. The id is its address. */
export const wallets = pgTable(
  'wallets',
  {
    ...governed,
    principal_id: text().notNull(),
    /** When its owner signed the link. */
    linked_at_ms: timeMs('linked_at_ms'),
    /** allow | deny | review, of which list, until when. */
    verdict: text(),
    list_version: text(),
    screened_until_ms: timeMs('screened_until_ms'),
  },
  (table) => [
    index('wallets_list').on(table.organization_id, table.created_at_ms, table.id),
    index('wallets_principal').on(table.principal_id),
  ],
)

export const api_keys = pgTable(
  'api_keys',
  {
    ...governed,
    principal_id: text().notNull(),
    name: text().notNull(),
    kind: text({ enum: ['inference', 'management'] }).notNull(),
    is_test: boolean().notNull(),
    /** HMAC of the secret under a pepper that is not in the database; the secret is nowhere. */
    secret_hash: text().notNull(),
    pepper_version: integer().notNull(),
    scopes: text().array(),
    expires_at_ms: timeMs('expires_at_ms'),
    revoked_at_ms: timeMs('revoked_at_ms'),
    /** Vouchers that were taken back: names of links, with when. Those that have ended by themselves are left out by the next one. */
    revoked_vouchers: jsonb(),
    rotated_from_id: text(),
  },
  (table) => [
    index('api_keys_list').on(table.organization_id, table.created_at_ms, table.id),
    index('api_keys_principal').on(table.organization_id, table.principal_id),
  ],
)

/** Roles of an organisation's own: a name for permissions, each with how far it goes. */
export const roles = pgTable(
  'roles',
  { ...governed, name: text().notNull(), permissions: jsonb().notNull() },
  (table) => [index('roles_list').on(table.organization_id, table.created_at_ms, table.id)],
)

/** Who holds a role at which unit. */
export const role_grants = pgTable(
  'role_grants',
  {
    ...governed,
    principal_id: text().notNull(),
    unit_id: text().notNull(),
    /** A built-in role's name, or the id of one of the organisation's own. */
    role: text().notNull(),
    /** It follows a group of the identity provider. */
    is_by_group: boolean().notNull().default(false),
  },
  (table) => [
    index('role_grants_list').on(table.organization_id, table.created_at_ms, table.id),
    index('role_grants_principal').on(table.organization_id, table.principal_id),
  ],
)

export const policies = pgTable(
  'policies',
  { ...governed, ...place, ...authority, rules: jsonb().notNull() },
  (table) => [
    index('policies_list').on(table.organization_id, table.created_at_ms, table.id),
    index('policies_place').on(table.organization_id, table.level, table.level_id),
  ],
)

export const budgets = pgTable(
  'budgets',
  {
    ...governed,
    ...place,
    ...authority,
    metric: text({ enum: ['usd', 'tokens', 'requests'] }).notNull(),
    /** A calendar window's name, `request`, `total`, or `rolling:<seconds>`. */
    time_window: text().notNull(),
    /** Pico-USD, tokens or calls. */
    budget_limit: amount('budget_limit').notNull(),
    mode: text({ enum: ['hard', 'soft', 'observe'] }).notNull(),
    applies: text({ enum: ['shared', 'each'] }).notNull(),
    time_zone: text().notNull(),
    thresholds_percent: integer().array().notNull(),
    /** Other limits for some time. */
    overrides: jsonb().notNull(),
  },
  (table) => [
    index('budgets_list').on(table.organization_id, table.created_at_ms, table.id),
    index('budgets_place').on(table.organization_id, table.level, table.level_id),
    check('budgets_limit_positive', sql`${table.budget_limit} >= 0`),
  ],
)

export const rate_limits = pgTable(
  'rate_limits',
  {
    ...governed,
    ...place,
    ...authority,
    metric: text({ enum: ['requests', 'tokens', 'concurrent'] }).notNull(),
    /** Per minute; of `concurrent` at once. */
    rate_limit: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [
    index('rate_limits_list').on(table.organization_id, table.created_at_ms, table.id),
    index('rate_limits_place').on(table.organization_id, table.level, table.level_id),
  ],
)

/** Where alerts go. */
export const webhooks = pgTable(
  'webhooks',
  {
    ...governed,
    name: text().notNull(),
    url: text().notNull(),
    /** Kinds of events; null: all. */
    event_types: text().array(),
    /** The signing secret, encrypted under a key that is not in the database. */
    sealed_secret: text().notNull(),
    /** While a secret is changed both sign. */
    sealed_earlier_secret: text(),
    disabled_at_ms: timeMs('disabled_at_ms'),
    /** The first attempt of those that have all failed since; no part of the record, so it moves no version. */
    failing_since_ms: timeMs('failing_since_ms'),
  },
  (table) => [index('webhooks_list').on(table.organization_id, table.created_at_ms, table.id)],
)

/** How a member signs in. The id is its principal's; e-mail and subject are here as keyed digests alone. */
export const logins = pgTable(
  'logins',
  {
    ...governed,
    email_digest: text(),
    /** scrypt with its parameters. */
    password_hash: text(),
    password_set_at_ms: timeMs('password_set_at_ms'),
    /** Of an invitation that was not accepted yet. */
    invitation_hash: text(),
    invitation_expires_at_ms: timeMs('invitation_expires_at_ms'),
    /** Issuer and subject of the identity provider. */
    subject_digest: text(),
    /** Whether a group of the identity provider has let its owner in. */
    is_by_group: boolean().notNull(),
  },
  (table) => [
    index('logins_list').on(table.organization_id, table.created_at_ms, table.id),
    uniqueIndex('logins_email')
      .on(table.email_digest)
      .where(sql`archived_at_ms is null`),
    uniqueIndex('logins_subject')
      .on(table.subject_digest)
      .where(sql`archived_at_ms is null`),
    index('logins_invitation').on(table.invitation_hash),
  ],
)
