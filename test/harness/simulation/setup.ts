import type { Endpoint } from '../../../src/catalog/types.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { BASE_SEPOLIA_USDC, usdtAsset } from '../../../src/payment/tokens/assets.ts'
import type { Address, Asset, Network, Scheme, Terms } from '../../../src/payment/types.ts'
import type { SettlementPolicy } from '../../../src/settlement/policy.ts'
import type { Lane } from '../../../src/settlement/types.ts'

/** What is the same in every history: addresses, tokens, prices and the operator's thresholds. */
export const BEGIN_MS = 1_800_000_000_000
export const NETWORK: Network = 'eip155:84532'
export const PAY_TO: Address = '0x00000000000000000000000000000000000000c0'
const SIGNER: Address = '0x0000000000000000000000000000000000000051'
const TILL: Address = '0x0000000000000000000000000000000000000071'
export const AUTHORIZER: Address = '0x00000000000000000000000000000000000000a0'
export const LANES = {
  signer: { network: NETWORK, role: 'signer', address: SIGNER },
  till: { network: NETWORK, role: 'till', address: TILL },
} as const satisfies Record<string, Lane>

/** One token of each kind. Their units differ by a factor of a million million, so that a mistaken one shows. */
export const ASSETS: readonly [Asset, Asset] = [
  BASE_SEPOLIA_USDC,
  usdtAsset({ network: NETWORK, address: '0x00000000000000000000000000000000000000d7', decimals: 18 }),
]

const USD = 1_000_000_000_000n

/** What each scheme's settlement costs the caller, inside its ceiling. */
export const FEE_PICO_USD: Readonly<Record<Scheme | 'credit', bigint>> = {
  'batch-settlement': 0n,
  credit: 0n,
  upto: USD / 1_000n,
  exact: USD / 1_000n,
}

export const TERMS: Terms = {
  payTo: PAY_TO,
  till: TILL,
  signer: SIGNER,
  receiverAuthorizer: AUTHORIZER,
  withdrawDelaySeconds: LIMITS.withdrawDelaySeconds,
  minDepositPicoUsd: USD,
  maxTimeoutSeconds: LIMITS.maxTimeoutSeconds,
  uptoTimeoutSeconds: LIMITS.uptoTimeoutSeconds,
  assets: ASSETS,
  schemes: ['batch-settlement', 'upto', 'exact'],
  settlementFees: [],
}

/** Thresholds that a few calls reach. */
export const POLICY: SettlementPolicy = {
  claimAtPicoUsd: USD / 2n,
  claimEveryMs: 600_000,
  refundAtOncePicoUsd: () => USD / 5n,
  refundLaterPicoUsd: () => USD / 500n,
  refundAfterMs: 600_000,
  tillFloatPicoUsd: USD / 10n,
  // A usual transaction costs $0.0005; in a storm of fees most are not worth theirs.
  gasOf: () => ({ coinPicoUsd: 700_000_000_000_000_000_000n, maxShareBps: 2_500n }),
  assetsOf: () => ASSETS.map(({ address }) => address),
  decimalsOf: ({ asset }) => ASSETS.find(({ address }) => address === asset)?.decimals ?? 0,
}

export const MARGIN_BPS = 500
/** Tokens that every prompt has. */
export const INPUT_TOKENS = 10

const PRICE = 2_000_000_000n

/** Two providers of one model; `factor` is what a price change multiplies by. */
export function endpointsAt(factor: bigint): readonly [Endpoint, Endpoint] {
  const prices = {
    inputPicoUsd: PRICE * factor,
    cacheReadPicoUsd: 0n,
    cacheWritePicoUsd: 0n,
    outputPicoUsd: PRICE * 3n * factor,
  }
  const common = { modelId: 'vendor/model', region: 'local', upstreamModel: 'model', prices }
  return [
    { ...common, id: 'one/model@local', providerId: 'one' },
    { ...common, id: 'two/model@local', providerId: 'two' },
  ]
}
