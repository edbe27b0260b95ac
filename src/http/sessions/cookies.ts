import type { IncomingMessage } from 'node:http'

/** `__Host-` is taken by browsers only over https, from exactly this host and for all of it: no neighbour can put one there. */
const PREFIX = '__Host-'

export type CookieName = 'turnpike' | 'turnpike-trip'

const nameOf = (name: CookieName, origin: string): string =>
  origin.startsWith('https:') ? `${PREFIX}${name}` : name

/** Scripts never see it, and other sites' requests that change something do not carry it. */
export function setCookie({
  name,
  value,
  origin,
  maxAgeMs,
}: {
  name: CookieName
  value: string
  origin: string
  /** 0: it is taken away. */
  maxAgeMs: number
}): string {
  const secure = origin.startsWith('https:') ? '; Secure' : ''
  const age = Math.floor(maxAgeMs / 1_000)
  return `${nameOf(name, origin)}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure}`
}

export function readCookie({
  request,
  name,
  origin,
}: {
  request: Pick<IncomingMessage, 'headers'>
  name: CookieName
  origin: string
}): string | undefined {
  const wanted = `${nameOf(name, origin)}=`
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim())
  const found = pairs.find((pair) => pair.startsWith(wanted))?.slice(wanted.length)
  return found === undefined || found === '' ? undefined : found
}
