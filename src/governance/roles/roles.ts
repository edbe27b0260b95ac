import { type Permission, PERMISSION_NAMES, type Reach, type RolePermissions } from './permissions.ts'

/** A bundle of permissions. It is granted at a unit and holds for all below. */
export type Role = { readonly name: string; readonly permissions: RolePermissions }

export const BUILT_IN_ROLES = ['owner', 'admin', 'billing', 'developer', 'auditor', 'viewer'] as const
export type BuiltInRole = (typeof BUILT_IN_ROLES)[number]

const all = (reach: Reach, names: readonly Permission[]): RolePermissions =>
  Object.fromEntries(names.map((name) => [name, reach]))

const READING = [
  'organizations:read',
  'units:read',
  'principals:read',
  'roles:read',
  'keys:read',
  'policies:read',
  'budgets:read',
  'usage:read',
  'calls:read',
] as const satisfies readonly Permission[]

/** What only an owner may: the organisation itself, how people sign in, and its money. */
const OWNERS_ALONE: readonly Permission[] = [
  'organizations:write',
  'organizations:archive',
  'sso:write',
  'credit:top-up',
  'credit:withdraw',
  'ledger:export',
]

/**
 * The roles that every organisation has.
 *
 * Owner and admin hold `models:call` too, though neither needs it: nobody grants more than they hold, so without it they could make no
 * developer. Keys keep the two apart all the same: one that manages cannot call (keys/key-kinds).
 */
export const ROLES: Readonly<Record<BuiltInRole, Role>> = {
  owner: { name: 'owner', permissions: all('subtree', PERMISSION_NAMES) },
  admin: {
    name: 'admin',
    permissions: all(
      'subtree',
      PERMISSION_NAMES.filter((name) => !OWNERS_ALONE.includes(name)),
    ),
  },
  billing: {
    name: 'billing',
    permissions: all('subtree', [
      ...READING,
      'budgets:write',
      'credit:read',
      'credit:top-up',
      'credit:withdraw',
      'ledger:export',
      'webhooks:read',
      'webhooks:write',
    ]),
  },
  developer: {
    name: 'developer',
    permissions: {
      ...all('subtree', ['organizations:read', 'units:read']),
      ...all('own', [
        'principals:read',
        'keys:read',
        'keys:create',
        'keys:rotate',
        'keys:revoke',
        'policies:read',
        'policies:write',
        'budgets:read',
        'budgets:write',
        'usage:read',
        'calls:read',
        'models:call',
        'runs:write',
        'vouchers:create',
      ]),
    },
  },
  auditor: {
    name: 'auditor',
    permissions: all('subtree', [...READING, 'credit:read', 'ledger:export', 'webhooks:read', 'audit:read']),
  },
  viewer: { name: 'viewer', permissions: all('subtree', READING) },
}

/** What a wallet may that belongs to no organisation: everything about itself, and it pays for its calls. */
export const WALLET_PERMISSIONS: RolePermissions = all('own', [
  'principals:read',
  'policies:read',
  'policies:write',
  'budgets:read',
  'budgets:write',
  'credit:read',
  'credit:top-up',
  'credit:withdraw',
  'usage:read',
  'calls:read',
  'webhooks:read',
  'webhooks:write',
  'audit:read',
  'models:call',
  'runs:write',
  'vouchers:create',
])
