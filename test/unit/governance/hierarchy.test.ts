import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { attributionOf } from '../../../src/governance/hierarchy/attribution.ts'
import { checkName, nameKey } from '../../../src/governance/hierarchy/check-name.ts'
import { checkOrganization } from '../../../src/governance/hierarchy/check-organization.ts'
import { archivePrincipal, placePrincipal } from '../../../src/governance/hierarchy/place-principal.ts'
import { LEVEL_NAMES, PUBLIC_UNIT, type Unit } from '../../../src/governance/hierarchy/types.ts'
import { commonPath, isWithin } from '../../../src/governance/hierarchy/unit-path.ts'
import {
  archiveUnit,
  moveUnit,
  newUnit,
  requireVersion,
  restoreUnit,
} from '../../../src/governance/hierarchy/unit-tree.ts'
import { ACME, errorOf, principalIn, unitNamed, UNITS } from './records.ts'

const world = { units: UNITS, organization: ACME }
const archived = (id: string): Unit => ({ ...unitNamed(id), archivedAtMs: 1 })
const withUnit = (unit: Unit) => ({ ...world, units: new Map([...UNITS, [unit.id, unit]]) })

test('a unit is made below another, and not below the last level', () => {
  const made = newUnit({ ...world, id: 'x', name: ' Größe\u00a0 1 ', parentId: 'research' })
  expect(made).toMatchObject({ name: 'Größe 1', path: ['acme', 'research', 'x'], version: 1 })
  const error = errorOf(() => newUnit({ ...world, id: 'x', name: 'x', parentId: 'emea' }))
  expect(error.code).toBe('unit_too_deep')
  expect(error.message).toContain('organization > department > team')
  const shallow = { ...ACME, levelNames: ['Firma', 'Bereich'] }
  expect(
    errorOf(() => newUnit({ ...world, organization: shallow, id: 'x', name: 'x', parentId: 'sales' })).code,
  ).toBe('unit_too_deep')
})

test('units beside one another have names that a reader can tell apart; archived ones give theirs up', () => {
  const make = (name: string, from = world) => newUnit({ ...from, id: 'x', name, parentId: 'sales' })
  expect(errorOf(() => make('EMEA')).code).toBe('name_taken')
  expect(errorOf(() => make('ｅｍｅａ')).code).toBe('name_taken')
  expect(make('lab').name).toBe('lab')
  expect(make('emea', withUnit(archived('emea'))).name).toBe('emea')
})

test('names may be of any script, and never invisible', () => {
  for (const name of ['Größe', 'セールス', 'فروش‌ها', 'विक्रय', '🛠️ Ops', 'R&D', "O'Neill"])
    expect(checkName({ name, param: 'name' })).toBe(name.normalize('NFC'))
  for (const name of ['', '  ', 'a\nb', 'a\u202eb', '\u200d', 'a\u0000', '\ud800', 'x'.repeat(121)])
    expect(errorOf(() => checkName({ name, param: 'name' })).code).toBe('invalid_name')
  expect(checkName({ name: 'x'.repeat(120), param: 'name' })).toHaveLength(120)
  expect(nameKey('Ｓtraße')).toBe(nameKey('STRAßE'))
})

test('a unit moves with everything below it', () => {
  const tree = { ...world, units: new Map(UNITS) }
  const three = { ...ACME, levelNames: ['a', 'b', 'c', 'd'] }
  const moved = moveUnit({ ...tree, organization: three, unitId: 'research', parentId: 'sales' })
  expect(moved.map(({ path }) => path)).toEqual([
    ['acme', 'sales', 'research'],
    ['acme', 'sales', 'research', 'lab'],
  ])
  expect(moved.map(({ version }) => version)).toEqual([2, 2])
  expect(moveUnit({ ...world, unitId: 'emea', parentId: 'sales' })).toEqual([])
})

