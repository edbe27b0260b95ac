import { separatorOf } from './eip712.ts'
import type { Asset, Hex, TokenDomain } from '../types.ts'

/**
 * What a token's `DOMAIN_SEPARATOR()` returns where its domain is this one: signatures made for another are worth nothing there.
 *
 * @example tokenSeparator({ asset: BASE_USDC, eip712: { name: 'USD Coin', version: '2' } }) // 0x02fa7265…
 */
export const tokenSeparator = ({
  asset: { network, address },
  eip712,
}: {
  asset: Pick<Asset, 'network' | 'address'>
  eip712: TokenDomain
}): Hex => `0x${separatorOf({ ...eip712, network, contract: address })}`
