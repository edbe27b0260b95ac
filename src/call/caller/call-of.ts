import type { ReceivedCall } from '../types.ts'
import type { GovernedCaller } from '../rules-ports.ts'

/** The call as its caller's: with its ids, and no longer an answer than its policy lets it have. */
export function callOf({
  received,
  caller,
  defaultOutputTokens,
}: {
  received: ReceivedCall
  caller: GovernedCaller
  defaultOutputTokens: number
}): ReceivedCall {
  const { organization, principal, key } = caller.rules
  const { request } = received
  const limit = caller.policy.maxOutputTokens?.value
  const usual = request.callerOutputCap ?? defaultOutputTokens
  const isCapped = limit !== undefined && limit < usual
  return {
    ...received,
    ...(isCapped ? { request: { ...request, callerOutputCap: limit } } : {}),
    ...(organization ? { organizationId: organization.id } : {}),
    ...(organization || key ? { principalId: principal.id } : {}),
    ...(key ? { keyId: key.id } : {}),
    caller,
  }
}
