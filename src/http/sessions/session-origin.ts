import type { Request } from 'express'
import { ownOrigin } from '../request/own-origin.ts'

type Asked = {
  readonly request: Pick<Request, 'headers' | 'protocol'>
  readonly origins: readonly string[]
}

/** Under which names a browser may have reached us. */
function namesOf({ request, origins }: Asked): readonly string[] {
  const loopback = ownOrigin({ request, publicUrl: undefined })
  return loopback === undefined ? origins : [...origins, loopback]
}

/** Whether a page that sends a request is one of ours. A request of no page has no origin, and is not. */
export const isFromOurPage = (asked: Asked): boolean =>
  asked.request.headers.origin !== undefined && namesOf(asked).includes(asked.request.headers.origin)

/**
 * The origin under which a browser has reached us: of those that are configured, and of this machine's own, the one that its request names. A Host
 * header alone proves nothing, so another name is never taken.
 *
 * @returns undefined where none is known.
 */
export function sessionOrigin(asked: Asked): string | undefined {
  const { origin, host } = asked.request.headers
  const names = namesOf(asked)
  return (
    names.find((name) => name === origin) ?? names.find((name) => new URL(name).host === host) ?? names[0]
  )
}
