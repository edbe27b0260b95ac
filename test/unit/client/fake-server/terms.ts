import { privateKeyToAccount } from 'viem/accounts'
import { BASE_SEPOLIA_USDC, usdtAsset } from '../../../../src/payment/tokens/assets.ts'
import type { Terms } from '../../../../src/payment/types.ts'

/** Who pays at the fake server, and a wallet that has no business there. Their keys are worth nothing. */
export const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
export const stranger = privateKeyToAccount(`0x${'22'.repeat(32)}`)
export const USDC = BASE_SEPOLIA_USDC
export const USDT = usdtAsset({
  network: USDC.network,
  address: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
  decimals: 6,
})
export const TERMS: Terms = {
  payTo: '0x00000000000000000000000000000000000000aa',
  till: '0x00000000000000000000000000000000000000bb',
  signer: '0x00000000000000000000000000000000000000cc',
  receiverAuthorizer: '0x00000000000000000000000000000000000000dd',
  withdrawDelaySeconds: 86_400,
  minDepositPicoUsd: 1_000_000_000_000n,
  maxTimeoutSeconds: 120,
  uptoTimeoutSeconds: 900,
  assets: [USDC, USDT],
  schemes: ['batch-settlement', 'upto', 'exact'],
  settlementFees: [],
}
/** $0.01: 10,000 atomic units. */
export const CEILING = 10_000n
