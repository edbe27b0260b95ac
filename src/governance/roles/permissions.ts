/** Every permission, as `resource:action`, and what it lets its holder do. */
export const PERMISSIONS = {
  'organizations:read': 'see settings, level names and time zone',
  'organizations:write': 'change them',
  'organizations:archive': 'archive the organisation',
  'sso:write': 'set how people sign in',
  'units:read': 'see units',
  'units:write': 'make and rename units',
  'units:move': 'move units',
  'units:archive': 'archive and restore units',
  'principals:read': 'see members, programs and wallets',
  'principals:write': 'invite, add and change them',
  'principals:archive': 'archive them',
  'wallets:link': 'link a wallet, or let one go',
  'roles:read': 'see roles and who holds them',
  'roles:write': 'make roles of our own',
  'roles:grant': 'grant and take roles, at most what one holds',
  'keys:read': 'list keys (never their secrets)',
  'keys:create': 'make keys',
  'keys:rotate': 'rotate keys',
  'keys:revoke': 'revoke keys',
  'policies:read': 'see policies and what is in force',
  'policies:write': 'set policies',
  'budgets:read': 'see limits, and what is spent and held',
  'budgets:write': 'set budgets and temporary limits',
  'rates:write': 'set rate limits',
  'credit:read': 'see the balance',
  'credit:top-up': 'add to the balance',
  'credit:withdraw': 'take out of the balance',
  'ledger:export': 'export the ledger',
  'usage:read': 'see usage and costs',
  'calls:read': 'see calls (never what was said)',
  'webhooks:read': 'see subscriptions and deliveries',
  'webhooks:write': 'subscribe, test and replay',
  'audit:read': 'read, export and verify the audit log',
  'models:call': 'call models',
  'runs:write': 'raise the limits of open runs',
  'vouchers:create': 'hand out spend vouchers',
} as const satisfies Readonly<Record<string, string>>

export type Permission = keyof typeof PERMISSIONS

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as readonly Permission[]

/** How far a permission goes: the unit where it was granted with all below, or only what is the holder's own. */
export type Reach = 'subtree' | 'own'

/** What a role allows. Absent: not at all. */
export type RolePermissions = Readonly<Partial<Record<Permission, Reach>>>

export const isPermission = (text: string): text is Permission => Object.hasOwn(PERMISSIONS, text)
