import { PERMISSION_NAMES, PERMISSIONS, type RolePermissions } from './permissions.ts'
import { ROLES, WALLET_PERMISSIONS } from './roles.ts'

/** How a cell of the matrix is written. */
const WORDS = { subtree: 'x', own: 'own' } as const

const COLUMNS: readonly (readonly [string, RolePermissions])[] = [
  ...Object.values(ROLES).map(({ name, permissions }) => [name, permissions] as const),
  ['wallet without organisation', WALLET_PERMISSIONS],
]

export const MATRIX_HEADS: readonly string[] = [
  'permission',
  'lets its holder',
  ...COLUMNS.map(([name]) => name),
]

/** The permission matrix as rows of a table: x in the unit of the grant and all below, own for what is the holder's own. */
export const matrixRows = (): readonly (readonly string[])[] =>
  PERMISSION_NAMES.map((name) => [
    name,
    PERMISSIONS[name],
    ...COLUMNS.map(([, permissions]) => {
      const reach = permissions[name]
      return reach === undefined ? '' : WORDS[reach]
    }),
  ])
