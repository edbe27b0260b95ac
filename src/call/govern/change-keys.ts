import { newEvent } from '../../governance/alerts/coalesce.ts'
import type { AlertEvent } from '../../governance/alerts/events.ts'
import { checkName } from '../../governance/hierarchy/check-name.ts'
import { displayPrefix, newKeyText } from '../../governance/keys/api-key.ts'
import { hashSecret } from '../../governance/keys/hash-secret.ts'
import { kindAllows, missingForKey } from '../../governance/keys/key-kinds.ts'
import { rotateKey } from '../../governance/keys/rotate-key.ts'
import type { ApiKey, KeyKind } from '../../governance/keys/types.ts'
import type { Grant } from '../../governance/roles/may-do.ts'
import type { Permission } from '../../governance/roles/permissions.ts'
import { BUILT_IN_ROLES, ROLES } from '../../governance/roles/roles.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { AdminChange, RoleGrant } from '../admin-ports.ts'
import { actorOf, grantsOf, type Spot } from './asker.ts'
import { carriedOver } from './carry-over.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'

const KEY_BYTES = 40

function keyEvent(desk: Desk, type: 'key.created' | 'key.revoked', key: ApiKey): AlertEvent {
  const { kind, id } = actorOf(desk.asker)
  return newEvent({
    type,
    organizationId: key.organizationId,
    cause: [key.id],
    data: {
      key_id: key.id,
      prefix: displayPrefix(key),
      principal_id: key.principalId,
      by: kind === 'operator' ? kind : `${kind}:${id}`,
    },
    atMs: desk.nowMs,
  })
}

/** Revokes those keys that are not revoked yet, each with its alert. */
export function revokeChanges(
  desk: Desk,
  keys: readonly ApiKey[],
): { readonly changes: readonly AdminChange[]; readonly events: readonly AlertEvent[] } {
  const living = keys.filter(({ revokedAtMs }) => revokedAtMs === undefined)
  return {
    changes: living.map((key) => changing('keys', key, { ...key, revokedAtMs: desk.nowMs })),
    events: living.map((key) => keyEvent(desk, 'key.revoked', key)),
  }
}

function freshKey({ dependencies: { keys, clock } }: Desk) {
  const { pepper, pepperVersion, isTest } = keys
  const { id, secret, text } = newKeyText({ isTest, random: clock.random(KEY_BYTES) })
  return { fresh: { id, secretHash: hashSecret({ secret, pepper }), pepperVersion }, text }
}

/** What a principal's roles let it do, where. */
export async function grantsOfPrincipal(
  { records }: Desk,
  organizationId: string,
  principalId: string,
): Promise<readonly Grant[]> {
  const rows = await records.listAll('grants', organizationId, { where: { principalId } })
  return Promise.all(
    rows.map(async ({ role, unitId }: RoleGrant): Promise<Grant> => {
      const builtIn = BUILT_IN_ROLES.find((name) => name === role)
      const permissions = builtIn
        ? ROLES[builtIn].permissions
        : (await records.find('roles', role))?.permissions
      return { unitPath: (await records.spotOfUnit(unitId)).unitPath, permissions: permissions ?? {} }
    }),
  )
}

/**
 * Lets nobody make a key that does more than its maker: whoever makes one sees its secret. A key with scopes makes none with others, also for
 * its own principal.
 *
 * @throws TurnpikeError `key_kind_mismatch`, `grant_exceeds_own`.
 */
async function requireMakeable(
  desk: Desk,
  spot: Spot,
  { kind, scopes, principalId }: { kind: KeyKind; scopes: readonly Permission[] | null; principalId: string },
): Promise<void> {
  const wrong = (scopes ?? []).filter((permission) => !kindAllows({ kind, permission }))
  if (wrong.length > 0)
    throw new TurnpikeError('key_kind_mismatch', {
      param: 'scopes',
      message: `A key for ${kind} cannot have ${wrong.join(', ')}.`,
      extra: { metadata: { kind, scopes: wrong } },
    })
  const { asker } = desk
  const own = asker.kind === 'key' && asker.rules.principal.id === principalId ? asker.key : undefined
  const limits = own?.scopes ?? null
  if (own && limits !== null) {
    const missing = (scopes ?? ['everything' as const]).filter(
      (one) => one === 'everything' || !limits.includes(one),
    )
    if (missing.length > 0) throw exceeds(missing)
  }
  const { organizationId } = spot
  const missing = missingForKey({
    kind,
    scopes,
    principalGrants: await grantsOfPrincipal(desk, organizationId, principalId),
    ...(own ? {} : { makerGrants: grantsOf({ asker, organizationId }) }),
  })
  if (missing.length > 0) throw exceeds(missing)
}

const exceeds = (missing: readonly string[]) =>
  new TurnpikeError('grant_exceeds_own', {
    message: `The key could do what its maker cannot: ${missing.join(', ')}.`,
    extra: { metadata: { missing } },
  })