test('moves in a circle, too deep, of the root, into or out of the archive, and onto a taken name are refused', () => {
  const code = (unitId: string, parentId: string, from = world) =>
    errorOf(() => moveUnit({ ...from, unitId, parentId })).code
  expect(code('sales', 'emea')).toBe('unit_cycle')
  expect(code('sales', 'sales')).toBe('unit_cycle')
  expect(code('research', 'sales')).toBe('unit_too_deep')
  expect(code('acme', 'sales')).toBe('invalid_governance_value')
  expect(code('emea', 'nowhere')).toBe('invalid_governance_value')
  expect(code('emea', 'research', withUnit(archived('research')))).toBe('unit_archived')
  expect(code('emea', 'research', withUnit(archived('emea')))).toBe('unit_archived')
  expect(code('emea', 'research', withUnit({ ...unitNamed('lab'), name: 'EMEA' }))).toBe('name_taken')
})

test('whatever is moved where, the tree stays a tree of at most three levels with every unit in it', () => {
  const ids = fc.constantFrom(...UNITS.keys())
  fc.assert(
    fc.property(fc.array(fc.tuple(ids, ids), { maxLength: 30 }), (moves) => {
      const units = new Map(UNITS)
      for (const [unitId, parentId] of moves) {
        try {
          for (const moved of moveUnit({ organization: ACME, units, unitId, parentId }))
            units.set(moved.id, moved)
        } catch {
          continue
        }
      }
      expect(units.size).toBe(UNITS.size)
      for (const { id, path } of units.values()) {
        expect(path.length).toBeLessThanOrEqual(3)
        expect(path[0]).toBe('acme')
        expect(path.at(-1)).toBe(id)
        expect(new Set(path).size).toBe(path.length)
        const parent = path.at(-2)
        if (parent !== undefined) expect(units.get(parent)?.path).toEqual(path.slice(0, -1))
      }
    }),
  )
})

test('a unit in use is not archived, an archived one is kept and comes back where its name is free', () => {
  const unit = unitNamed('emea')
  const use = { units: 0, principals: 2, keys: 1 }
  const error = errorOf(() => archiveUnit({ unit, use, nowMs: 5 }))
  expect(error.code).toBe('unit_in_use')
  expect(error.details.extra).toEqual({ metadata: use })
  const nobody = { units: 0, principals: 0, keys: 0 }
  const gone = archiveUnit({ unit, use: nobody, nowMs: 5 })
  expect(gone).toEqual({ ...unit, archivedAtMs: 5, version: 2 })
  expect(archiveUnit({ unit: gone, use: nobody, nowMs: 9 })).toBe(gone)
  expect(restoreUnit({ unit: gone, units: UNITS })).toEqual({ ...unit, version: 3 })
  const taken = new Map([...UNITS, ['apac', { ...unitNamed('apac'), name: 'Emea' }] as const])
  expect(errorOf(() => restoreUnit({ unit: gone, units: taken })).code).toBe('name_taken')
  const above = new Map([...UNITS, ['sales', archived('sales')] as const])
  expect(errorOf(() => restoreUnit({ unit: gone, units: above })).code).toBe('unit_archived')
  expect(errorOf(() => archiveUnit({ unit: unitNamed('acme'), use: nobody, nowMs: 5 })).code).toBe(
    'invalid_governance_value',
  )
})

test('of two changes that began at one version the second is refused', () => {
  expect(() => requireVersion({ has: 3, expected: 3 })).not.toThrow()
  const error = errorOf(() => requireVersion({ has: 4, expected: 3 }))
  expect(error.code).toBe('version_conflict')
  expect(error.details.extra).toEqual({ metadata: { version: 4 } })
})

test('below is a test of prefixes, and not of letters', () => {
  expect(isWithin({ path: ['acme', 'sales'], above: ['acme'] })).toBe(true)
  expect(isWithin({ path: ['acme'], above: ['acme', 'sales'] })).toBe(false)
  expect(isWithin({ path: ['acme2'], above: ['acme'] })).toBe(false)
  expect(isWithin({ path: ['acme'], above: [] })).toBe(false)
  expect(commonPath(['acme', 'sales', 'emea'], ['acme', 'sales', 'apac'])).toEqual(['acme', 'sales'])
  expect(commonPath(['acme'], ['other'])).toEqual([])
})

