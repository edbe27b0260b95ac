import type { Place } from '../../governance/hierarchy/attribution.ts'
import {
  type Organization,
  type Principal,
  PUBLIC_UNIT,
  type Unit,
} from '../../governance/hierarchy/types.ts'
import type { UnitTree } from '../../governance/hierarchy/unit-tree.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { AdminFilters, AdminResource, AdminResources, AdminStore, Tenant } from '../admin-ports.ts'
import type { Spot } from './asker.ts'

/** What a record is called where somebody looks for it in vain. */
const WORDS: Readonly<Record<AdminResource, string>> = {
  organizations: 'organisation',
  units: 'unit',
  principals: 'principal',
  wallets: 'wallet',
  keys: 'key',
  roles: 'role',
  grants: 'grant',
  policies: 'policy',
  budgets: 'budget',
  rates: 'rate limit',
  webhooks: 'webhook',
  logins: 'login',
  audit: 'audit entry',
  events: 'event',
  deliveries: 'delivery',
}

/** Another organisation's record and one that never was are answered alike. */
export const notThere = (resource: AdminResource, param = 'id') =>
  new TurnpikeError('record_not_found', { param, message: `There is no such ${WORDS[resource]}.` })

/** Records as one request sees them: each is read once. */
export type Directory = ReturnType<typeof openDirectory>

export function openDirectory({ store, tenant }: { store: AdminStore; tenant: Tenant }) {
  const seen = new Map<string, Promise<unknown>>()
  const find = <Resource extends AdminResource>(resource: Resource, id: string) => {
    const key = `${resource} ${id}`
    const found =
      (seen.get(key) as Promise<AdminResources[Resource] | undefined> | undefined) ??
      store.get({ resource, tenant, id })
    seen.set(key, found)
    return found
  }
  /** @throws TurnpikeError `record_not_found`. */
  const get = async <Resource extends AdminResource>(resource: Resource, id: string, param = 'id') => {
    const record = await find(resource, id)
    if (!record) throw notThere(resource, param)
    return record
  }
  const unitOf = (id: string, param = 'unit_id'): Promise<Unit> =>
    id === PUBLIC_UNIT.id ? Promise.resolve(PUBLIC_UNIT) : get('units', id, param)

  const spotOfUnit = async (id: string, param?: string): Promise<Spot> => {
    const { organizationId, path } = await unitOf(id, param)
    return { organizationId, unitPath: path }
  }
  const spotOfPrincipal = async ({ id, unitId }: Principal): Promise<Spot> => ({
    ...(await spotOfUnit(unitId)),
    ownerId: id,
  })
  const spotOfOwner = async (principalId: string, param = 'principal_id'): Promise<Spot> =>
    spotOfPrincipal(await get('principals', principalId, param))
  const spotOfKey = async (id: string, param = 'key_id'): Promise<Spot> =>
    spotOfOwner((await get('keys', id, param)).principalId)

  /** @throws TurnpikeError `record_not_found`: for a place of another organisation there is no other answer. */
  async function spotOfPlace({ level, id }: Place, param = 'place.id'): Promise<Spot> {
    if (level === 'organization' || level === 'unit') return spotOfUnit(id, param)
    if (level === 'principal' || level === 'wallet') return spotOfOwner(id, param)
    if (level === 'key') return spotOfKey(id, param)
    // A run is its key's, else its principal's.
    const owner = id.split('/', 1)[0] ?? ''
    const key = await find('keys', owner)
    return key ? spotOfOwner(key.principalId, param) : spotOfOwner(owner, param)
  }

  /** All pages of a resource in one organisation. @throws TurnpikeError `invalid_governance_value` where there are too many. */
  async function listAll<Resource extends AdminResource>(
    resource: Resource,
    organizationId: string,
    query: {
      readonly where?: { readonly [Name in AdminFilters[Resource]]?: string }
      readonly archived?: boolean
    } = {},
  ): Promise<readonly AdminResources[Resource][]> {
    const all: AdminResources[Resource][] = []
    let after: string | undefined
    for (;;) {
      const page = await store.list({
        resource,
        tenant: organizationId,
        limit: LIMITS.listEntries,
        order: 'asc',
        ...query,
        ...(after === undefined ? {} : { after }),
      })
      all.push(...page.items)
      const last = page.items.at(-1)
      if (!page.hasMore || !last) return all
      if (all.length >= LIMITS.governedRecords)
        throw new TurnpikeError('invalid_governance_value', {
          message: `There are more than ${LIMITS.governedRecords} of it; that is more than one request looks at.`,
        })
      after = 'sequence' in last ? String(last.sequence) : last.id
    }
  }

  const treeOf = async (organizationId: string): Promise<UnitTree> =>
    new Map((await listAll('units', organizationId, { archived: true })).map((unit) => [unit.id, unit]))

  const organizationOf = (id: string, param = 'organization_id'): Promise<Organization> =>
    get('organizations', id, param)

  return {
    find,
    get,
    unitOf,
    organizationOf,
    spotOfUnit,
    spotOfPrincipal,
    spotOfOwner,
    spotOfKey,
    spotOfPlace,
    listAll,
    treeOf,
  }
}
