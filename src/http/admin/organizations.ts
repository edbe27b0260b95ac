import { z } from 'zod'
import type { Organization } from '../../governance/hierarchy/types.ts'
import {
  archiveOrganization,
  changeOrganization,
  createOrganization,
} from '../../call/govern/change-organizations.ts'
import { organizationBalance, topUpOrganization } from '../../call/govern/organization-money.ts'
import { formatUsd } from '../../lib/money.ts'
import { isoTime, name, pageQuery, usd, version, versionOnly } from './fields.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

const KIND: Kind<'organizations'> = {
  resource: 'organizations',
  shape: (_desk, organizations) => organizations.map(shapeOf),
}

const shapeOf = ({ id, name, levelNames, timeZone, archivedAtMs, version }: Organization) => ({
  object: 'organization',
  id,
  name,
  level_names: levelNames,
  time_zone: timeZone,
  version,
  archived_at: isoTime(archivedAtMs),
})

const SETTINGS = {
  level_names: z.array(name).max(10).optional().describe('What levels are called, widest first.'),
  time_zone: z.string().max(100).optional().describe('IANA zone in which calendar windows begin.'),
}

const money = (balance: { availablePicoUsd: bigint; heldPicoUsd: bigint; spentPicoUsd: bigint }) => ({
  object: 'balance',
  available_usd: formatUsd(balance.availablePicoUsd),
  held_usd: formatUsd(balance.heldPicoUsd),
  spent_usd: formatUsd(balance.spentPicoUsd),
})

export const ORGANIZATION_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/organizations',
    id: 'listOrganizations',
    summary: 'Organisations: all for the operator, its own for a key',
    permission: 'organizations:read',
    kind: KIND,
    filters: {},
    query: pageQuery([]),
  }),
  showing({
    path: '/organizations/:id',
    id: 'getOrganization',
    summary: 'One organisation',
    permission: 'organizations:read',
    kind: KIND,
  }),
  writing({
    path: '/organizations',
    id: 'createOrganization',
    summary: 'Makes an organisation with its root unit; for the operator',
    permission: 'organizations:write',
    kind: KIND,
    isNew: true,
    body: z.strictObject({ name, ...SETTINGS }),
    decide: ({ desk, body }) =>
      createOrganization(desk, { name: body.name, levelNames: body.level_names, timeZone: body.time_zone }),
  }),
  writing({
    method: 'patch',
    path: '/organizations/:id',
    id: 'changeOrganization',
    summary: 'Renames it, or changes its level names and its zone',
    permission: 'organizations:write',
    kind: KIND,
    body: z.strictObject({ name: name.optional(), ...SETTINGS, version }),
    decide: ({ desk, params, body, version }) =>
      changeOrganization(desk, {
        id: params['id'] ?? '',
        name: body.name,
        levelNames: body.level_names,
        timeZone: body.time_zone,
        version,
      }),
  }),
  writing({
    path: '/organizations/:id/archive',
    id: 'archiveOrganization',
    summary: 'Archives it with its units and members; its keys are revoked',
    permission: 'organizations:archive',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => archiveOrganization(desk, { id: params['id'] ?? '', version }),
  }),
  {
    method: 'get',
    path: '/organizations/:id/balance',
    id: 'getBalance',
    summary: 'What it has with us, in USD',
    permission: 'credit:read',
    act: {
      kind: 'other',
      answer: async ({ desk, params }) => money(await organizationBalance(desk, params['id'] ?? '')),
    },
  },
  {
    method: 'post',
    path: '/organizations/:id/top-ups',
    id: 'topUpOrganization',
    summary: 'Adds what was paid outside of this server; for the operator. Idempotency-Key is its reference',
    permission: 'credit:top-up',
    body: z.strictObject({ amount_usd: usd }),
    act: {
      kind: 'other',
      answer: async ({ desk, params, body }) =>
        money(
          await topUpOrganization(desk, {
            organizationId: params['id'] ?? '',
            amountPicoUsd: body['amount_usd'] as bigint,
          }),
        ),
    },
  },
]
