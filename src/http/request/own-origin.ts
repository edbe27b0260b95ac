import type { Request } from 'express'

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

/**
 * The origin that callers sign in for: the configured one, or this machine's own while it is asked under that name. A Host header says
 * whatever its sender likes: taken at its word, a site that passes requests on could have its visitors sign for us.
 *
 * @returns undefined where the server does not know its own name: TURNPIKE_PUBLIC_URL is not set.
 */
export function ownOrigin({
  request: { headers, protocol },
  publicUrl,
}: {
  request: Pick<Request, 'headers' | 'protocol'>
  publicUrl: string | undefined
}): string | undefined {
  if (publicUrl !== undefined) return new URL(publicUrl).origin
  const { host = '' } = headers
  return LOOPBACK.test(host) ? `${protocol}://${host}` : undefined
}
