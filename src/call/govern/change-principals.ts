import { checkName } from '../../governance/hierarchy/check-name.ts'
import { archivePrincipal, placePrincipal } from '../../governance/hierarchy/place-principal.ts'
import { PUBLIC_UNIT, type Principal } from '../../governance/hierarchy/types.ts'
import { commonPath } from '../../governance/hierarchy/unit-path.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { AdminChange } from '../admin-ports.ts'
import { revokeChanges } from './change-keys.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'
import { requireNarrowerPlace } from './narrower-place.ts'

const ownerOf = ({ organizationId }: Principal) => organizationId ?? PUBLIC_UNIT.id

/** A person or a program in a unit; wallets are linked. @throws TurnpikeError `invalid_name`, `unit_archived`. */
export async function createPrincipal(
  desk: Desk,
  { unitId, kind, name }: { unitId: string; kind: 'user' | 'service'; name: string },
): Promise<Decision> {
  const unit = await desk.records.unitOf(unitId)
  const { organizationId } = unit
  desk.need({ organizationId, unitPath: unit.path })
  if (unit.archivedAtMs !== undefined) throw new TurnpikeError('unit_archived', { param: 'unit_id' })
  const principal: Principal = {
    id: desk.newId(),
    organizationId,
    unitId,
    kind,
    name: checkName({ name, param: 'name' }),
    version: 1,
  }
  return {
    organizationId,
    changes: [making('principals', principal)],
    unchanged: [{ resource: 'units', id: unit.id, version: unit.version }],
    answer: { resource: 'principals', id: principal.id },
  }
}

/**
 * Renames a principal, or moves it to another unit of its organisation: `principals:write` at both, and nothing allowed there that is not
 * allowed now. Its keys, policies and budgets go with it.
 */
export async function changePrincipal(
  desk: Desk,
  {
    id,
    name,
    unitId,
    acceptsWidening,
    version,
  }: {
    id: string
    name?: string | undefined
    unitId?: string | undefined
    acceptsWidening: boolean
    version?: number | undefined
  },
): Promise<Decision> {
  const was = await desk.records.get('principals', id)
  const spot = await desk.records.spotOfPrincipal(was)
  desk.need(spot)
  if (was.archivedAtMs !== undefined) throw new TurnpikeError('principal_archived')
  const renamed = name === undefined ? was : { ...was, name: checkName({ name, param: 'name' }) }
  const organizationId = ownerOf(was)
  const answer = { resource: 'principals', id } as const
  if (unitId === undefined || unitId === was.unitId)
    return { organizationId, changes: [changing('principals', was, renamed, version)], answer }
  const unit = await desk.records.unitOf(unitId)
  desk.need({ organizationId: unit.organizationId, unitPath: unit.path })
  if (unit.organizationId !== organizationId)
    throw new TurnpikeError('principal_elsewhere', { param: 'unit_id' })
  const policies = await requireNarrowerPlace({
    desk,
    organizationId,
    from: spot.unitPath,
    to: unit.path,
    shared: commonPath(spot.unitPath, unit.path),
    acceptsWidening,
  })
  return {
    organizationId,
    changes: [changing('principals', was, placePrincipal({ principal: renamed, unit }), version)],
    unchanged: [{ resource: 'units', id: unit.id, version: unit.version }, ...policies],
    answer,
  }
}

/** Archives a principal; its keys are revoked, its roles taken and its login ended in the same commit. */
export async function putPrincipalAway(
  desk: Desk,
  { id, version }: { id: string; version?: number | undefined },
): Promise<Decision> {
  const { records, nowMs } = desk
  const was = await records.get('principals', id)
  desk.need(await records.spotOfPrincipal(was))
  const organizationId = ownerOf(was)
  const answer = { resource: 'principals', id } as const
  const principal = archivePrincipal({ principal: was, nowMs })
  if (principal === was) return { organizationId, changes: [], answer }
  const where = { principalId: id }
  const revoked = revokeChanges(desk, await records.listAll('keys', organizationId, { where }))
  const grants = await records.listAll('grants', organizationId, { where })
  const login = await records.find('logins', id)
  return {
    organizationId,
    changes: [
      changing('principals', was, principal, version),
      ...(login && login.archivedAtMs === undefined
        ? [changing('logins', login, { ...login, archivedAtMs: nowMs })]
        : []),
      ...revoked.changes,
      ...grants.map((grant): AdminChange => changing('grants', grant, { ...grant, archivedAtMs: nowMs })),
    ],
    events: revoked.events,
    answer,
  }
}
