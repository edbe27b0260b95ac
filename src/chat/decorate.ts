import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { type JsonMember, replaceMembers, scanMembers } from '../lib/json-members.ts'

/** A decimal that is a JSON number as it stands. */
const DECIMAL = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/

/** The text in a form that can be spliced: itself, or (a provider repeated or escaped a key) written anew. */
function spliceable(json: string): { text: string; members: readonly JsonMember[] } {
  try {
    return { text: json, members: scanMembers(json) }
  } catch (error) {
    if (!(error instanceof TurnpikeError) || error.code !== 'ambiguous_json') throw error
    const text = JSON.stringify(JSON.parse(json))
    return { text, members: scanMembers(text) }
  }
}

function withCost(usage: string, costUsd: string): string {
  if (!usage.startsWith('{')) return usage
  const { text, members } = spliceable(usage)
  return replaceMembers({ text, members, replace: { cost: costUsd } })
}

/**
 * Adds our words to a chunk or a full completion and leaves every other byte of it as the provider wrote it.
 *
 * @param json valid JSON of one object.
 * @param usageCostUsd the charge in USD as a decimal string; written into `usage.cost`, where there is a usage, as a
 * JSON number of the same digits: it never passes through a float.
 * @param turnpike becomes the `turnpike` member.
 * @param keepUsage false where the caller did not ask for usage: the member is taken out.
 * @throws RangeError where `usageCostUsd` is not a plain decimal.
 * @example withTurnpike({ json: '{"usage":{}}', usageCostUsd: '0.00015', turnpike: { charge: '150' }, keepUsage: true })
 * // '{"usage":{"cost":0.00015},"turnpike":{"charge":"150"}}'
 */
export function withTurnpike({
  json,
  usageCostUsd,
  turnpike,
  keepUsage,
}: {
  json: string
  usageCostUsd?: string
  turnpike: Readonly<Record<string, unknown>>
  keepUsage: boolean
}): string {
  if (usageCostUsd !== undefined && !DECIMAL.test(usageCostUsd)) {
    throw new RangeError('usageCostUsd must be a plain decimal, e.g. "0.00015"')
  }
  const { text, members } = spliceable(json)
  const replace: Record<string, string | undefined> = { turnpike: JSON.stringify(turnpike) }
  const usage = members.find(({ key }) => key === 'usage')
  if (usage && !keepUsage) replace['usage'] = undefined
  else if (usage && usageCostUsd !== undefined) {
    replace['usage'] = withCost(text.slice(usage.valueStart, usage.valueEnd), usageCostUsd)
  }
  return replaceMembers({ text, members, replace })
}

/** Takes `usage` out of a chunk that goes to a caller who did not ask for it. Other bytes stay. */
export function withoutUsage(json: string): string {
  const { text, members } = spliceable(json)
  if (!members.some(({ key }) => key === 'usage')) return json
  return replaceMembers({ text, members, replace: { usage: undefined } })
}
