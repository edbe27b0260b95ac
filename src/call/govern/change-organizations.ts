import { checkOrganization } from '../../governance/hierarchy/check-organization.ts'
import { LEVEL_NAMES, type Organization, rootUnit } from '../../governance/hierarchy/types.ts'
import { archivePrincipal } from '../../governance/hierarchy/place-principal.ts'
import { uuidV7 } from '../../lib/ids.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'
import { revokeChanges } from './change-keys.ts'

type Settings = {
  readonly name?: string | undefined
  readonly levelNames?: readonly string[] | undefined
  readonly timeZone?: string | undefined
}

/** A new tenant with its root unit. Only the operator holds anything where nothing is yet. */
export function createOrganization(
  desk: Desk,
  { name, levelNames, timeZone }: Settings & { name: string },
): Decision {
  const { digest } = desk.dependencies
  const key = desk.request.idempotency?.key
  // Under an Idempotency-Key the id follows from it: two at once must not make two organisations.
  const id =
    key === undefined
      ? desk.newId()
      : uuidV7({ nowMs: 0, random: Buffer.from(digest(`organization ${key}`), 'base64url').subarray(0, 10) })
  desk.need({ organizationId: id, unitPath: [id] })
  const organization = checkOrganization({
    organization: {
      id,
      name,
      levelNames: levelNames ?? LEVEL_NAMES,
      timeZone: timeZone ?? 'UTC',
      version: 1,
    },
  })
  return {
    organizationId: id,
    changes: [making('organizations', organization), making('units', rootUnit({ organization }))],
    answer: { resource: 'organizations', id },
  }
}

/** Name, level names and time zone. The root unit has the organisation's name. */
export async function changeOrganization(
  desk: Desk,
  { id, version, ...settings }: Settings & { id: string; version?: number | undefined },
): Promise<Decision> {
  const was = await desk.records.organizationOf(id, 'id')
  desk.need({ organizationId: id, unitPath: [id] })
  const units = await desk.records.treeOf(id)
  const said = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
  const organization = checkOrganization({
    organization: { ...was, ...(said as Partial<Organization>) },
    units,
  })
  const root = units.get(id)
  return {
    organizationId: id,
    changes: [
      changing('organizations', was, organization, version),
      ...(root && root.name !== organization.name
        ? [changing('units', root, { ...root, name: organization.name })]
        : []),
    ],
    answer: { resource: 'organizations', id },
  }
}

/** Archives an organisation with its units and members; its keys are revoked. Nothing of it is deleted. */
export async function archiveOrganization(
  desk: Desk,
  { id, version }: { id: string; version?: number | undefined },
): Promise<Decision> {
  const { records, nowMs } = desk
  const was = await records.organizationOf(id, 'id')
  desk.need({ organizationId: id, unitPath: [id] })
  const answer = { resource: 'organizations', id } as const
  if (was.archivedAtMs !== undefined) return { organizationId: id, changes: [], answer }
  const [units, principals, keys] = [
    await records.listAll('units', id),
    await records.listAll('principals', id),
    await records.listAll('keys', id),
  ]
  const revoked = revokeChanges(desk, keys)
  return {
    organizationId: id,
    changes: [
      changing('organizations', was, { ...was, archivedAtMs: nowMs }, version),
      ...units.map((unit) => changing('units', unit, { ...unit, archivedAtMs: nowMs })),
      ...principals.map((principal) =>
        changing('principals', principal, archivePrincipal({ principal, nowMs })),
      ),
      ...revoked.changes,
    ],
    events: revoked.events,
    answer,
  }
}
