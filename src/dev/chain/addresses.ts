import { getAddress, keccak256, slice, toBytes } from 'viem'
import type { Address } from 'viem'

/** Base Sepolia's number: published clients know its default assets, and nothing of value is signed for it. */
export const DEV_CHAIN_ID = 84532

/** Where Base Sepolia has Circle's USDC; the dev USDC lies there. */
export const USDC: Address = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'

/** No USDT is known on Base Sepolia, so the dev USDT has an address of its own, derived from its name. */
export const USDT: Address = getAddress(slice(keccak256(toBytes('turnpike dev USDT')), 12))

export const PERMIT2: Address = '0x000000000022D473030F116dDEE9F6B43aC78BA3'
export const MULTICALL3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11'

/** The x402 contracts, at the addresses that are built into @x402/evm. */
export const EXACT_PROXY: Address = '0x402085c248EeA27D92E8b30b2C58ed07f9E20001'
export const UPTO_PROXY: Address = '0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002'
export const BATCH_SETTLEMENT: Address = '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003'
export const ERC3009_DEPOSIT_COLLECTOR: Address = '0x4020806089470a89826cB9fB1f4059150b550004'
export const PERMIT2_DEPOSIT_COLLECTOR: Address = '0x4020425FAf3B746C082C2f942b4E5159887B0005'
