import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { AdminChange } from '../../../src/call/admin-ports.ts'
import { PUBLIC_UNIT } from '../../../src/governance/hierarchy/types.ts'
import { ROLES, WALLET_PERMISSIONS } from '../../../src/governance/roles/roles.ts'
import type { Address } from '../../../src/payment/types.ts'
import { NOW_MS, payerNamed } from '../../support/calls.ts'
import { commitOf, createOrganization } from '../../support/governed.ts'
import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import { KINDS, useStorage } from './stores.ts'

test.skipIf(hasPostgres)(`the suite on a server ${MISSING_POSTGRES}`, () => {})

describe.each(KINDS)('rules of callers on %s', (kind) => {
  const storage = useStorage(kind)
  const commit = (organizationId: string, changes: readonly AdminChange[]) =>
    storage().governance.commit(commitOf({ organizationId, changes }))
  const make = (name = 'Acme') => createOrganization({ store: storage().governance, name })

  /** An organisation with a unit below it, a member there with a key, and one budget, policy and rate at each place of the way and beside it. */
  async function makeNested() {
    const records = await make()
    const organizationId = records.organizations.id
    const unit = {
      ...records.units,
      id: randomUUID(),
      name: 'Sales',
      path: [organizationId, ''] as readonly string[],
    }
    unit.path = [organizationId, unit.id]
    const beside = { ...unit, id: randomUUID(), name: 'Legal' }
    beside.path = [organizationId, beside.id]
    const principal = { ...records.principals, id: randomUUID(), unitId: unit.id }
    const key = { ...records.keys, id: randomUUID().slice(0, 8), principalId: principal.id }
    const places = [
      { level: 'unit', id: unit.id },
      { level: 'unit', id: beside.id },
      { level: 'principal', id: principal.id },
      { level: 'principal', id: records.principals.id },
      { level: 'key', id: key.id },
      { level: 'key', id: records.keys.id },
    ] as const
    await commit(organizationId, [
      ...[unit, beside].map((value) => ({ resource: 'units' as const, value, expectedVersion: 0 })),
      { resource: 'principals', value: principal, expectedVersion: 0 },
      { resource: 'keys', value: key, expectedVersion: 0 },
      ...places.flatMap((place): readonly AdminChange[] => [
        {
          resource: 'budgets',
          value: { ...records.budgets, id: `b ${place.id}`, place },
          expectedVersion: 0,
        },
        {
          resource: 'policies',
          value: { ...records.policies, id: `p ${place.id}`, place },
          expectedVersion: 0,
        },
        { resource: 'rates', value: { ...records.rates, id: `r ${place.id}`, place }, expectedVersion: 0 },
      ]),
    ])
    return { records, organizationId, unit, principal, key, beside }
  }

  test('a key brings its principal, its units, and what hangs on the way, amounts to the last digit', async () => {
    const { records, unit, principal, key } = await makeNested()
    const rules = await storage().rules.getByKey(key.id)
    expect(rules).toMatchObject({ organization: records.organizations, unit, principal, key, grants: [] })
    const onTheWay = [unit.id, principal.id, key.id]
    expect(rules?.budgets.map(({ id }) => id).toSorted()).toEqual(
      [records.budgets.id, ...onTheWay.map((id) => `b ${id}`)].toSorted(),
    )
    expect(rules?.budgets.find(({ id }) => id === records.budgets.id)).toEqual(records.budgets)
    expect(rules?.policies.find(({ id }) => id === records.policies.id)).toEqual(records.policies)
    expect(rules?.rates.find(({ id }) => id === records.rates.id)).toEqual(records.rates)
    expect(rules?.policies).toHaveLength(4)
    expect(rules?.rates).toHaveLength(4)
    expect(await storage().rules.getByKey('nothing')).toBeUndefined()
  })

  test('nothing of another organisation binds, though it names the same places', async () => {
    const { records, key } = await makeNested()
    const others = await make('Other')
    const place = { level: 'organization', id: records.organizations.id } as const
    await commit(others.organizations.id, [
      { resource: 'budgets', value: { ...others.budgets, id: randomUUID(), place }, expectedVersion: 0 },
      {
        resource: 'grants',
        value: { ...others.grants, id: randomUUID(), principalId: records.principals.id },
        expectedVersion: 0,
      },
    ])
    const rules = await storage().rules.getByKey(key.id)
    expect(rules?.budgets.map(({ organizationId }) => organizationId)).toEqual(
      Array(4).fill(records.organizations.id),
    )
    expect((await storage().rules.getByKey(records.keys.id))?.grants).toHaveLength(1)
  })

  test('roles become what they allow, and where', async () => {
    const { records, organizationId, unit } = await makeNested()
    const grant = (role: string, unitId: string): AdminChange => ({
      resource: 'grants',
      value: { ...records.grants, id: randomUUID(), role, unitId },
      expectedVersion: 0,
    })
    const retired = { ...records.roles, id: randomUUID(), name: 'Retired', archivedAtMs: NOW_MS }
    await commit(organizationId, [
      { resource: 'roles', value: retired, expectedVersion: 0 },
      grant(records.roles.id, unit.id),
      grant(retired.id, unit.id),
      grant('owner-of-nothing', unit.id),
    ])
    const rules = await storage().rules.getByKey(records.keys.id)
    expect(rules?.grants).toHaveLength(2)
    expect(rules?.grants).toEqual(
      expect.arrayContaining([
        { unitPath: [organizationId], permissions: ROLES.admin.permissions },
        { unitPath: unit.path, permissions: records.roles.permissions },
      ]),
    )
  })

  test('what is archived binds no more, and a key of it is a revoked one', async () => {
    const { records, organizationId, principal, key } = await makeNested()
    const archivedAtMs = NOW_MS
    await commit(organizationId, [
      { resource: 'budgets', value: { ...records.budgets, archivedAtMs }, expectedVersion: 1 },
      { resource: 'rates', value: { ...records.rates, archivedAtMs }, expectedVersion: 1 },
      { resource: 'policies', value: { ...records.policies, archivedAtMs }, expectedVersion: 1 },
    ])
    const rules = await storage().rules.getByKey(key.id)
    expect([rules?.budgets.length, rules?.rates.length, rules?.policies.length]).toEqual([3, 3, 3])
    expect(rules?.key?.revokedAtMs).toBeUndefined()
    await commit(organizationId, [
      { resource: 'principals', value: { ...principal, archivedAtMs }, expectedVersion: 1 },
    ])
    expect((await storage().rules.getByKey(key.id))?.key?.revokedAtMs).toBe(NOW_MS)
    await commit(organizationId, [
      { resource: 'organizations', value: { ...records.organizations, archivedAtMs }, expectedVersion: 1 },
    ])
    expect((await storage().rules.getByKey(records.keys.id))?.key?.revokedAtMs).toBe(NOW_MS)
  })

  test('a wallet nobody knows is bound by what is set for all of `public` and for its address', async () => {
    const address = payerNamed(randomUUID())
    const { budgets: budget } = await make()
    const set = (level: 'organization' | 'wallet', id: string) => ({
      ...budget,
      id: `${level} ${address}`,
      organizationId: null,
      place: { level, id },
    })
    const values = [set('organization', 'public'), set('wallet', address)]
    await commit(
      'public',
      values.map((value) => ({ resource: 'budgets', value, expectedVersion: 0 })),
    )
    const rules = await storage().rules.getByWallet(address)
    expect(rules.organization).toBeUndefined()
    expect(rules).toMatchObject({
      unit: PUBLIC_UNIT,
      principal: { id: address, organizationId: null, unitId: 'public', kind: 'wallet', address },
      grants: [{ unitPath: ['public'], permissions: WALLET_PERMISSIONS }],
      policies: [],
    })
    const ids = rules.budgets.map(({ id }) => id).filter((id) => id.endsWith(address))
    expect(ids.toSorted()).toEqual(values.map(({ id }) => id).toSorted())
    const other = await storage().rules.getByWallet(payerNamed(randomUUID()))
    expect(other.budgets.map(({ id }) => id)).not.toContain(`wallet ${address}`)
  })

  test('a linked wallet is bound by its organisation, and `public` is told that it is no more its own', async () => {
    const { records, organizationId, unit } = await makeNested()
    const address: Address = payerNamed(randomUUID())
    const sequences = async () =>
      new Map(
        (await storage().rules.listChanged({ sinceMs: NOW_MS })).map((one) => [
          one.organizationId,
          one.sequence,
        ]),
      )
    await commit(organizationId, [
      { resource: 'roles', value: { ...records.roles, id: randomUUID() }, expectedVersion: 0 },
    ])
    const before = await sequences()
    const principal = {
      ...records.principals,
      id: randomUUID(),
      unitId: unit.id,
      kind: 'wallet' as const,
      address,
    }
    const wallet = { ...records.wallets, id: address, principalId: principal.id }
    const budget = {
      ...records.budgets,
      id: randomUUID(),
      place: { level: 'wallet', id: principal.id } as const,
    }
    await commit(organizationId, [
      { resource: 'principals', value: principal, expectedVersion: 0 },
      { resource: 'wallets', value: wallet, expectedVersion: 0 },
      { resource: 'budgets', value: budget, expectedVersion: 0 },
    ])
    const rules = await storage().rules.getByWallet(address)
    expect(rules).toMatchObject({ organization: records.organizations, unit, principal, wallet, grants: [] })
    expect(rules.budgets.map(({ id }) => id).toSorted()).toEqual(
      [records.budgets.id, `b ${unit.id}`, budget.id].toSorted(),
    )
    const after = await sequences()
    for (const id of ['public', organizationId]) expect(after.get(id)).toBeGreaterThan(before.get(id) ?? 0)
    // Let go, it is bound by `public` again; nobody is asked for its key any more.
    await commit(organizationId, [
      {
        resource: 'principals',
        value: { ...principal, organizationId: null, unitId: 'public' },
        expectedVersion: 1,
      },
    ])
    const free = await storage().rules.getByWallet(address)
    expect([free.organization, free.unit.id, free.principal.id]).toEqual([undefined, 'public', principal.id])
  })

  test('changes are told with a number that grows, also some that are older than asked for', async () => {
    const records = await make()
    const organizationId = records.organizations.id
    const numberOf = async (sinceMs: number) =>
      (await storage().rules.listChanged({ sinceMs })).find((one) => one.organizationId === organizationId)
        ?.sequence
    const first = await numberOf(NOW_MS - 1_000)
    expect(first).toBe(12)
    // Asked for what is newer than now: a commit that has its time and is not yet seen must not fall through.
    expect(await numberOf(NOW_MS)).toBe(12)
    await commit(organizationId, [
      { resource: 'principals', value: { ...records.principals, name: 'New' }, expectedVersion: 1 },
    ])
    expect(await numberOf(NOW_MS)).toBe(13)
    expect(await numberOf(0)).toBe(13)
  })
})
