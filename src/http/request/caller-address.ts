import type { Request } from 'express'

const LOOPBACK = /^(::1|(::ffff:)?127\.)/
const IPV6_NETWORK = 4

/**
 * By what a caller is counted: its address as the trusted proxies tell it; of IPv6 the network, since one caller has 2^64
 * addresses in it.
 */
export function callerAddress(request: Request): string {
  const address = request.ip ?? ''
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = ''] = address.split('::')
  return head.split(':').slice(0, IPV6_NETWORK).join(':')
}

/** This machine: an operator who tries things, or a proxy that stands in front and hides who asks. */
export const isLoopback = (request: Request): boolean => LOOPBACK.test(request.ip ?? '')
