import type { Address, Asset, Scheme } from '../types.ts'

/**
 * The contracts that x402 settles through. They have the same address on every chain (CREATE2), and a test holds them
 * equal to what `@x402/evm` exports: that package is not imported here, because it loads viem (0.25 s).
 */
export const PERMIT2: Address = '0x000000000022d473030f116ddee9f6b43ac78ba3'
/** Holds the channels of `batch-settlement`. */
export const BATCH_SETTLEMENT: Address = '0x4020074e9df2ce1dee5a9c1b5c3f541d02a10003'
/** Take a deposit into a channel: one by EIP-3009, one by Permit2. */
export const EIP3009_COLLECTOR: Address = '0x4020806089470a89826cb9fb1f4059150b550004'
export const PERMIT2_COLLECTOR: Address = '0x4020425faf3b746c082c2f942b4e5159887b0005'
/** Spenders of Permit2 that bind the recipient into the signature. */
export const EXACT_PROXY: Address = '0x402085c248eea27d92e8b30b2c58ed07f9e20001'
export const UPTO_PROXY: Address = '0x4020a4f3b7b90cca423b9fabcc0ce57c6c240002'
export const MULTICALL3: Address = '0xca11bde05977b3631167028862be2a173976ca11'

/** What people call them. */
export const CONTRACT_NAMES: Readonly<Record<Address, string>> = {
  [PERMIT2]: 'Permit2',
  [BATCH_SETTLEMENT]: 'x402 batch settlement',
  [EIP3009_COLLECTOR]: 'x402 EIP-3009 deposit collector',
  [PERMIT2_COLLECTOR]: 'x402 Permit2 deposit collector',
  [EXACT_PROXY]: 'x402 exact proxy',
  [UPTO_PROXY]: 'x402 upto proxy',
  [MULTICALL3]: 'Multicall3',
}

/** Contracts without which a token cannot be paid by a scheme. */
export function contractsFor({
  scheme,
  asset,
}: {
  scheme: Scheme
  asset: Pick<Asset, 'transfer'>
}): readonly Address[] {
  const isPermit2 = asset.transfer === 'permit2'
  switch (scheme) {
    case 'batch-settlement':
      return isPermit2
        ? [BATCH_SETTLEMENT, PERMIT2, PERMIT2_COLLECTOR]
        : [BATCH_SETTLEMENT, EIP3009_COLLECTOR]
    case 'upto':
      return [PERMIT2, UPTO_PROXY]
    case 'exact':
      return isPermit2 ? [PERMIT2, EXACT_PROXY] : []
  }
}
