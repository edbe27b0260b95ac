import type { Place } from '../../governance/hierarchy/attribution.ts'
import type { UnitPath } from '../../governance/hierarchy/unit-path.ts'
import { effectivePolicy, policyLevels } from '../../governance/policies/effective-policy.ts'
import { requireNoWidening } from '../../governance/policies/judge-move.ts'
import type { Policy } from '../../governance/policies/types.ts'
import type { Desk } from './desk.ts'

/** The places of units along a path, widest first. */
export const placesOf = ([root, ...below]: UnitPath): readonly Place[] =>
  root === undefined
    ? []
    : [{ level: 'organization', id: root }, ...below.map((id): Place => ({ level: 'unit', id }))]

/** The policies that hang on some places. */
export async function policiesAt(
  { records }: Pick<Desk, 'records'>,
  organizationId: string,
  places: readonly Place[],
): Promise<readonly Policy[]> {
  const found = await Promise.all(
    places.map(({ level, id }) =>
      records.listAll('policies', organizationId, { where: { level, levelId: id } }),
    ),
  )
  return found.flat()
}

/**
 * Lets something move only where it is not allowed more than before, or where its mover could change what falls away and says so.
 *
 * @returns the policies that this rests on: they must be the same when it is committed.
 * @throws TurnpikeError `policy_would_widen`.
 */
export async function requireNarrowerPlace({
  desk,
  organizationId,
  from,
  to,
  shared,
  acceptsWidening,
}: {
  desk: Desk
  organizationId: string
  from: UnitPath
  to: UnitPath
  /** What both have above them. */
  shared: UnitPath
  acceptsWidening: boolean
}) {
  const [old, next] = [placesOf(from), placesOf(to)]
  const policies = await policiesAt(desk, organizationId, [
    ...old,
    ...next.filter(({ id }) => !from.includes(id)),
  ])
  requireNoWidening({
    before: effectivePolicy(policyLevels({ policies, attribution: old })),
    after: effectivePolicy(policyLevels({ policies, attribution: next })),
    acceptsWidening,
    mayLoosen: desk.may({ organizationId, unitPath: shared }, 'policies:write'),
  })
  return policies.map(({ id, version }) => ({ resource: 'policies', id, version }) as const)
}
