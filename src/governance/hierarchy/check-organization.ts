import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { isTimeZone } from '../zone-time.ts'
import { checkName, nameKey } from './check-name.ts'
import type { Organization } from './types.ts'
import type { UnitTree } from './unit-tree.ts'

const invalid = (param: string, message: string) =>
  new TurnpikeError('invalid_governance_value', { param, message: `${param}: ${message}` })

/**
 * An organisation's settings as they are stored.
 *
 * @param units that there are already: levels that they need cannot be taken away.
 * @throws TurnpikeError `invalid_name`, `invalid_governance_value` naming the field, `unit_too_deep`.
 */
export function checkOrganization({
  organization,
  units = new Map(),
}: {
  organization: Organization
  units?: UnitTree
}): Organization {
  const levels = organization.levelNames.map((name) => checkName({ name, param: 'level_names' }))
  if (levels.length < 1 || levels.length > LIMITS.unitLevels)
    throw invalid('level_names', `from 1 to ${LIMITS.unitLevels} names, the organisation's own included.`)
  if (new Set(levels.map(nameKey)).size < levels.length) throw invalid('level_names', 'no name twice.')
  const deepest = [...units.values()].find(({ path }) => path.length > levels.length)
  if (deepest)
    throw new TurnpikeError('unit_too_deep', {
      message: `"${deepest.name}" is on level ${deepest.path.length}; move it up before that level goes.`,
      extra: { metadata: { depth: deepest.path.length, limit: levels.length } },
    })
  if (!isTimeZone(organization.timeZone))
    throw invalid('time_zone', 'a name of the IANA database, such as Europe/Berlin.')
  return {
    ...organization,
    name: checkName({ name: organization.name, param: 'name' }),
    levelNames: levels,
  }
}
