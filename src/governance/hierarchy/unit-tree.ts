import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { checkName, nameKey } from './check-name.ts'
import type { Organization, Unit } from './types.ts'
import { isWithin } from './unit-path.ts'

/** The units of one organisation by id. */
export type UnitTree = ReadonlyMap<string, Unit>

/** @throws TurnpikeError `invalid_governance_value`: for a unit of another organisation there is no other answer. */
export function unitIn({ units, id, param }: { units: UnitTree; id: string; param: string }): Unit {
  const unit = units.get(id)
  if (!unit)
    throw new TurnpikeError('invalid_governance_value', {
      param,
      message: 'There is no such unit in this organisation.',
    })
  return unit
}

function requireLiving(unit: Unit, param: string): void {
  if (unit.archivedAtMs === undefined) return
  throw new TurnpikeError('unit_archived', { param, message: `The unit "${unit.name}" is archived.` })
}

function requireDepth({ depth, organization }: { depth: number; organization: Organization }): void {
  const limit = organization.levelNames.length
  if (depth <= limit) return
  throw new TurnpikeError('unit_too_deep', {
    message: `The units would be nested ${depth} deep; "${organization.name}" has ${limit} levels (${organization.levelNames.join(' > ')}).`,
    extra: { metadata: { depth, limit, levels: organization.levelNames } },
  })
}

const parentIdOf = ({ path }: Unit): string | undefined => path.at(-2)

function requireFreeName({
  units,
  parentId,
  name,
  but,
}: {
  units: UnitTree
  parentId: string
  name: string
  but?: string
}): void {
  const key = nameKey(name)
  for (const unit of units.values()) {
    const isBeside = parentIdOf(unit) === parentId && unit.id !== but && unit.archivedAtMs === undefined
    if (isBeside && nameKey(unit.name) === key)
      throw new TurnpikeError('name_taken', {
        param: 'name',
        message: `Beside it there is "${unit.name}" already.`,
      })
  }
}

/**
 * A new unit below another.
 *
 * @throws TurnpikeError `unit_archived`, `unit_too_deep`, `invalid_name`, `name_taken`.
 */
export function newUnit({
  id,
  name: given,
  parentId,
  units,
  organization,
}: {
  id: string
  name: string
  parentId: string
  units: UnitTree
  organization: Organization
}): Unit {
  const parent = unitIn({ units, id: parentId, param: 'parent_id' })
  requireLiving(parent, 'parent_id')
  requireDepth({ depth: parent.path.length + 1, organization })
  const name = checkName({ name: given, param: 'name' })
  requireFreeName({ units, parentId, name })
  return { id, organizationId: organization.id, name, path: [...parent.path, id], version: 1 }
}

/**
 * Another name for a unit. The root has its organisation's, and changes with it.
 *
 * @throws TurnpikeError `unit_archived`, `invalid_name`, `name_taken`; `invalid_governance_value` for the root.
 */
export function renameUnit({
  unit,
  name: given,
  units,
}: {
  unit: Unit
  name: string
  units: UnitTree
}): Unit {
  const parentId = parentIdOf(unit)
  if (parentId === undefined)
    throw new TurnpikeError('invalid_governance_value', {
      param: 'unit_id',
      message: 'The root unit has the name of its organisation: rename that.',
    })
  requireLiving(unit, 'unit_id')
  const name = checkName({ name: given, param: 'name' })
  requireFreeName({ units, parentId, name, but: unit.id })
  return { ...unit, name, version: unit.version + 1 }
}

/**
 * Moves a unit with everything below it. Only paths change: members, keys, budgets and policies hang on ids. What was spent before stays
 * where it was spent, since a call keeps the path of its time.
 *
 * Whether the unit would be allowed more there is asked by policies/judge-move.
 *
 * @returns every unit whose path changes, the moved one first, with versions counted up; empty where it is there already.
 * @throws TurnpikeError `unit_cycle`, `unit_too_deep`, `unit_archived`, `name_taken`; `invalid_governance_value` for the root.
 */
export function moveUnit({
  unitId,
  parentId,
  units,
  organization,
}: {
  unitId: string
  parentId: string
  units: UnitTree
  organization: Organization
}): readonly Unit[] {
  const unit = unitIn({ units, id: unitId, param: 'unit_id' })
  const parent = unitIn({ units, id: parentId, param: 'parent_id' })
  if (unit.path.length === 1)
    throw new TurnpikeError('invalid_governance_value', {
      param: 'unit_id',
      message: 'The organisation itself cannot be moved.',
    })
  requireLiving(unit, 'unit_id')
  requireLiving(parent, 'parent_id')
  if (isWithin({ path: parent.path, above: unit.path })) throw new TurnpikeError('unit_cycle')
  if (parentIdOf(unit) === parentId) return []
  requireFreeName({ units, parentId, name: unit.name, but: unit.id })
  const moved = [...units.values()]
    .filter(({ path }) => isWithin({ path, above: unit.path }))
    .sort((a, b) => a.path.length - b.path.length)
  const deepest = moved.reduce((most, { path }) => Math.max(most, path.length), 0)
  requireDepth({ depth: parent.path.length + 1 + deepest - unit.path.length, organization })
  return moved.map((one) => ({
    ...one,
    path: [...parent.path, ...one.path.slice(unit.path.length - 1)],
    version: one.version + 1,
  }))
}

/** What in a unit is not archived. */
export type UnitUse = { readonly units: number; readonly principals: number; readonly keys: number }

/**
 * Archives a unit that nobody uses any more. It stays in the tree: what was spent there keeps its name.
 *
 * @param use counted over the unit and all below it, the unit itself left out.
 * @throws TurnpikeError `unit_in_use` with the counts; `invalid_governance_value` for the root, which goes with its organisation.
 */
export function archiveUnit({ unit, use, nowMs }: { unit: Unit; use: UnitUse; nowMs: number }): Unit {
  if (unit.path.length === 1)
    throw new TurnpikeError('invalid_governance_value', {
      param: 'unit_id',
      message: 'The organisation itself is archived with everything in it, not as a unit.',
    })
  if (unit.archivedAtMs !== undefined) return unit
  if (use.units + use.principals + use.keys > 0)
    throw new TurnpikeError('unit_in_use', { extra: { metadata: use } })
  return { ...unit, archivedAtMs: nowMs, version: unit.version + 1 }
}

/**
 * Takes a unit out of the archive, to where it was.
 *
 * @throws TurnpikeError `unit_archived` where the unit above is, `name_taken`.
 */
export function restoreUnit({ unit, units }: { unit: Unit; units: UnitTree }): Unit {
  const parentId = parentIdOf(unit)
  if (unit.archivedAtMs === undefined || parentId === undefined) return unit
  requireLiving(unitIn({ units, id: parentId, param: 'unit_id' }), 'unit_id')
  requireFreeName({ units, parentId, name: unit.name, but: unit.id })
  const { archivedAtMs: _archived, ...rest } = unit
  return { ...rest, version: unit.version + 1 }
}

/**
 * Of two changes that began at the same version the second is refused.
 *
 * @throws TurnpikeError `version_conflict`.
 */
export function requireVersion({ has, expected }: { has: number; expected: number }): void {
  if (has === expected) return
  throw new TurnpikeError('version_conflict', {
    message: `Your change is made on version ${expected}; version ${has} is current.`,
    extra: { metadata: { version: has } },
  })
}
