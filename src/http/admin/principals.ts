import { z } from 'zod'
import { changePrincipal, createPrincipal, putPrincipalAway } from '../../call/govern/change-principals.ts'
import type { Principal } from '../../governance/hierarchy/types.ts'
import { id, isoTime, name, pageQuery, version, versionOnly } from './fields.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'
import { widening } from './units.ts'

const KIND: Kind<'principals'> = {
  resource: 'principals',
  shape: (_desk, principals) => principals.map(shapeOf),
}

const shapeOf = ({ id, organizationId, unitId, kind, name, address, archivedAtMs, version }: Principal) => ({
  object: 'principal',
  id,
  organization_id: organizationId,
  unit_id: unitId,
  kind,
  name,
  address: address ?? null,
  version,
  archived_at: isoTime(archivedAtMs),
})

export const PRINCIPAL_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/principals',
    id: 'listPrincipals',
    summary: 'Members, programs and wallets',
    permission: 'principals:read',
    kind: KIND,
    filters: { unit_id: 'unitId', kind: 'kind', address: 'address' },
    query: pageQuery(['unit_id', 'kind', 'address']),
  }),
  showing({
    path: '/principals/:id',
    id: 'getPrincipal',
    summary: 'One member, program or wallet',
    permission: 'principals:read',
    kind: KIND,
  }),
  writing({
    path: '/principals',
    id: 'createPrincipal',
    summary: 'Adds a person or a program to a unit; wallets are linked (POST /wallets)',
    permission: 'principals:write',
    kind: KIND,
    isNew: true,
    body: z.strictObject({ unit_id: id, kind: z.enum(['user', 'service']), name }),
    decide: ({ desk, body }) =>
      createPrincipal(desk, { unitId: body.unit_id, kind: body.kind, name: body.name }),
  }),
  writing({
    method: 'patch',
    path: '/principals/:id',
    id: 'changePrincipal',
    summary: 'Renames one, or moves it to another unit',
    permission: 'principals:write',
    kind: KIND,
    body: z.strictObject({
      name: name.optional(),
      unit_id: id.optional(),
      accepts_widening: widening,
      version,
    }),
    decide: ({ desk, params, body, version }) =>
      changePrincipal(desk, {
        id: params['id'] ?? '',
        name: body.name,
        unitId: body.unit_id,
        acceptsWidening: body.accepts_widening === true,
        version,
      }),
  }),
  writing({
    path: '/principals/:id/archive',
    id: 'archivePrincipal',
    summary: 'Archives one; its keys are revoked and its roles taken',
    permission: 'principals:archive',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => putPrincipalAway(desk, { id: params['id'] ?? '', version }),
  }),
]
