import { networkOf } from './networks.ts'
import type { Address, Asset, Network } from '../types.ts'

/** The dev chain has Base Sepolia's id, never a mainnet's: signatures made for it are worth nothing elsewhere. */
export const DEV_CHAIN_ID = 84_532

/** Circle's USDC on Base Sepolia; the dev chain carries its own token at the same address. */
export const BASE_SEPOLIA_USDC: Asset = {
  network: networkOf(DEV_CHAIN_ID),
  address: '0x036cbd53842c5426634e7929541ec2318f3dcf7e',
  symbol: 'USDC',
  decimals: 6,
  transfer: 'eip3009',
  eip712: { name: 'USDC', version: '2' },
}

export const BASE_USDC: Asset = {
  network: networkOf(8453),
  address: '0x833589fcd6edb6e08f4c7c32d4f71b54bda02913',
  symbol: 'USDC',
  decimals: 6,
  transfer: 'eip3009',
  eip712: { name: 'USD Coin', version: '2' },
}

/** The tokens that need no row in the operator's table. */
export const BUILT_IN_ASSETS: readonly Asset[] = [BASE_SEPOLIA_USDC, BASE_USDC]

/**
 * Tether's token has no EIP-3009: the payer approves Permit2 once, then signs.
 *
 * @param decimals 6 almost everywhere, 18 on BSC.
 */
export function usdtAsset({
  network,
  address,
  decimals,
}: {
  network: Network
  address: Address
  decimals: number
}): Asset {
  return { network, address: address.toLowerCase() as Address, symbol: 'USDT', decimals, transfer: 'permit2' }
}

/** @param address in lower case. */
export function findAsset({
  assets,
  network,
  address,
}: {
  assets: readonly Asset[]
  network: Network
  address: Address
}): Asset | undefined {
  return assets.find((asset) => asset.network === network && asset.address === address)
}