test('a call counts for every level from the organisation down to its run', () => {
  const levels = (asked: Parameters<typeof attributionOf>[0]) =>
    attributionOf(asked).map(({ level, id }) => `${level}:${id}`)
  const unit = unitNamed('emea')
  const above = ['organization:acme', 'unit:sales', 'unit:emea']
  expect(levels({ unit, principal: principalIn('emea'), keyId: 'k1', runId: 'r' })).toEqual([
    ...above,
    'principal:ann',
    'key:k1',
    'run:k1/r',
  ])
  const wallet = principalIn('emea', { id: 'w', kind: 'wallet' })
  expect(levels({ unit, principal: wallet, payer: wallet, runId: 'r' })).toEqual([
    ...above,
    'wallet:w',
    'run:w/r',
  ])
  expect(levels({ unit, principal: principalIn('emea'), keyId: 'k1', payer: wallet })).toEqual([
    ...above,
    'principal:ann',
    'key:k1',
    'wallet:w',
  ])
  expect(errorOf(() => attributionOf({ unit, principal: principalIn('lab') })).code).toBe(
    'invalid_governance_value',
  )
})

test('an organisation has one to three levels under names of its own, and a zone', () => {
  expect(checkOrganization({ organization: { ...ACME, name: ' Acme ', levelNames: LEVEL_NAMES } })).toEqual(
    ACME,
  )
  const fault = (changes: Partial<typeof ACME>, units = UNITS) => {
    const { code, details } = errorOf(() =>
      checkOrganization({ organization: { ...ACME, ...changes }, units }),
    )
    return `${code} ${details.param ?? ''}`
  }
  expect(fault({ levelNames: [] })).toBe('invalid_governance_value level_names')
  expect(fault({ levelNames: ['a', 'b', 'c', 'd'] })).toBe('invalid_governance_value level_names')
  expect(fault({ levelNames: ['a', 'A'] })).toBe('invalid_governance_value level_names')
  expect(fault({ levelNames: ['a', ''] })).toBe('invalid_name level_names')
  expect(fault({ levelNames: ['a', 'b'] })).toBe('unit_too_deep ')
  expect(fault({ timeZone: 'Berlin' })).toBe('invalid_governance_value time_zone')
  expect(fault({ name: '' })).toBe('invalid_name name')
})

test('a member moves within its organisation; a wallet that is nobody’s can be linked, and let go', () => {
  const ann = principalIn('emea')
  const placed = (principal: typeof ann, unit: Unit) => placePrincipal({ principal, unit })
  expect(placed(ann, unitNamed('lab'))).toEqual({ ...ann, unitId: 'lab', version: 2 })
  expect(placed(ann, unitNamed('emea'))).toBe(ann)
  const elsewhere = { ...unitNamed('lab'), id: 'x', organizationId: 'other', path: ['other', 'x'] }
  expect(errorOf(() => placed(ann, elsewhere)).code).toBe('principal_elsewhere')
  expect(errorOf(() => placed(ann, PUBLIC_UNIT)).code).toBe('principal_elsewhere')
  const wallet = principalIn('public', { kind: 'wallet', organizationId: null, id: 'w' })
  const linked = placed(wallet, unitNamed('emea'))
  expect(linked).toMatchObject({ organizationId: 'acme', unitId: 'emea' })
  expect(errorOf(() => placed(linked, elsewhere)).code).toBe('principal_elsewhere')
  expect(placed(linked, PUBLIC_UNIT)).toEqual({ ...wallet, version: 3 })
  expect(errorOf(() => placed(ann, archived('lab'))).code).toBe('unit_archived')
  const gone = archivePrincipal({ principal: ann, nowMs: 7 })
  expect(gone).toEqual({ ...ann, archivedAtMs: 7, version: 2 })
  expect(archivePrincipal({ principal: gone, nowMs: 9 })).toBe(gone)
  expect(errorOf(() => placed(gone, unitNamed('lab'))).code).toBe('principal_archived')
  expect(attributionOf({ unit: PUBLIC_UNIT, principal: wallet })).toEqual([
    { level: 'organization', id: 'public' },
    { level: 'wallet', id: 'w' },
  ])
})
