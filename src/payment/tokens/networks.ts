import type { Network } from '../types.ts'

/** x402 v1 names its networks; v2 uses CAIP-2. The names are those of x402's v1 specification and clients. */
const V1_CHAIN_IDS: Readonly<Record<string, number>> = {
  ethereum: 1,
  sepolia: 11155111,
  abstract: 2741,
  'abstract-testnet': 11124,
  'base-sepolia': 84532,
  base: 8453,
  'avalanche-fuji': 43113,
  avalanche: 43114,
  iotex: 4689,
  sei: 1329,
  'sei-testnet': 1328,
  polygon: 137,
  'polygon-amoy': 80002,
  peaq: 3338,
  story: 1514,
  educhain: 41923,
  'skale-base-sepolia': 324705682,
  megaeth: 4326,
  monad: 143,
  stable: 988,
  'stable-testnet': 2201,
  celo: 42220,
  flare: 14,
}

const NETWORK = /^eip155:([1-9][0-9]{0,14})$/
const V1_NAMES = new Map(Object.entries(V1_CHAIN_IDS).map(([name, chainId]) => [chainId, name]))

/** @example parseNetwork('eip155:8453') // 'eip155:8453'; undefined for other families and spellings */
export function parseNetwork(value: unknown): Network | undefined {
  return typeof value === 'string' && NETWORK.test(value) ? (value as Network) : undefined
}

export const networkOf = (chainId: number): Network => `eip155:${chainId}`

export const chainIdOf = (network: Network): number => Number(network.slice('eip155:'.length))

/** @example v1NameOf('eip155:84532') // 'base-sepolia' */
export const v1NameOf = (network: Network): string | undefined => V1_NAMES.get(chainIdOf(network))

/** @example networkOfV1Name('base') // 'eip155:8453' */
export function networkOfV1Name(name: unknown): Network | undefined {
  if (typeof name !== 'string' || !Object.hasOwn(V1_CHAIN_IDS, name)) return undefined
  const chainId = V1_CHAIN_IDS[name]
  return chainId === undefined ? undefined : networkOf(chainId)
}
