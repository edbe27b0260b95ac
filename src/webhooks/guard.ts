import { lookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'
import { LIMITS } from '../lib/limits.ts'

/** Every address of a host, IPv4 and IPv6. Rejects, or gives none, where there is none. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** As this machine would connect: hosts file, IPv4 and IPv6. */
export const resolveHost: Resolve = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true })
  return found.map(({ address }) => address)
}

/** Where an alert may go: a URL, and the addresses that were looked at. Nothing else is connected to. */
export type Target = { readonly url: URL; readonly addresses: readonly string[] }

export type Refusal = 'url_refused' | 'address_refused' | 'host_unknown'

const PORTS: ReadonlySet<string> = new Set(['', '443', '8443'])

/** Of a cloud's own machines, within the public ranges. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set(['168.63.129.16'])

/** The one block from which public IPv6 addresses are given out (RFC 4291): deprecated forms that carry an IPv4 address lie outside. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * The shape of a URL that alerts may be sent to: https, port 443 or 8443, without user name and password. WHATWG's parser has written
 * decimal, octal and hexadecimal addresses out by then.
 *
 * @param isDev a laptop's server: any port, and http where the host turns out to be this machine.
 * @returns undefined where it must not be used.
 */
export function parseTarget({ url, isDev }: { url: string; isDev: boolean }): URL | undefined {
  const parsed = url.length <= LIMITS.webhookUrlChars ? URL.parse(url) : null
  if (!parsed) return undefined
  const { protocol, username, password, port, hash, hostname } = parsed
  const isSchemeGood = protocol === 'https:' || (isDev && protocol === 'http:')
  const isPortGood = isDev || PORTS.has(port)
  const isPlain = username === '' && password === '' && hash === '' && hostname !== ''
  return isSchemeGood && isPortGood && isPlain ? parsed : undefined
}

/** Whether an address is one of the public internet; on a laptop's server also whether it is the laptop itself. */
export function isReachable({ address, isDev }: { address: string; isDev: boolean }): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  const range = parsed.range()
  if (isDev && range === 'loopback') return true
  if (range !== 'unicast' || METADATA_ADDRESSES.has(parsed.toString())) return false
  return !(parsed instanceof ipaddr.IPv6) || parsed.match(GLOBAL_UNICAST)
}

const isLoopback = (address: string) => ipaddr.parse(address).range() === 'loopback'

/**
 * Looks at a URL and at every address of its host. One address that is not public refuses them all: which of them a connection takes is
 * not ours to say.
 */
export async function guard({
  url: text,
  isDev,
  resolve,
}: {
  url: string
  isDev: boolean
  resolve: Resolve
}): Promise<Target | { readonly refusal: Refusal }> {
  const url = parseTarget({ url: text, isDev })
  if (!url) return { refusal: 'url_refused' }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = ipaddr.isValid(host) ? [host] : await resolve(host).catch(() => [])
  if (addresses.length === 0) return { refusal: 'host_unknown' }
  const isGood = addresses.every((address) => isReachable({ address, isDev }))
  const isPlainText = url.protocol === 'http:'
  if (!isGood || (isPlainText && !addresses.every(isLoopback))) return { refusal: 'address_refused' }
  return { url, addresses }
}
