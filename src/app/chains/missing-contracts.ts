import { CONTRACT_NAMES, contractsFor } from '../../payment/tokens/contracts.ts'
import type { Address, Network, Terms } from '../../payment/types.ts'

/** A contract that a network does not have and somebody needs. */
export type MissingContract = { readonly address: Address; readonly problem: string; readonly fix: string }

/** What cannot be offered on a network without the contracts that it does not have, and what to do. */
export function missingContracts({
  network,
  absent,
  terms,
}: {
  network: Network
  absent: readonly Address[]
  terms: Terms
}): { readonly isUseless: boolean; readonly missing: readonly MissingContract[] } {
  const offers = terms.assets
    .filter((asset) => asset.network === network)
    .flatMap((asset) =>
      terms.schemes.map((scheme) => ({
        name: `${scheme} in ${asset.symbol}`,
        needs: contractsFor({ scheme, asset }),
      })),
    )
  const missing = absent.flatMap((address): MissingContract[] => {
    const lost = offers.filter(({ needs }) => needs.includes(address)).map(({ name }) => name)
    if (lost.length === 0) return []
    return [
      {
        address,
        problem: `There is no ${CONTRACT_NAMES[address]} at ${address} on ${network}, so these are not offered there: ${lost.join(', ')}.`,
        fix: 'Deploy it (its address is the same on every chain), or correct the RPC.',
      },
    ]
  })
  return {
    isUseless: offers.every(({ needs }) => needs.some((need) => absent.includes(need))),
    missing,
  }
}
