import { z } from 'zod'
import {
  bringUnitBack,
  changeUnit,
  createUnit,
  putUnitAway,
  relocateUnit,
} from '../../call/govern/change-units.ts'
import type { Unit } from '../../governance/hierarchy/types.ts'
import { id, isoTime, name, pageQuery, version, versionOnly } from './fields.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

const KIND: Kind<'units'> = { resource: 'units', shape: (_desk, units) => units.map(shapeOf) }

const shapeOf = ({ id, organizationId, name, path, archivedAtMs, version }: Unit) => ({
  object: 'unit',
  id,
  organization_id: organizationId,
  name,
  parent_id: path.at(-2) ?? null,
  path,
  version,
  archived_at: isoTime(archivedAtMs),
})

export const widening = z
  .boolean()
  .optional()
  .describe('true: also where more is allowed there, if you may change the policies that fall away.')

export const UNIT_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/units',
    id: 'listUnits',
    summary: 'Units: organisations, departments, teams',
    permission: 'units:read',
    kind: KIND,
    filters: { parent_id: 'parentId' },
    query: pageQuery(['parent_id']),
  }),
  showing({ path: '/units/:id', id: 'getUnit', summary: 'One unit', permission: 'units:read', kind: KIND }),
  writing({
    path: '/units',
    id: 'createUnit',
    summary: 'Makes a unit below another',
    permission: 'units:write',
    kind: KIND,
    isNew: true,
    body: z.strictObject({ parent_id: id, name }),
    decide: ({ desk, body }) => createUnit(desk, { name: body.name, parentId: body.parent_id }),
  }),
  writing({
    method: 'patch',
    path: '/units/:id',
    id: 'changeUnit',
    summary: 'Renames a unit',
    permission: 'units:write',
    kind: KIND,
    body: z.strictObject({ name, version }),
    decide: ({ desk, params, body, version }) =>
      changeUnit(desk, { id: params['id'] ?? '', name: body.name, version }),
  }),
  writing({
    path: '/units/:id/move',
    id: 'moveUnit',
    summary: 'Moves a unit with everything below it',
    permission: 'units:move',
    kind: KIND,
    body: z.strictObject({ parent_id: id, accepts_widening: widening, version }),
    decide: ({ desk, params, body, version }) =>
      relocateUnit(desk, {
        id: params['id'] ?? '',
        parentId: body.parent_id,
        acceptsWidening: body.accepts_widening === true,
        version,
      }),
  }),
  writing({
    path: '/units/:id/archive',
    id: 'archiveUnit',
    summary: 'Archives a unit that nobody uses any more; it keeps its history',
    permission: 'units:archive',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => putUnitAway(desk, { id: params['id'] ?? '', version }),
  }),
  writing({
    path: '/units/:id/restore',
    id: 'restoreUnit',
    summary: 'Takes a unit out of the archive, to where it was',
    permission: 'units:archive',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => bringUnitBack(desk, { id: params['id'] ?? '', version }),
  }),
]
