import type { AuditActor } from '../../governance/audit/types.ts'
import type { UnitPath } from '../../governance/hierarchy/unit-path.ts'
import { keyMayDo, requireKeyPermission } from '../../governance/keys/key-kinds.ts'
import type { ApiKey } from '../../governance/keys/types.ts'
import {
  type Authority,
  authorityFor,
  type Grant,
  mayDo,
  requirePermission,
} from '../../governance/roles/may-do.ts'
import type { Permission, RolePermissions } from '../../governance/roles/permissions.ts'
import { ROLES } from '../../governance/roles/roles.ts'
import { EVERY_ORGANIZATION, type Tenant } from '../admin-ports.ts'
import type { CallerRules } from '../rules-ports.ts'

/** Who administers: the operator, who may everything everywhere, a key of one organisation, or a member of one who is signed in. */
export type Asker =
  | { readonly kind: 'operator' }
  | { readonly kind: 'key'; readonly key: ApiKey; readonly rules: CallerRules }
  | { readonly kind: 'principal'; readonly organizationId: string; readonly rules: CallerRules }

type Member = Exclude<Asker, { kind: 'operator' }>

/** Where something is, and whose. */
export type Spot = {
  /** `public` for what is nobody's. */
  readonly organizationId: string
  readonly unitPath: UnitPath
  /** The principal whose own it is. */
  readonly ownerId?: string
}

/** Whose records it can see at all: every query carries it. */
export const tenantOf = (asker: Asker): Tenant =>
  asker.kind === 'operator' ? EVERY_ORGANIZATION : organizationOf(asker)

export const organizationOf = (asker: Member): string =>
  asker.kind === 'key' ? asker.key.organizationId : asker.organizationId

export function actorOf(asker: Asker): AuditActor {
  if (asker.kind === 'operator') return { kind: 'operator', id: 'operator' }
  return asker.kind === 'key'
    ? { kind: 'key', id: asker.key.id }
    : { kind: 'principal', id: asker.rules.principal.id }
}

const isOwn = (asker: Member, spot: Spot): boolean =>
  spot.ownerId !== undefined && spot.ownerId === asker.rules.principal.id

const askedOf = (asker: Member, permission: Permission, spot: Spot) => ({
  grants: asker.rules.grants,
  permission,
  unitPath: spot.unitPath,
  isOwn: isOwn(asker, spot),
})

type Asked = { readonly asker: Asker; readonly permission: Permission; readonly spot: Spot }

export const mayAsk = ({ asker, permission, spot }: Asked): boolean =>
  asker.kind === 'operator' || memberMay(asker, askedOf(asker, permission, spot))

type AskedOf = ReturnType<typeof askedOf>

const memberMay = (asker: Member, asked: AskedOf): boolean =>
  asker.kind === 'key' ? keyMayDo({ key: asker.key, ...asked }) : mayDo(asked)

function requireMember(asker: Member, asked: AskedOf): void {
  if (asker.kind === 'key') requireKeyPermission({ key: asker.key, ...asked })
  else requirePermission(asked)
}

/** @throws TurnpikeError `key_kind_mismatch`, `permission_denied`. */
export function requireMay({ asker, permission, spot }: Asked): void {
  if (asker.kind !== 'operator') requireMember(asker, askedOf(asker, permission, spot))
}

/** The operator stands above every root: nobody in an organisation loosens what it has set. */
const OPERATOR_AUTHORITY: Authority = { unitPath: [], reach: 'subtree' }

/**
 * By whose right something is set there.
 *
 * @throws TurnpikeError `key_kind_mismatch`, `permission_denied`.
 */
export function authorityOf({ asker, permission, spot }: Asked): Authority {
  if (asker.kind === 'operator') return OPERATOR_AUTHORITY
  const asked = askedOf(asker, permission, spot)
  requireMember(asker, asked)
  return authorityFor(asked)
}

/**
 * What the asker could give away in an organisation. A key with scopes gives no more than they say; its kind does not count, since a key that
 * manages makes keys that call.
 */
export function grantsOf({
  asker,
  organizationId,
}: {
  asker: Asker
  organizationId: string
}): readonly Grant[] {
  if (asker.kind === 'operator') return [{ unitPath: [organizationId], permissions: ROLES.owner.permissions }]
  const scopes = asker.kind === 'key' ? asker.key.scopes : null
  if (scopes === null) return asker.rules.grants
  const inScope = (permissions: RolePermissions): RolePermissions =>
    Object.fromEntries(Object.entries(permissions).filter(([name]) => scopes.some((one) => one === name)))
  return asker.rules.grants.map(({ unitPath, permissions }) => ({
    unitPath,
    permissions: inScope(permissions),
  }))
}
