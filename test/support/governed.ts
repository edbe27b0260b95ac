import { randomUUID } from 'node:crypto'
import type {
  AdminChange,
  AdminCommit,
  AdminStore,
  GovernedResource,
  GovernedResources,
} from '../../src/call/admin-ports.ts'
import { BUDGET_DEFAULTS } from '../../src/governance/budgets/types.ts'
import { LEVEL_NAMES, rootUnit } from '../../src/governance/hierarchy/types.ts'
import { NOW_MS } from './calls.ts'

export const OPERATOR = { kind: 'operator', id: 'operator' } as const

/** A commit by the operator, unless `over` says otherwise. */
export const commitOf = (
  over: Partial<AdminCommit> & Pick<AdminCommit, 'organizationId' | 'changes'>,
): AdminCommit => ({
  actor: OPERATOR,
  via: 'api',
  action: 'units:write',
  requestId: 'request',
  addressDigest: null,
  atMs: NOW_MS,
  ...over,
})

/** One record of every resource, in an organisation with that id. */
export function recordsOf({
  organizationId,
  name,
}: {
  organizationId: string
  name: string
}): GovernedResources {
  const id = () => randomUUID()
  const owned = { organizationId, version: 1 }
  const setBy = { unitPath: [organizationId], reach: 'subtree' } as const
  const place = { level: 'organization', id: organizationId } as const
  const organization = {
    id: organizationId,
    name,
    levelNames: LEVEL_NAMES,
    timeZone: 'Europe/Berlin',
    version: 1,
  }
  const principalId = id()
  return {
    organizations: organization,
    units: rootUnit({ organization }),
    principals: { id: principalId, ...owned, unitId: organizationId, kind: 'user', name },
    wallets: { id: `0x${id()}`, ...owned, principalId, linkedAtMs: NOW_MS },
    keys: {
      id: id().slice(0, 8),
      ...owned,
      principalId,
      name,
      kind: 'inference',
      isTest: true,
      secretHash: 'keyed-hash',
      pepperVersion: 1,
      scopes: null,
      createdAtMs: NOW_MS,
    },
    roles: { id: id(), ...owned, name, permissions: { 'units:read': 'subtree' } },
    grants: { id: id(), ...owned, principalId, unitId: organizationId, role: 'admin' },
    policies: {
      id: id(),
      ...owned,
      place,
      setBy,
      rules: { zdr: true, floor: 0.5, maxCallPicoUsd: 10n ** 20n },
    },
    budgets: {
      ...BUDGET_DEFAULTS,
      id: id(),
      ...owned,
      place,
      setBy,
      limit: 10n ** 25n,
      overrides: [{ limit: 5n, fromMs: 1, untilMs: 2 }],
    },
    rates: { id: id(), ...owned, place, setBy, metric: 'requests', limit: 60 },
    webhooks: {
      id: id(),
      ...owned,
      name,
      url: 'https://example.com/hook',
      eventTypes: ['budget.threshold'],
      sealedSecret: 'sealed',
    },
    logins: {
      id: id(),
      ...owned,
      emailDigest: id(),
      passwordHash: 'scrypt',
      passwordSetAtMs: NOW_MS,
      subjectDigest: id(),
      isByGroup: false,
    },
  }
}

export const resourcesOf = (records: GovernedResources) => Object.keys(records) as readonly GovernedResource[]

/** All records as new ones. */
export const creationOf = (records: GovernedResources): readonly AdminChange[] =>
  resourcesOf(records).map((resource) => changeOf(records, resource, 0))

export const changeOf = (
  records: GovernedResources,
  resource: GovernedResource,
  expectedVersion: number,
): AdminChange => ({ resource, value: records[resource], expectedVersion }) as unknown as AdminChange

/** Makes an organisation with one record of everything. */
export async function createOrganization({
  store,
  name,
}: {
  store: AdminStore
  name: string
}): Promise<GovernedResources> {
  const records = recordsOf({ organizationId: randomUUID(), name })
  const organizationId = records.organizations.id
  await store.commit(commitOf({ organizationId, changes: creationOf(records) }))
  return records
}
