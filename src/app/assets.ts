import { BUILT_IN_ASSETS } from '../payment/assets.ts'
import type { Asset, Network } from '../payment/types.ts'

export { addressOfPrivateKey } from '../payment/signature.ts'
export type { Network } from '../payment/types.ts'

/** The tokens that need no row in the operator's table, on these networks. */
export const builtInAssets = (networks: readonly Network[]): readonly Asset[] =>
  BUILT_IN_ASSETS.filter(({ network }) => networks.includes(network))