export type NewKey = {
  readonly principalId: string
  readonly name: string
  readonly kind: KeyKind
  readonly scopes: readonly Permission[] | null
  readonly expiresAtMs?: number | undefined
}

/** Makes a key; its text is in `once` and nowhere else. @throws TurnpikeError as {@link requireMakeable}, `principal_archived`. */
export async function createKey(desk: Desk, given: NewKey): Promise<Decision> {
  const { records, nowMs, dependencies } = desk
  const { principalId, kind, scopes, expiresAtMs } = given
  const principal = await records.get('principals', principalId, 'principal_id')
  const spot = await records.spotOfPrincipal(principal)
  desk.need(spot)
  if (principal.archivedAtMs !== undefined) throw new TurnpikeError('principal_archived')
  await requireMakeable(desk, spot, given)
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs)
    throw new TurnpikeError('invalid_field', {
      param: 'expires_at',
      message: 'expires_at has passed already.',
    })
  const { organizationId } = spot
  const { fresh, text } = freshKey(desk)
  const key: ApiKey = {
    ...fresh,
    organizationId,
    principalId,
    name: checkName({ name: given.name, param: 'name' }),
    kind,
    isTest: dependencies.keys.isTest,
    scopes,
    createdAtMs: nowMs,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    version: 1,
  }
  return {
    organizationId,
    changes: [making('keys', key)],
    unchanged: [{ resource: 'principals', id: principal.id, version: principal.version }],
    events: [keyEvent(desk, 'key.created', key)],
    answer: { resource: 'keys', id: key.id },
    once: { key: text },
  }
}

type Versioned = { readonly id: string; readonly version?: number | undefined }

/**
 * Puts a new key in the place of an old one, which stays good for the overlap. Policies, rates and what is left of budgets that hang on the
 * old one are carried over: to rotate is no way round a limit.
 */
export async function rotateKeyOf(
  desk: Desk,
  {
    id,
    overlapMs,
    lifeMs,
    version,
  }: Versioned & { overlapMs?: number | undefined; lifeMs?: number | undefined },
): Promise<Decision> {
  const { records, nowMs } = desk
  const was = await records.get('keys', id)
  const spot = await records.spotOfOwner(was.principalId)
  desk.need(spot)
  await requireMakeable(desk, spot, was)
  const { fresh, text } = freshKey(desk)
  const { old, next } = rotateKey({
    key: was,
    fresh,
    nowMs,
    ...(overlapMs === undefined ? {} : { overlapMs }),
    ...(lifeMs === undefined ? {} : { lifeMs }),
  })
  return {
    organizationId: was.organizationId,
    changes: [
      making('keys', next),
      changing('keys', was, old, version),
      ...(await carriedOver(desk, { from: was.id, to: next.id, organizationId: was.organizationId })),
    ],
    events: [keyEvent(desk, 'key.created', next)],
    answer: { resource: 'keys', id: next.id },
    once: { key: text },
  }
}

/** A revoked key never comes back. */
export async function revokeKey(desk: Desk, { id, version }: Versioned): Promise<Decision> {
  const was = await desk.records.get('keys', id)
  desk.need(await desk.records.spotOfOwner(was.principalId))
  const { organizationId } = was
  const answer = { resource: 'keys', id } as const
  if (was.revokedAtMs !== undefined) return { organizationId, changes: [], answer }
  return {
    organizationId,
    changes: [changing('keys', was, { ...was, revokedAtMs: desk.nowMs }, version)],
    events: [keyEvent(desk, 'key.revoked', was)],
    answer,
  }
}

const tooMany = () =>
  new TurnpikeError('invalid_governance_value', {
    param: 'voucher',
    message: `A key keeps at most ${LIMITS.revokedVouchers} vouchers that were revoked.`,
    next: 'Revoke the key itself, and hand out vouchers of another one.',
  })

/**
 * Takes one voucher of a key back, with everything that was narrowed from it, and leaves the key and its other vouchers. Vouchers are stored
 * nowhere, so a name that none has is taken like any other. What was revoked so long ago that no voucher of then can be alive is let go of.
 *
 * @throws TurnpikeError `invalid_governance_value` beyond LIMITS.revokedVouchers.
 */
export async function revokeVoucher(
  desk: Desk,
  { id, voucherId, version }: Versioned & { voucherId: string },
): Promise<Decision> {
  const { records, nowMs } = desk
  const was = await records.get('keys', id)
  desk.need(await records.spotOfOwner(was.principalId))
  const { organizationId } = was
  const answer = { resource: 'keys', id } as const
  const { revokedVouchers: before = [] } = was
  if (before.some((one) => one.id === voucherId)) return { organizationId, changes: [], answer }
  const alive = before.filter(({ atMs }) => nowMs - atMs < LIMITS.voucherLifeMaxMs)
  if (alive.length >= LIMITS.revokedVouchers) throw tooMany()
  const revokedVouchers = [...alive, { id: voucherId, atMs: nowMs }]
  return { organizationId, changes: [changing('keys', was, { ...was, revokedVouchers }, version)], answer }
}
