import { LIMITS } from '../../lib/limits.ts'
import type { Network } from '../../payment/types.ts'
import { askFacilitator, type HostedOptions } from './ask-facilitator.ts'

/** Whether a facilitator says that it settles `exact` (x402 v2) on a network; a family may be named as `eip155:*`. */
export async function isSupported({
  options,
  network,
}: {
  options: HostedOptions
  network: Network
}): Promise<'yes' | 'no' | 'unknown'> {
  const answer = await askFacilitator({ options, path: '/supported', timeoutMs: LIMITS.facilitatorMs })
  const kinds: unknown = answer?.['kinds']
  if (!Array.isArray(kinds)) return 'unknown'
  const isOurs = (kind: unknown) =>
    typeof kind === 'object' &&
    kind !== null &&
    'x402Version' in kind &&
    'scheme' in kind &&
    'network' in kind &&
    kind.x402Version === 2 &&
    kind.scheme === 'exact' &&
    (kind.network === network || kind.network === 'eip155:*')
  return kinds.some(isOurs) ? 'yes' : 'no'
}
