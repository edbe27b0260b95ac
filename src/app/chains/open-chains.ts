import { type Chain, createChain } from '../../chain/create-chain.ts'
import type { Network } from '../../payment/types.ts'
import type { AppOptions } from '../options/options.ts'

/** Every network of this server, by name. */
export type Chains = {
  /** @throws RangeError for a network that is not configured. */
  readonly of: (network: Network) => Chain
  readonly find: (network: Network) => Chain | undefined
  readonly all: readonly (readonly [Network, Chain])[]
  readonly close: () => void
}

export function openChains({ networks, keys, terms }: AppOptions): Chains {
  const { assets, payTo } = terms
  const all = networks.map((one) => [one.network, createChain({ ...one, keys, payTo, assets })] as const)
  const chains = new Map(all)
  return {
    of(network) {
      const chain = chains.get(network)
      if (!chain) throw new RangeError(`No chain is configured for ${network}.`)
      return chain
    },
    find: (network) => chains.get(network),
    all,
    close() {
      for (const [, chain] of all) chain.close()
    },
  }
}
