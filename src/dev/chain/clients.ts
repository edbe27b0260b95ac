import { createTestClient, http, publicActions, walletActions } from 'viem'
import type { Account } from 'viem'
import { baseSepolia } from 'viem/chains'

/** Anvil answers at once, so waiting for a receipt need not be patient. */
const POLLING_INTERVAL_MS = 20

/** The dev chain in viem's words: Base Sepolia's number and names, no way out to the real one. */
export const devViemChain = (rpcUrl: string) => ({ ...baseSepolia, rpcUrls: { default: { http: [rpcUrl] } } })

/**
 * A viem client for the dev chain that reads, writes as `account`, and turns anvil's own knobs.
 *
 * @example await devClient({ rpcUrl, account }).writeContract({ address, abi, functionName, args })
 */
export function devClient(options: { rpcUrl: string; account?: Account }) {
  const { rpcUrl, account } = options
  return createTestClient({
    mode: 'anvil',
    chain: devViemChain(rpcUrl),
    transport: http(rpcUrl, { retryCount: 1 }),
    pollingInterval: POLLING_INTERVAL_MS,
    cacheTime: 0,
    account: account ?? '0x0000000000000000000000000000000000000000',
  })
    .extend(publicActions)
    .extend(walletActions)
}

export type DevClient = ReturnType<typeof devClient>
