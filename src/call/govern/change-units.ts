import { commonPath, isWithin } from '../../governance/hierarchy/unit-path.ts'
import {
  archiveUnit,
  moveUnit,
  newUnit,
  renameUnit,
  restoreUnit,
  type UnitTree,
} from '../../governance/hierarchy/unit-tree.ts'
import type { Unit } from '../../governance/hierarchy/types.ts'
import { keyState } from '../../governance/keys/check-key.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'
import { requireNarrowerPlace } from './narrower-place.ts'

type Versioned = { readonly id: string; readonly version?: number | undefined }

const unchangedUnit = ({ id, version }: Unit) => ({ resource: 'units', id, version }) as const

/** Finds a unit with the tree that it is in. @throws TurnpikeError `record_not_found`. */
async function inTree(desk: Desk, id: string, param = 'id'): Promise<{ unit: Unit; units: UnitTree }> {
  const found = await desk.records.unitOf(id, param)
  const units = await desk.records.treeOf(found.organizationId)
  return { unit: units.get(id) ?? found, units }
}

const deciding = (unit: Unit, changes: Decision['changes'], more: Partial<Decision> = {}): Decision => ({
  organizationId: unit.organizationId,
  changes,
  answer: { resource: 'units', id: unit.id },
  ...more,
})

/** @throws TurnpikeError as newUnit. */
export async function createUnit(
  desk: Desk,
  { name, parentId }: { name: string; parentId: string },
): Promise<Decision> {
  const { unit: parent, units } = await inTree(desk, parentId, 'parent_id')
  desk.need({ organizationId: parent.organizationId, unitPath: parent.path })
  const organization = await desk.records.organizationOf(parent.organizationId)
  const unit = newUnit({ id: desk.newId(), name, parentId, units, organization })
  return deciding(unit, [making('units', unit)], { unchanged: [unchangedUnit(parent)] })
}

export async function changeUnit(
  desk: Desk,
  { id, name, version }: Versioned & { name: string },
): Promise<Decision> {
  const { unit, units } = await inTree(desk, id)
  desk.need({ organizationId: unit.organizationId, unitPath: unit.path })
  return deciding(unit, [changing('units', unit, renameUnit({ unit, name, units }), version)])
}

/**
 * Moves a unit with everything below it: `units:move` at both places, and nothing allowed there that is not allowed now.
 *
 * @throws TurnpikeError as moveUnit and requireNoWidening.
 */
export async function relocateUnit(
  desk: Desk,
  { id, parentId, acceptsWidening, version }: Versioned & { parentId: string; acceptsWidening: boolean },
): Promise<Decision> {
  const { unit, units } = await inTree(desk, id)
  desk.need({ organizationId: unit.organizationId, unitPath: unit.path })
  const parent = await desk.records.unitOf(parentId, 'parent_id')
  desk.need({ organizationId: parent.organizationId, unitPath: parent.path })
  const organization = await desk.records.organizationOf(unit.organizationId)
  const moved = moveUnit({ unitId: id, parentId, units, organization })
  if (moved.length === 0) return deciding(unit, [])
  const policies = await requireNarrowerPlace({
    desk,
    organizationId: unit.organizationId,
    from: unit.path.slice(0, -1),
    to: parent.path,
    shared: commonPath(unit.path.slice(0, -1), parent.path),
    acceptsWidening,
  })
  const changes = moved.map((value) => {
    const was = units.get(value.id) ?? value
    return changing('units', was, value, value.id === id ? version : undefined)
  })
  return deciding(unit, changes, { unchanged: [unchangedUnit(parent), ...policies] })
}

/** @throws TurnpikeError as archiveUnit: what is in use is not archived. */
export async function putUnitAway(desk: Desk, { id, version }: Versioned): Promise<Decision> {
  const { unit, units } = await inTree(desk, id)
  const { records, nowMs } = desk
  desk.need({ organizationId: unit.organizationId, unitPath: unit.path })
  const inside = [...units.values()].filter(({ path }) => isWithin({ path, above: unit.path }))
  const ids = new Set(inside.map((one) => one.id))
  const principals = (await records.listAll('principals', unit.organizationId)).filter((one) =>
    ids.has(one.unitId),
  )
  const members = new Set(principals.map((one) => one.id))
  const keys = (await records.listAll('keys', unit.organizationId)).filter(
    (key) => members.has(key.principalId) && keyState({ key, nowMs }) === 'active',
  )
  const use = {
    units: inside.filter((one) => one.id !== id && one.archivedAtMs === undefined).length,
    principals: principals.length,
    keys: keys.length,
  }
  const archived = archiveUnit({ unit, use, nowMs })
  return deciding(unit, archived === unit ? [] : [changing('units', unit, archived, version)])
}

export async function bringUnitBack(desk: Desk, { id, version }: Versioned): Promise<Decision> {
  const { unit, units } = await inTree(desk, id)
  desk.need({ organizationId: unit.organizationId, unitPath: unit.path })
  const restored = restoreUnit({ unit, units })
  return deciding(unit, restored === unit ? [] : [changing('units', unit, restored, version)])
}
