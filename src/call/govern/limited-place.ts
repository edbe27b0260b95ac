import type { Place } from '../../governance/hierarchy/attribution.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { type Authority, mayChange } from '../../governance/roles/may-do.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Spot } from './asker.ts'
import type { Desk } from './desk.ts'

const misplaced = (message: string) =>
  new TurnpikeError('invalid_governance_value', { param: 'place.level', message })

/**
 * Where a policy, a budget or a rate is to hang, and by whose right.
 *
 * @throws TurnpikeError `record_not_found`, `permission_denied`; `invalid_governance_value` for a level under which no call would count.
 */
export async function placeAsked(
  desk: Desk,
  place: Place,
): Promise<{ readonly spot: Spot; readonly setBy: Authority; readonly organizationId: string | null }> {
  const spot = await desk.records.spotOfPlace(place)
  const setBy = desk.needAuthority(spot)
  const isRoot = spot.unitPath.length === 1
  if (place.level === 'unit' && isRoot) throw misplaced('This is the root: its level is organization.')
  if (place.level === 'organization' && place.id !== spot.organizationId)
    throw misplaced('This is a unit below the root: its level is unit.')
  if (place.level === 'principal' || place.level === 'wallet') {
    const { kind } = await desk.records.get('principals', place.id, 'place.id')
    if ((kind === 'wallet') !== (place.level === 'wallet'))
      throw misplaced(`This is a ${kind}: its level is ${kind === 'wallet' ? 'wallet' : 'principal'}.`)
  }
  const { organizationId } = spot
  return { spot, setBy, organizationId: organizationId === PUBLIC_UNIT.id ? null : organizationId }
}

/**
 * Lets a record be changed only by who has as wide a right as who set it: nobody below loosens what was set from above.
 *
 * @throws TurnpikeError `record_not_found`, `permission_denied`.
 */
export async function authorityToChange(
  desk: Desk,
  { place, setBy }: { place: Place; setBy: Authority },
): Promise<Authority> {
  const authority = desk.needAuthority(await desk.records.spotOfPlace(place))
  if (!mayChange({ authority, setBy }))
    throw new TurnpikeError('permission_denied', {
      message: 'It was set from above: by somebody whose right reaches further than yours.',
      extra: { metadata: { permission: desk.permission, set_by: setBy.unitPath.at(-1) ?? 'operator' } },
    })
  return authority
}
