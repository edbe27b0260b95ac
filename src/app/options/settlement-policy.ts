import { LIMITS } from '../../lib/limits.ts'
import { maxBigint } from '../../lib/money.ts'
import type { Address, Asset, Network } from '../../payment/types.ts'
import type { SettlementDependencies } from '../../settlement/dependencies.ts'
import type { AppOptions } from './options.ts'

/** When money is moved, from the limits of the house and the operator's fees. */
export function policyOf({
  terms,
  gasOf,
}: Pick<AppOptions, 'terms' | 'gasOf'>): SettlementDependencies['policy'] {
  const assetOf = (network: string, address: string): Asset => {
    const asset = terms.assets.find((one) => one.network === network && one.address === address)
    if (!asset) throw new RangeError(`The token ${address} on ${network} is not configured.`)
    return asset
  }
  const gasPicoUsd = (network: Network) =>
    terms.settlementFees
      .filter((fee) => fee.network === network)
      .reduce((most, { feePicoUsd }) => maxBigint(most, feePicoUsd), 1n)
  return {
    claimAtPicoUsd: LIMITS.claimAtPicoUsd,
    claimEveryMs: LIMITS.claimEverySeconds * 1_000,
    refundAtOncePicoUsd: (network) => gasPicoUsd(network) * 100n,
    refundLaterPicoUsd: (network) => gasPicoUsd(network) * 2n,
    refundAfterMs: LIMITS.refundAfterMs,
    tillFloatPicoUsd: LIMITS.tillFloatPicoUsd,
    gasOf: gasOf ?? (() => ({ maxShareBps: LIMITS.gasShareBps })),
    assetsOf: (network): readonly Address[] =>
      terms.assets.filter((one) => one.network === network).map(({ address }) => address),
    decimalsOf: ({ network, asset }) => assetOf(network, asset).decimals,
  }
}
