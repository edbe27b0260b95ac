import type { GovernedResource, GovernedResources } from '../../call/admin-ports.ts'
import { nameKey } from '../../governance/hierarchy/check-name.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import type { Place } from '../../governance/hierarchy/attribution.ts'
import type { RevokedVoucher } from '../../governance/keys/types.ts'
import type { Authority } from '../../governance/roles/may-do.ts'
import type { Row } from '../database/database.ts'
import { big, integer, optional, text } from '../database/row.ts'
import {
  overridesOf,
  readRules,
  windowText,
  windowOfText,
  writeOverrides,
  writeRules,
} from './governed-json.ts'

/** Column values as the drivers take them. */
type Columns = Readonly<Record<string, unknown>>

/** How a resource is a row. What all rows have (organisation, version, times) is written and read beside it. */
export type GovernedTable<Value> = {
  readonly table: string
  readonly write: (value: Value) => Columns
  readonly read: (row: Row) => Value
  /** Filters of lists, by their columns. */
  readonly filters: Readonly<Record<string, string>>
  /** A row that belongs to no organisation may be taken into one, and let go again. */
  readonly mayChangeTenant?: true
}

/** Rows that belong to no organisation have this one's name: no organisation has it. */
export const ownerOf = (organizationId: string | null): string => organizationId ?? PUBLIC_UNIT.id
export const organizationOf = (row: Row): string | null =>
  row['organization_id'] === PUBLIC_UNIT.id ? null : text(row['organization_id'])

const common = (row: Row) => ({
  id: text<string>(row['id']),
  version: integer(row['version']),
  ...optional('archivedAtMs', row['archived_at_ms'], integer),
})
const owned = (row: Row) => ({ ...common(row), organizationId: text<string>(row['organization_id']) })
const placeOf = (row: Row): Place => ({ level: text(row['level']), id: text(row['level_id']) })
const setByOf = (row: Row): Authority => ({
  unitPath: row['set_by_path'] as readonly string[],
  reach: text(row['set_by_reach']),
})
const placed = ({ place, setBy }: { place: Place; setBy: Authority }) => ({
  level: place.level,
  level_id: place.id,
  set_by_path: [...setBy.unitPath],
  set_by_reach: setBy.reach,
})
const BY_PLACE = { level: 'level', levelId: 'level_id' }

