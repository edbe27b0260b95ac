import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { UnitPath } from '../hierarchy/unit-path.ts'
import { type Grant, mayDo, requirePermission } from '../roles/may-do.ts'
import { type Permission, PERMISSION_NAMES } from '../roles/permissions.ts'
import type { ApiKey, KeyKind } from './types.ts'

/**
 * What an inference key can do at most: call, and look at what it is and spends. Topping up is among it, since money that is brought in
 * manages nothing; a program needs it to keep itself going.
 */
const INFERENCE: readonly Permission[] = [
  'models:call',
  'runs:write',
  'vouchers:create',
  'policies:read',
  'budgets:read',
  'usage:read',
  'calls:read',
  'credit:read',
  'credit:top-up',
]

/** What only an inference key can do: a key that manages and leaks must not spend on models. */
const INFERENCE_ALONE: readonly Permission[] = ['models:call', 'runs:write', 'vouchers:create']

const BY_KIND: Readonly<Record<KeyKind, readonly Permission[]>> = {
  inference: INFERENCE,
  management: PERMISSION_NAMES.filter((name) => !INFERENCE_ALONE.includes(name)),
}

/** Whether a kind of key can be made to do that at all. */
export const kindAllows = ({ kind, permission }: { kind: KeyKind; permission: Permission }): boolean =>
  BY_KIND[kind].includes(permission)

type Asked = {
  readonly key: Pick<ApiKey, 'kind' | 'scopes'>
  /** Of the key's principal: a key never does more than who it belongs to. */
  readonly grants: readonly Grant[]
  readonly permission: Permission
  readonly unitPath: UnitPath
  readonly isOwn?: boolean
}

const isInScope = ({ key: { scopes }, permission }: Asked): boolean =>
  scopes === null || scopes.includes(permission)

/** Whether a key may do something: its kind, its scopes and its principal all have to allow it. */
export const keyMayDo = (asked: Asked): boolean =>
  kindAllows({ kind: asked.key.kind, permission: asked.permission }) && isInScope(asked) && mayDo(asked)

/** @throws TurnpikeError `key_kind_mismatch`, `permission_denied`. */
export function requireKeyPermission(asked: Asked): void {
  const { key, permission } = asked
  if (!kindAllows({ kind: key.kind, permission }))
    throw new TurnpikeError('key_kind_mismatch', {
      message: `A key for ${key.kind} cannot be used for ${permission}.`,
      extra: { metadata: { kind: key.kind, permission } },
    })
  if (!isInScope(asked))
    throw new TurnpikeError('permission_denied', {
      message: `${permission} is not among the scopes of this key.`,
      extra: { metadata: { permission, scopes: key.scopes } },
    })
  requirePermission(asked)
}

/**
 * What keeps somebody from making or rotating a key, either of which shows its secret: scopes that its kind cannot have, and, where the
 * key is another's, what that principal may do with it and the maker may not. Empty: nothing does.
 *
 * @param scopes null: everything that kind and principal allow.
 * @param principalGrants of whom the key is for.
 * @param makerGrants of who makes it; absent: it is the maker's own.
 */
export function missingForKey({
  kind,
  scopes,
  principalGrants,
  makerGrants,
}: {
  kind: KeyKind
  scopes: readonly Permission[] | null
  principalGrants: readonly Grant[]
  makerGrants?: readonly Grant[]
}): readonly Permission[] {
  const missing = new Set((scopes ?? []).filter((permission) => !kindAllows({ kind, permission })))
  if (!makerGrants) return [...missing]
  for (const { unitPath, permissions } of principalGrants)
    for (const permission of PERMISSION_NAMES) {
      const isUsable =
        permissions[permission] !== undefined &&
        kindAllows({ kind, permission }) &&
        (scopes === null || scopes.includes(permission))
      if (isUsable && !mayDo({ grants: makerGrants, permission, unitPath })) missing.add(permission)
    }
  return [...missing]
}
