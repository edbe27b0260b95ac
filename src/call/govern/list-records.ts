import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import {
  type AdminFilters,
  type AdminPage,
  type AdminResource,
  type AdminResources,
  EVERY_ORGANIZATION,
  type GovernedResource,
  type GovernedResources,
  type Tenant,
} from '../admin-ports.ts'
import { organizationOf, type Spot, tenantOf } from './asker.ts'
import type { Desk } from './desk.ts'
import { notThere } from './directory.ts'

/** What everybody who may read of a kind at all reads whole: the organisation itself, and names of its roles. */
const SHARED: readonly AdminResource[] = ['organizations', 'roles']

const rootOf = (organizationId: string): Spot => ({ organizationId, unitPath: [organizationId] })

/** Where a record is. @throws TurnpikeError `record_not_found` where what it hangs on is another organisation's. */
export async function spotOf<Resource extends GovernedResource>(
  { records }: Pick<Desk, 'records'>,
  resource: Resource,
  record: GovernedResources[Resource],
): Promise<Spot> {
  if (resource === 'organizations') return rootOf(record.id)
  if (resource === 'units') {
    const { organizationId, path } = record as GovernedResources['units']
    return { organizationId, unitPath: path }
  }
  if (resource === 'principals') return records.spotOfPrincipal(record as GovernedResources['principals'])
  if (resource === 'logins') return records.spotOfOwner(record.id, 'id')
  if ('place' in record) return records.spotOfPlace(record.place)
  if (resource === 'grants') return records.spotOfUnit((record as GovernedResources['grants']).unitId)
  if ('principalId' in record) return records.spotOfOwner(record.principalId)
  return rootOf('organizationId' in record ? (record.organizationId ?? PUBLIC_UNIT.id) : record.id)
}

/** Lets on who holds the permission anywhere in its organisation. @throws TurnpikeError `permission_denied`, `key_kind_mismatch`. */
export function needSomewhere(desk: Desk): void {
  const { asker } = desk
  if (asker.kind === 'operator') {
    desk.need(rootOf(PUBLIC_UNIT.id))
    return
  }
  const organizationId = organizationOf(asker)
  const ownerId = asker.rules.principal.id
  const spots = asker.rules.grants.map(({ unitPath }): Spot => ({ organizationId, unitPath, ownerId }))
  if (!spots.some((spot) => desk.may(spot))) desk.need(spots[0] ?? rootOf(organizationId))
}

/**
 * Whose list is asked for: the asker's own organisation; for the operator the one it names, else all.
 *
 * @throws TurnpikeError `record_not_found` for an organisation that is another's or none.
 */
export async function tenantAsked(desk: Desk, organizationId: string | undefined): Promise<Tenant> {
  const own = tenantOf(desk.asker)
  if (organizationId === undefined || organizationId === own) return own
  if (own !== EVERY_ORGANIZATION) throw notThere('organizations', 'organization')
  if (organizationId !== PUBLIC_UNIT.id) await desk.records.organizationOf(organizationId, 'organization')
  return organizationId
}

/** The one organisation that a request is about. @throws TurnpikeError `missing_field` where the operator names none. */
export async function organizationAsked(desk: Desk, organizationId: string | undefined): Promise<string> {
  const tenant = await tenantAsked(desk, organizationId)
  if (tenant === EVERY_ORGANIZATION)
    throw new TurnpikeError('missing_field', {
      param: 'organization',
      message: 'The operator has to name the organisation.',
    })
  return tenant
}

/** One record. @throws TurnpikeError `record_not_found`, `permission_denied`. */
export async function getRecord<Resource extends GovernedResource>(
  desk: Desk,
  resource: Resource,
  id: string,
): Promise<GovernedResources[Resource]> {
  const record = (await desk.records.get(resource, id)) as GovernedResources[Resource]
  if (SHARED.includes(resource)) needSomewhere(desk)
  else desk.need(await spotOf(desk, resource, record))
  return record
}

/**
 * A page of what the asker may see. What it may not see is left out before the page is cut, so that a page is as long as was asked for and its
 * ends say nothing of what lies between.
 */
export async function listRecords<Resource extends GovernedResource>({
  desk,
  resource,
  organizationId,
  page,
  ...query
}: {
  desk: Desk
  resource: Resource
  organizationId: string | undefined
  page: AdminPage
  where?: { readonly [Name in AdminFilters[Resource]]?: string }
  archived?: boolean
}): Promise<{ readonly items: readonly AdminResources[Resource][]; readonly hasMore: boolean }> {
  needSomewhere(desk)
  const tenant = await tenantAsked(desk, organizationId)
  const { store } = desk.dependencies
  const seesAll = desk.asker.kind === 'operator' || SHARED.includes(resource)
  if (seesAll) return store.list({ resource, tenant, ...query, ...page })
  const isBackwards = page.before !== undefined
  const found: AdminResources[Resource][] = []
  let cursor = page.before ?? page.after
  for (let looked = 0; looked < LIMITS.governedRecords; looked += LIMITS.listEntries) {
    const { items, hasMore } = await store.list({
      resource,
      tenant,
      ...query,
      limit: LIMITS.listEntries,
      ...(page.order ? { order: page.order } : {}),
      ...(cursor === undefined ? {} : isBackwards ? { before: cursor } : { after: cursor }),
    })
    // Backwards a page's beginning is where the next one goes on.
    const inOrder = isBackwards ? items.toReversed() : items
    for (const item of inOrder) {
      const record = item as GovernedResources[Resource]
      if (desk.may(await spotOf(desk, resource, record))) found.push(item)
    }
    cursor = inOrder.at(-1)?.['id' as never] as string | undefined
    if (found.length > page.limit || !hasMore || cursor === undefined) break
  }
  const kept = found.slice(0, page.limit)
  return { items: isBackwards ? kept.toReversed() : kept, hasMore: found.length > page.limit }
}