export const GOVERNED_TABLES: {
  readonly [Resource in GovernedResource]: GovernedTable<GovernedResources[Resource]>
} = {
  organizations: {
    table: 'organizations',
    filters: { id: 'id' },
    write: ({ name, levelNames, timeZone }) => ({ name, level_names: [...levelNames], time_zone: timeZone }),
    read: (row) => ({
      ...common(row),
      name: text(row['name']),
      levelNames: row['level_names'] as readonly string[],
      timeZone: text(row['time_zone']),
    }),
  },
  units: {
    table: 'units',
    filters: { parentId: 'parent_id' },
    write: ({ name, path }) => ({
      name,
      name_key: nameKey(name),
      parent_id: path.at(-2) ?? null,
      path: [...path],
    }),
    read: (row) => ({ ...owned(row), name: text(row['name']), path: row['path'] as readonly string[] }),
  },
  principals: {
    table: 'principals',
    filters: { unitId: 'unit_id', kind: 'kind', address: 'address' },
    mayChangeTenant: true,
    write: ({ unitId, kind, name, address }) => ({ unit_id: unitId, kind, name, address: address ?? null }),
    read: (row) => ({
      ...common(row),
      organizationId: organizationOf(row),
      unitId: text(row['unit_id']),
      kind: text(row['kind']),
      name: text(row['name']),
      ...optional('address', row['address'], text<string>),
    }),
  },
  wallets: {
    table: 'wallets',
    filters: { principalId: 'principal_id' },
    mayChangeTenant: true,
    write: ({ principalId, linkedAtMs, verdict, listVersion, screenedUntilMs }) => ({
      principal_id: principalId,
      linked_at_ms: linkedAtMs ?? null,
      verdict: verdict ?? null,
      list_version: listVersion ?? null,
      screened_until_ms: screenedUntilMs ?? null,
    }),
    read: (row) => ({
      ...common(row),
      organizationId: organizationOf(row),
      principalId: text(row['principal_id']),
      ...optional('linkedAtMs', row['linked_at_ms'], integer),
      ...optional('verdict', row['verdict'], text<'allow' | 'deny' | 'review'>),
      ...optional('listVersion', row['list_version'], text<string>),
      ...optional('screenedUntilMs', row['screened_until_ms'], integer),
    }),
  },
  keys: {
    table: 'api_keys',
    filters: { principalId: 'principal_id', kind: 'kind' },
    write: (key) => ({
      principal_id: key.principalId,
      name: key.name,
      kind: key.kind,
      is_test: key.isTest,
      secret_hash: key.secretHash,
      pepper_version: key.pepperVersion,
      scopes: key.scopes === null ? null : [...key.scopes],
      created_at_ms: key.createdAtMs,
      expires_at_ms: key.expiresAtMs ?? null,
      revoked_at_ms: key.revokedAtMs ?? null,
      revoked_vouchers: key.revokedVouchers ? JSON.stringify(key.revokedVouchers) : null,
      rotated_from_id: key.rotatedFromId ?? null,
    }),
    read: (row) => ({
      ...owned(row),
      principalId: text(row['principal_id']),
      name: text(row['name']),
      kind: text(row['kind']),
      isTest: row['is_test'] === true,
      secretHash: text(row['secret_hash']),
      pepperVersion: integer(row['pepper_version']),
      scopes: row['scopes'] as GovernedResources['keys']['scopes'],
      createdAtMs: integer(row['created_at_ms']),
      ...optional('expiresAtMs', row['expires_at_ms'], integer),
      ...optional('revokedAtMs', row['revoked_at_ms'], integer),
      ...optional('revokedVouchers', row['revoked_vouchers'], (value) => value as readonly RevokedVoucher[]),
      ...optional('rotatedFromId', row['rotated_from_id'], text<string>),
    }),
  },
  roles: {
    table: 'roles',
    filters: { name: 'name' },
    write: ({ name, permissions }) => ({ name, permissions: JSON.stringify(permissions) }),
    read: (row) => ({
      ...owned(row),
      name: text(row['name']),
      permissions: row['permissions'] as GovernedResources['roles']['permissions'],
    }),
  },
  grants: {
    table: 'role_grants',
    filters: { principalId: 'principal_id', unitId: 'unit_id', role: 'role' },
    write: ({ principalId, unitId, role, isByGroup }) => ({
      principal_id: principalId,
      unit_id: unitId,
      role,
      is_by_group: isByGroup === true,
    }),
    read: (row) => ({
      ...owned(row),
      principalId: text(row['principal_id']),
      unitId: text(row['unit_id']),
      role: text(row['role']),
      ...(row['is_by_group'] === true ? { isByGroup: true as const } : {}),
    }),
  },
  policies: {
    table: 'policies',
    filters: BY_PLACE,
    write: (policy) => ({ ...placed(policy), rules: writeRules(policy.rules) }),
    read: (row) => ({
      ...common(row),
      organizationId: organizationOf(row),
      place: placeOf(row),
      setBy: setByOf(row),
      rules: readRules(row['rules']),
    }),
  },
  budgets: {
    table: 'budgets',
    filters: { ...BY_PLACE, metric: 'metric' },
    write: (budget) => ({
      ...placed(budget),
      metric: budget.metric,
      time_window: windowText(budget.window),
      budget_limit: budget.limit.toString(),
      mode: budget.mode,
      applies: budget.applies,
      time_zone: budget.timeZone,
      thresholds_percent: [...budget.thresholdsPercent],
      overrides: writeOverrides(budget.overrides),
    }),
    read: (row) => ({
      ...common(row),
      organizationId: organizationOf(row),
      place: placeOf(row),
      setBy: setByOf(row),
      metric: text(row['metric']),
      window: windowOfText(text(row['time_window'])),
      limit: big(row['budget_limit']),
      mode: text(row['mode']),
      applies: text(row['applies']),
      timeZone: text(row['time_zone']),
      thresholdsPercent: row['thresholds_percent'] as readonly number[],
      overrides: overridesOf(row['overrides']),
    }),
  },
  rates: {
    table: 'rate_limits',
    filters: { ...BY_PLACE, metric: 'metric' },
    write: (rate) => ({ ...placed(rate), metric: rate.metric, rate_limit: rate.limit }),
    read: (row) => ({
      ...common(row),
      organizationId: organizationOf(row),
      place: placeOf(row),
      setBy: setByOf(row),
      metric: text(row['metric']),
      limit: integer(row['rate_limit']),
    }),
  },
  webhooks: {
    table: 'webhooks',
    filters: { name: 'name' },
    write: (webhook) => ({
      name: webhook.name,
      url: webhook.url,
      event_types: webhook.eventTypes === null ? null : [...webhook.eventTypes],
      sealed_secret: webhook.sealedSecret,
      sealed_earlier_secret: webhook.sealedEarlierSecret ?? null,
      disabled_at_ms: webhook.disabledAtMs ?? null,
    }),
    read: (row) => ({
      ...owned(row),
      name: text(row['name']),
      url: text(row['url']),
      eventTypes: row['event_types'] as readonly string[] | null,
      sealedSecret: text(row['sealed_secret']),
      ...optional('sealedEarlierSecret', row['sealed_earlier_secret'], text<string>),
      ...optional('disabledAtMs', row['disabled_at_ms'], integer),
      ...optional('failingSinceMs', row['failing_since_ms'], integer),
    }),
  },
  logins: {
    table: 'logins',
    filters: {
      emailDigest: 'email_digest',
      subjectDigest: 'subject_digest',
      invitationHash: 'invitation_hash',
    },
    write: (login) => ({
      email_digest: login.emailDigest ?? null,
      password_hash: login.passwordHash ?? null,
      password_set_at_ms: login.passwordSetAtMs ?? null,
      invitation_hash: login.invitationHash ?? null,
      invitation_expires_at_ms: login.invitationExpiresAtMs ?? null,
      subject_digest: login.subjectDigest ?? null,
      is_by_group: login.isByGroup,
    }),
    read: (row) => ({
      ...owned(row),
      ...optional('emailDigest', row['email_digest'], text<string>),
      ...optional('passwordHash', row['password_hash'], text<string>),
      ...optional('passwordSetAtMs', row['password_set_at_ms'], integer),
      ...optional('invitationHash', row['invitation_hash'], text<string>),
      ...optional('invitationExpiresAtMs', row['invitation_expires_at_ms'], integer),
      ...optional('subjectDigest', row['subject_digest'], text<string>),
      isByGroup: row['is_by_group'] === true,
    }),
  },
}
