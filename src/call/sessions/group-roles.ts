import type { Unit } from '../../governance/hierarchy/types.ts'
import { BUILT_IN_ROLES } from '../../governance/roles/roles.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { uuidV7 } from '../../lib/ids.ts'
import { type AdminChange, EVERY_ORGANIZATION, type RoleGrant } from '../admin-ports.ts'
import { changing, making } from '../govern/desk.ts'
import type { ProvidedIdentity } from '../session-ports.ts'
import type { LoginRecord } from '../credentials/logins.ts'
import type { SignInDependencies } from './members.ts'
import type { SignInRequest } from './session-notes.ts'

export type Came = {
  readonly identity: ProvidedIdentity
  readonly request: SignInRequest
  readonly dependencies: SignInDependencies
}

/** What a group gives: a role at a unit. */
export type Place = { readonly unit: Unit; readonly role: string }

/** Roles of one person at most: more are no list that anybody has written. */
const MOST_GRANTS = 1_000

/**
 * Where groups put somebody, in the order of the configuration.
 *
 * @param organizationId only there; absent: in the organisation of the first group that leads to one.
 */
export async function placesOf({
  identity,
  organizationId,
  dependencies: { provided, store },
}: Pick<Came, 'identity' | 'dependencies'> & { organizationId?: string }): Promise<readonly Place[]> {
  const told = [...(provided?.groups ?? [])].filter(([group]) => identity.groups.includes(group))
  const places: Place[] = []
  for (const [, { unitId, role }] of told) {
    const unit = await store.get({ resource: 'units', tenant: EVERY_ORGANIZATION, id: unitId })
    if (!unit || unit.archivedAtMs !== undefined) continue
    const { organizationId: tenant } = unit
    if (tenant !== (organizationId ?? places[0]?.unit.organizationId ?? tenant)) continue
    const isBuiltIn = BUILT_IN_ROLES.some((name) => name === role)
    const custom = isBuiltIn ? undefined : await store.get({ resource: 'roles', tenant, id: role })
    if (isBuiltIn || (custom && custom.archivedAtMs === undefined)) places.push({ unit, role })
  }
  return places
}

/** A role that somebody holds by a group, and for as long as they are in it. */
export function groupGrant({
  place: { unit, role },
  principalId,
  clock,
}: {
  place: Place
  principalId: string
  clock: SignInDependencies['clock']
}): RoleGrant {
  return {
    id: uuidV7({ nowMs: clock.nowMs(), random: clock.random(10) }),
    organizationId: unit.organizationId,
    principalId,
    unitId: unit.id,
    role,
    isByGroup: true,
    version: 1,
  }
}

type Following = Came & { readonly login: LoginRecord; readonly places: readonly Place[] }

const TRIES = 3

const nameOf = ({ unitId, role }: Pick<RoleGrant, 'unitId' | 'role'>) => `${unitId} ${role}`

/**
 * Brings the roles that somebody holds by groups in line with the groups of now: gives those that are missing and takes those that are left.
 * What was given by hand stays, also where a group gives the same: each has a grant of its own.
 */
export async function followGroups(following: Following): Promise<void> {
  for (let time = 1; ; time += 1) {
    try {
      return await followOnce(following)
    } catch (error) {
      // They come in at another door at the same moment, or an administrator takes one of these roles.
      const isRace = error instanceof TurnpikeError && error.code === 'version_conflict'
      if (!isRace || time === TRIES) throw error
    }
  }
}

async function followOnce({
  login: { id: principalId, organizationId },
  places,
  request,
  dependencies: { store, clock },
}: Following): Promise<void> {
  const { items } = await store.list({
    resource: 'grants',
    tenant: organizationId,
    where: { principalId },
    limit: MOST_GRANTS,
  })
  const held = items.filter(({ isByGroup }) => isByGroup)
  const wanted = new Map(places.map((place) => [nameOf({ ...place, unitId: place.unit.id }), place]))
  const nowMs = clock.nowMs()
  const taken = held.filter((grant) => !wanted.has(nameOf(grant)))
  for (const grant of held) wanted.delete(nameOf(grant))
  const changes: readonly AdminChange[] = [
    ...taken.map((grant) => changing('grants', grant, { ...grant, archivedAtMs: nowMs })),
    ...[...wanted.values()].map((place) => making('grants', groupGrant({ place, principalId, clock }))),
  ]
  if (changes.length === 0) return
  await store.commit({
    organizationId,
    changes,
    actor: { kind: 'system', id: 'identity-provider' },
    via: 'system',
    action: 'roles:grant',
    requestId: request.id,
    addressDigest: request.addressDigest,
    atMs: nowMs,
  })
}
