import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { EVERY_ORGANIZATION, type AdminResource } from '../../../src/call/admin-ports.ts'
import { newEvent } from '../../../src/governance/alerts/coalesce.ts'
import { verifyChain } from '../../../src/governance/audit/verify-chain.ts'
import { moveUnit, newUnit } from '../../../src/governance/hierarchy/unit-tree.ts'
import type { Unit } from '../../../src/governance/hierarchy/types.ts'
import { holdsOn, termsOf } from '../../support/budgets.ts'
import { admissionOf, NOW_MS } from '../../support/calls.ts'
import { changeOf, commitOf, createOrganization, recordsOf, resourcesOf } from '../../support/governed.ts'
import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import { KINDS, useStorage } from './stores.ts'

test.skipIf(hasPostgres)(`the suite on a server ${MISSING_POSTGRES}`, () => {})

describe.each(KINDS)('governance on %s', (kind) => {
  const storage = useStorage(kind)
  const store = () => storage().governance
  const make = (name = 'Acme') => createOrganization({ store: store(), name })

  test('every record comes back as it was written', async () => {
    const records = await make()
    const tenant = records.organizations.id
    for (const resource of resourcesOf(records))
      expect(await store().get({ resource, tenant, id: records[resource].id })).toEqual(records[resource])
  })

  test('no query of one organisation shows, changes or depends on what is of another', async () => {
    const [ours, theirs] = [await make('Same name'), await make('Same name')]
    const tenant = ours.organizations.id
    const readOnly = ['audit', 'events', 'deliveries'] as const
    const resources: readonly AdminResource[] = [...resourcesOf(ours), ...readOnly]
    for (const resource of resources) {
      const page = await store().list({ resource, tenant, limit: 100, archived: true })
      const owners = page.items.map((item) => ('organizationId' in item ? item.organizationId : item.id))
      expect(new Set(owners).size).toBeLessThanOrEqual(1)
      expect(owners.every((owner) => owner === tenant)).toBe(true)
    }
    for (const resource of resourcesOf(ours)) {
      const { id } = theirs[resource]
      expect(await store().get({ resource, tenant, id })).toBeUndefined()
      // A guessed cursor is no place in our list.
      for (const cursor of [{ after: id }, { before: id }])
        expect((await store().list({ resource, tenant, limit: 100, ...cursor })).items).toEqual([])
      // A guessed id can be neither changed nor taken, and the answer is that of an id that does not exist.
      const guess = { ...ours, [resource]: { ...ours[resource], id } }
      if (resource === 'organizations' || resource === 'units') continue
      for (const version of [0, 1])
        await expect(
          store().commit(commitOf({ organizationId: tenant, changes: [changeOf(guess, resource, version)] })),
        ).rejects.toMatchObject({ code: 'invalid_governance_value' })
      const commit = commitOf({
        organizationId: tenant,
        changes: [],
        unchanged: [{ resource, id, version: 1 }],
      })
      await expect(store().commit(commit)).rejects.toMatchObject({ code: 'invalid_governance_value' })
      expect(await store().get({ resource, tenant: theirs.organizations.id, id })).toEqual(theirs[resource])
    }
    for (const resource of resourcesOf(ours)) {
      const change = changeOf(theirs, resource, 1)
      await expect(store().commit(commitOf({ organizationId: tenant, changes: [change] }))).rejects.toThrow(
        'of one organisation',
      )
    }
    const all = await store().list({ resource: 'organizations', tenant: EVERY_ORGANIZATION, limit: 100 })
    expect(all.items.length).toBeGreaterThan(1)
    await expect(store().list({ resource: 'audit', tenant: EVERY_ORGANIZATION, limit: 1 })).rejects.toThrow(
      'one organisation at a time',
    )
  })

  test('of two admins at once the second is refused, and nothing of its commit is there', async () => {
    const records = await make()
    const organizationId = records.organizations.id
    const rename = (name: string) =>
      store().commit(
        commitOf({
          organizationId,
          changes: [
            { resource: 'principals', value: { ...records.principals, name }, expectedVersion: 1 },
            { resource: 'roles', value: { ...records.roles, id: randomUUID(), name }, expectedVersion: 0 },
          ],
        }),
      )
    const settled = await Promise.allSettled([rename('one'), rename('two')])
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const refused = settled.find((one) => one.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 'version_conflict' })
    const roles = await store().list({ resource: 'roles', tenant: organizationId, limit: 10 })
    expect(roles.items).toHaveLength(2)
    const principal = await store().get({
      resource: 'principals',
      tenant: organizationId,
      id: records.principals.id,
    })
    expect(principal?.version).toBe(2)
  })

  test('two moves that together would make a circle: the second rests on what has changed', async () => {
    const records = await make()
    const { organizations: organization } = records
    const organizationId = organization.id
    const units = new Map<string, Unit>([[records.units.id, records.units]])
    for (const name of ['A', 'B']) {
      const unit = newUnit({
        id: `${name}-${organizationId}`,
        name,
        parentId: organizationId,
        units,
        organization,
      })
      units.set(unit.id, unit)
      await store().commit(
        commitOf({ organizationId, changes: [{ resource: 'units', value: unit, expectedVersion: 0 }] }),
      )
    }
    const move = (unitId: string, parentId: string) =>
      store().commit(
        commitOf({
          organizationId,
          changes: moveUnit({ unitId, parentId, units, organization }).map((value) => ({
            resource: 'units',
            value,
            expectedVersion: value.version - 1,
          })),
          unchanged: [{ resource: 'units', id: parentId, version: units.get(parentId)?.version ?? 0 }],
        }),
      )
    const [a, b] = [`A-${organizationId}`, `B-${organizationId}`]
    const settled = await Promise.allSettled([move(a, b), move(b, a)])
    expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    // A name beside another, in any case, is taken by whoever comes first.
    const twin = { ...records.units, id: randomUUID(), name: 'b' }
    const value = { ...twin, path: [organizationId, twin.id] }
    const taken = store().commit(
      commitOf({ organizationId, changes: [{ resource: 'units', value, expectedVersion: 0 }] }),
    )
    const isFree = settled[1]?.status === 'fulfilled'
    if (!isFree) await expect(taken).rejects.toMatchObject({ code: 'name_taken' })
    else await taken
  })

  test('the same write again is done once, and another one under its key is refused', async () => {
    const records = await make()
    const organizationId = records.organizations.id
    const commit = commitOf({
      organizationId,
      changes: [{ resource: 'roles', value: { ...records.roles, id: randomUUID() }, expectedVersion: 0 }],
      idempotency: { key: 'once', requestDigest: 'same' },
    })
    const answers = await Promise.all([1, 2, 3].map(() => store().commit(commit)))
    expect(answers.filter(({ isRepeat }) => isRepeat)).toHaveLength(2)
    for (const { changed } of answers) expect(changed).toEqual(answers[0]?.changed)
    await expect(
      store().commit({ ...commit, idempotency: { key: 'once', requestDigest: 'other' } }),
    ).rejects.toMatchObject({ code: 'idempotency_conflict' })
    // Another organisation's key of that name is another key.
    const other = recordsOf({ organizationId: randomUUID(), name: 'Other' })
    const theirs = await store().commit(
      commitOf({
        organizationId: other.organizations.id,
        changes: [changeOf(other, 'organizations', 0)],
        idempotency: { key: 'once', requestDigest: 'theirs' },
      }),
    )
    expect(theirs.isRepeat).toBe(false)
  })

  test('the audit log has every change in a chain that verifies, and no secret', async () => {
    const records = await make()
    const organizationId = records.organizations.id
    const archived = { ...records.keys, revokedAtMs: NOW_MS, archivedAtMs: NOW_MS }
    await store().commit(
      commitOf({ organizationId, changes: [{ resource: 'keys', value: archived, expectedVersion: 1 }] }),
    )
    const { items } = await store().list({
      resource: 'audit',
      tenant: organizationId,
      limit: 100,
      order: 'asc',
    })
    expect(verifyChain({ organizationId, entries: items, checkpoints: [] })).toMatchObject({
      isGood: true,
      count: 13,
    })
    expect(items.at(-1)).toMatchObject({
      target: { kind: 'keys', id: records.keys.id },
      before: { version: 1 },
      after: { version: 2, revokedAtMs: NOW_MS },
    })
    expect(JSON.stringify(items)).not.toMatch(/keyed-hash|sealed"/)
    const living = await store().list({ resource: 'keys', tenant: organizationId, limit: 10 })
    expect(living.items).toEqual([])
    const all = await store().list({ resource: 'keys', tenant: organizationId, limit: 10, archived: true })
    expect(all.items).toEqual([{ ...archived, version: 2 }])
    const pages = await store().list({
      resource: 'audit',
      tenant: organizationId,
      limit: 2,
      order: 'asc',
      after: '3',
    })
    expect([pages.items.map(({ sequence }) => sequence), pages.hasMore]).toEqual([[4, 5], true])
    const before = await store().list({
      resource: 'audit',
      tenant: organizationId,
      limit: 2,
      order: 'asc',
      before: '4',
    })
    expect(before.items.map(({ sequence }) => sequence)).toEqual([2, 3])
  })

  test('an alert is there with its cause or not at all', async () => {
    const records = await make()
    const organizationId = records.organizations.id
    const event = newEvent({
      type: 'key.created',
      organizationId,
      cause: [records.keys.id],
      data: {
        key_id: records.keys.id,
        prefix: 'tp_test_x',
        principal_id: records.principals.id,
        by: 'operator',
      },
      atMs: NOW_MS,
    })
    const stale = [{ resource: 'roles' as const, value: records.roles, expectedVersion: 7 }]
    await expect(
      store().commit(commitOf({ organizationId, changes: stale, events: [event] })),
    ).rejects.toMatchObject({ code: 'version_conflict' })
    const list = () => store().list({ resource: 'events', tenant: organizationId, limit: 10 })
    expect((await list()).items).toEqual([])
    for (const _ of [1, 2]) await store().commit(commitOf({ organizationId, changes: [], events: [event] }))
    expect((await list()).items).toEqual([event])
  })

  test('a wallet of nobody is linked by one organisation, and then it is no other one’s', async () => {
    const [ours, theirs] = [await make(), await make()]
    const id = randomUUID()
    const wallet = {
      id,
      organizationId: null,
      unitId: 'public',
      kind: 'wallet',
      name: 'agent',
      address: `0x${id}`,
      version: 1,
    } as const
    await store().commit(
      commitOf({
        organizationId: 'public',
        changes: [{ resource: 'principals', value: wallet, expectedVersion: 0 }],
      }),
    )
    const linkTo = (organizationId: string, expectedVersion: number) =>
      store().commit(
        commitOf({
          organizationId,
          changes: [
            {
              resource: 'principals',
              value: { ...wallet, organizationId, unitId: organizationId },
              expectedVersion,
            },
          ],
        }),
      )
    await linkTo(ours.organizations.id, 1)
    await expect(linkTo(theirs.organizations.id, 2)).rejects.toMatchObject({
      code: 'invalid_governance_value',
    })
    expect(await store().get({ resource: 'principals', tenant: 'public', id })).toBeUndefined()
    expect(await store().get({ resource: 'principals', tenant: ours.organizations.id, id })).toMatchObject({
      version: 2,
    })
    const twin = {
      ...wallet,
      id: randomUUID(),
      organizationId: theirs.organizations.id,
      unitId: theirs.organizations.id,
    }
    await expect(
      store().commit(
        commitOf({
          organizationId: theirs.organizations.id,
          changes: [{ resource: 'principals', value: twin, expectedVersion: 0 }],
        }),
      ),
    ).rejects.toMatchObject({ code: 'principal_elsewhere' })
  })

  test('a changed budget holds at once, also for calls that know the old one', async () => {
    const { budgets: budget, organizations } = await make()
    const terms = termsOf({ budgetId: budget.id, organizationId: organizations.id, limit: 3_000n })
    const ask = (amount: bigint) =>
      storage().calls.admit(
        admissionOf({
          ceilingAtomic: 0n,
          holds: holdsOn([terms], { chargePicoUsd: amount, tokens: 0n, requests: 1n }),
        }),
      )
    expect((await ask(1_000n)).kind).toBe('admitted')
    await store().commit(
      commitOf({
        organizationId: organizations.id,
        changes: [{ resource: 'budgets', value: { ...budget, limit: 1_500n }, expectedVersion: 1 }],
      }),
    )
    expect(await ask(1_000n)).toMatchObject({
      kind: 'over_budget',
      scopes: [{ limit: 1_500n, held: 1_000n }],
    })
    expect((await ask(500n)).kind).toBe('admitted')
  })
})
