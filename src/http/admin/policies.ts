import { z } from 'zod'
import { archiveLimit, policyInForce, putPolicy } from '../../call/govern/change-policies.ts'
import type { Authority } from '../../governance/roles/may-do.ts'
import { id, isoTime, pageQuery, place, version, versionOnly } from './fields.ts'
import { inWireNames, rules, rulesOf, shapeOfEffective, shapeOfRules } from './policy-rules.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

/** By whose right something was set: the unit of that right, null where it was the operator's. */
export const shapeOfAuthority = ({ unitPath, reach }: Authority) => ({
  unit_id: unitPath.at(-1) ?? null,
  reach,
})

const KIND: Kind<'policies'> = {
  resource: 'policies',
  shape: (_desk, policies) =>
    policies.map((policy) => ({
      object: 'policy',
      id: policy.id,
      organization_id: policy.organizationId,
      place: policy.place,
      rules: shapeOfRules(policy.rules),
      set_by: shapeOfAuthority(policy.setBy),
      version: policy.version,
      archived_at: isoTime(policy.archivedAtMs),
    })),
}

const WHOSE = z.strictObject({
  principal: id.optional().describe('One of the three.'),
  key: id.optional(),
  unit: id.optional(),
})

export const POLICY_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/policies',
    id: 'listPolicies',
    summary: 'Policies by place',
    permission: 'policies:read',
    kind: KIND,
    filters: { level: 'level', level_id: 'levelId' },
    query: pageQuery(['level', 'level_id']),
  }),
  {
    method: 'get',
    path: '/policies/effective',
    id: 'getEffectivePolicy',
    summary: 'What is in force for a principal, a key or a unit, each rule with where it comes from',
    permission: 'policies:read',
    query: WHOSE,
    act: {
      kind: 'other',
      answer: async ({ desk, query }) => {
        const { places, policy } = await policyInForce(desk, query)
        return { object: 'effective_policy', places, rules: shapeOfEffective(policy) }
      },
    },
  },
  showing({
    path: '/policies/:id',
    id: 'getPolicy',
    summary: 'One policy',
    permission: 'policies:read',
    kind: KIND,
  }),
  writing({
    method: 'put',
    path: '/policies',
    id: 'putPolicy',
    summary: 'Sets the policy of a place; the one that is there is replaced whole',
    permission: 'policies:write',
    kind: KIND,
    body: z.strictObject({ place, rules, version }),
    decide: async ({ desk, body, version }) => {
      try {
        return await putPolicy(desk, { place: body.place, rules: rulesOf(body.rules), version })
      } catch (error) {
        throw inWireNames(error)
      }
    },
  }),
  writing({
    path: '/policies/:id/archive',
    id: 'archivePolicy',
    summary: 'Takes a policy away',
    permission: 'policies:write',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) =>
      archiveLimit(desk, 'policies', { id: params['id'] ?? '', version }),
  }),
]
