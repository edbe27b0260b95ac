import { LIMITS } from '../lib/limits.ts'
import type { Address, Asset } from '../payment/types.ts'
import type { SettlementDependencies } from '../settlement/dependencies.ts'
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
  const gasPicoUsd = terms.settlementFees.reduce(
    (most, { feePicoUsd }) => (feePicoUsd > most ? feePicoUsd : most),
    1n,
  )
  return {
    claimAtPicoUsd: LIMITS.claimAtPicoUsd,
    claimEveryMs: LIMITS.claimEverySeconds * 1_000,
    refundAtOncePicoUsd: gasPicoUsd * 100n,
    refundLaterPicoUsd: gasPicoUsd * 2n,
    refundAfterMs: LIMITS.refundAfterMs,
    tillFloatPicoUsd: LIMITS.tillFloatPicoUsd,
    gasOf: gasOf ?? (() => ({ maxShareBps: LIMITS.gasShareBps })),
    assetsOf: (network): readonly Address[] =>
      terms.assets.filter((one) => one.network === network).map(({ address }) => address),
    decimalsOf: ({ network, asset }) => assetOf(network, asset).decimals,
  }
}
