import { attributionOf, type Attribution, type Place } from '../../governance/hierarchy/attribution.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { checkRules } from '../../governance/policies/check-rules.ts'
import {
  type EffectivePolicy,
  effectivePolicy,
  policyLevels,
} from '../../governance/policies/effective-policy.ts'
import type { Policy, PolicyRules } from '../../governance/policies/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Spot } from './asker.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'
import { authorityToChange, placeAsked } from './limited-place.ts'
import { placesOf, policiesAt } from './narrower-place.ts'

/**
 * Sets the policy of a place: the one that is there is replaced whole, so what is left out is said no longer.
 *
 * @throws TurnpikeError `invalid_governance_value` naming the rule, `permission_denied`, `version_conflict`.
 */
export async function putPolicy(
  desk: Desk,
  { place, rules, version }: { place: Place; rules: PolicyRules; version?: number | undefined },
): Promise<Decision> {
  const { spot, setBy, organizationId } = await placeAsked(desk, place)
  checkRules(rules)
  const where = { level: place.level, levelId: place.id }
  const [was] = await desk.records.listAll('policies', spot.organizationId, { where })
  if (was) await authorityToChange(desk, was)
  else if (version !== undefined && version !== 0)
    throw new TurnpikeError('version_conflict', {
      message: 'There is no policy at this place any more.',
      extra: { metadata: { version: 0 } },
    })
  const policy: Policy = { id: was?.id ?? desk.newId(), organizationId, place, rules, setBy, version: 1 }
  return {
    organizationId: spot.organizationId,
    changes: [was ? changing('policies', was, policy, version) : making('policies', policy)],
    answer: { resource: 'policies', id: policy.id },
  }
}

type Shown = { readonly principal?: string; readonly key?: string; readonly unit?: string }

/** Where somebody stands: everything that its calls count for. */
async function standing(
  desk: Desk,
  { principal, key, unit }: Shown,
): Promise<{ spot: Spot; places: Attribution }> {
  const { records } = desk
  if ([principal, key, unit].filter((one) => one !== undefined).length !== 1)
    throw new TurnpikeError('contradicting_options', {
      param: 'principal',
      message: 'Name one of principal, key and unit.',
    })
  if (unit !== undefined) {
    const spot = await records.spotOfUnit(unit, 'unit')
    return { spot, places: placesOf(spot.unitPath) }
  }
  const ownerId = key === undefined ? principal : (await records.get('keys', key, 'key')).principalId
  const owner = await records.get('principals', ownerId ?? '', 'principal')
  const places = attributionOf({
    unit: await records.unitOf(owner.unitId),
    principal: owner,
    ...(key === undefined ? {} : { keyId: key }),
  })
  return { spot: await records.spotOfPrincipal(owner), places }
}

/** What is in force for a unit, a principal or a key, each rule with where it comes from. */
export async function policyInForce(
  desk: Desk,
  asked: Shown,
): Promise<{ readonly places: Attribution; readonly policy: EffectivePolicy }> {
  const { spot, places } = await standing(desk, asked)
  desk.need(spot)
  const policies = await policiesAt(desk, spot.organizationId, places)
  return { places, policy: effectivePolicy(policyLevels({ policies, attribution: places })) }
}

/** Takes a policy, a budget or a rate away, by who could change it. */
export async function archiveLimit(
  desk: Desk,
  resource: 'policies' | 'budgets' | 'rates',
  { id, version }: { id: string; version?: number | undefined },
): Promise<Decision> {
  const was = await desk.records.get(resource, id)
  await authorityToChange(desk, was)
  const organizationId = was.organizationId ?? PUBLIC_UNIT.id
  const archived = { ...was, archivedAtMs: desk.nowMs }
  return {
    organizationId,
    changes: was.archivedAtMs === undefined ? [changing(resource, was, archived, version)] : [],
    answer: { resource, id },
  }
}
