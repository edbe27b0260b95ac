import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { isWithin, type UnitPath } from '../hierarchy/unit-path.ts'
import type { Permission, Reach, RolePermissions } from './permissions.ts'

/** A role that somebody holds at a unit. */
export type Grant = { readonly unitPath: UnitPath; readonly permissions: RolePermissions }

type Asked = {
  readonly grants: readonly Grant[]
  readonly permission: Permission
  /** The unit of what is to be done something with. */
  readonly unitPath: UnitPath
  /** Whether it is the holder's own: its own key, its own calls. */
  readonly isOwn?: boolean
}

/**
 * Whether somebody may do something in a unit. A grant holds for its unit and all below, never above and never beside.
 *
 * @example mayDo({ grants: [{ unitPath: ['acme', 'sales'], permissions: ROLES.admin.permissions }], permission: 'keys:revoke', unitPath: ['acme'] }) // false
 */
export const mayDo = ({ grants, permission, unitPath, isOwn = false }: Asked): boolean =>
  grants.some(({ unitPath: above, permissions }) => {
    const reach = permissions[permission]
    return (reach === 'subtree' || (reach === 'own' && isOwn)) && isWithin({ path: unitPath, above })
  })

/** @throws TurnpikeError `permission_denied` naming the permission and the unit. */
export function requirePermission(asked: Asked): void {
  if (mayDo(asked)) return
  throw new TurnpikeError('permission_denied', {
    message: `You do not hold ${asked.permission} there.`,
    extra: { metadata: { permission: asked.permission, unit: asked.unitPath.at(-1) } },
  })
}

/**
 * By whose right a policy or a budget was set: the unit of the grant, and whether it reached the unit or only the setter's own. It is kept
 * with the record, so that nobody below loosens what was set from above ({@link mayChange}). After a move it still counts by its depth.
 */
export type Authority = { readonly unitPath: UnitPath; readonly reach: Reach }

/**
 * The widest right by which somebody may do something there.
 *
 * @throws TurnpikeError `permission_denied` where there is none.
 */
export function authorityFor(asked: Asked): Authority {
  requirePermission(asked)
  const rights = asked.grants.flatMap(({ unitPath, permissions }): readonly Authority[] => {
    const reach = permissions[asked.permission]
    const counts = reach !== undefined && (reach === 'subtree' || asked.isOwn === true)
    return counts && isWithin({ path: asked.unitPath, above: unitPath }) ? [{ unitPath, reach }] : []
  })
  return rights.reduce((widest, right) => (isWider(right, widest) ? right : widest))
}

/** A right over a subtree is wider than one over one's own, wherever they were granted. */
function isWider(one: Authority, other: Authority): boolean {
  if (one.reach !== other.reach) return one.reach === 'subtree'
  return one.unitPath.length < other.unitPath.length
}

/** Whether who has one right may change, loosen or remove what was set by another. */
export const mayChange = ({ authority, setBy }: { authority: Authority; setBy: Authority }): boolean =>
  !isWider(setBy, authority)

/**
 * The permissions of a role that its giver does not hold there, or not as far. Empty: it may be granted, or written into a role of their own.
 *
 * @throws TurnpikeError `permission_denied` where the giver may not grant at all.
 */
export function missingForGrant({
  grants,
  role,
  unitPath,
  permission = 'roles:grant',
}: {
  grants: readonly Grant[]
  role: RolePermissions
  unitPath: UnitPath
  permission?: 'roles:grant' | 'roles:write'
}): readonly Permission[] {
  requirePermission({ grants, permission, unitPath })
  return (Object.entries(role) as [Permission, Reach][])
    .filter(([name, reach]) => !mayDo({ grants, permission: name, unitPath, isOwn: reach === 'own' }))
    .map(([name]) => name)
}

/** @throws TurnpikeError `permission_denied`, `grant_exceeds_own` naming what is missing. */
export function requireGrantable(asked: Parameters<typeof missingForGrant>[0]): void {
  const missing = missingForGrant(asked)
  if (missing.length === 0) return
  throw new TurnpikeError('grant_exceeds_own', {
    message: `You do not hold ${missing.join(', ')} there yourself.`,
    extra: { metadata: { missing, unit: asked.unitPath.at(-1) } },
  })
}
