import type { Address } from 'viem'
import { tokenAbi, usdcOwnerAbi, usdtOwnerAbi } from './abis.ts'
import { USDC, USDT } from './addresses.ts'
import { sendAsTokenOwner } from './send-as.ts'

/** What an issuer can do to a token while money is on its way; tests do it on purpose. */

const usdcCall = (rpcUrl: string, functionName: string, args: readonly unknown[]) =>
  sendAsTokenOwner({ rpcUrl, call: { address: USDC, abi: usdcOwnerAbi, functionName, args } })

const usdtCall = (rpcUrl: string, functionName: string, args: readonly unknown[]) =>
  sendAsTokenOwner({ rpcUrl, call: { address: USDT, abi: usdtOwnerAbi, functionName, args } })

const pauseCall = (rpcUrl: string, address: Address, paused: boolean) =>
  sendAsTokenOwner({
    rpcUrl,
    call: { address, abi: tokenAbi, functionName: paused ? 'pause' : 'unpause', args: [] },
  })

/** Creates dev USDC (atomic units, 6 decimals) at an address. */
export const mintUsdc = (options: { rpcUrl: string; address: Address; amount: bigint }) =>
  usdcCall(options.rpcUrl, 'mint', [options.address, options.amount])

/** Creates dev USDT (atomic units, 6 decimals): issued to the owner and sent on, so a fee in force is taken. */
export async function mintUsdt(options: { rpcUrl: string; address: Address; amount: bigint }) {
  await usdtCall(options.rpcUrl, 'issue', [options.amount])
  const call = {
    address: USDT,
    abi: tokenAbi,
    functionName: 'transfer',
    args: [options.address, options.amount],
  }
  return sendAsTokenOwner({ rpcUrl: options.rpcUrl, call })
}

export const pauseUsdc = (options: { rpcUrl: string; paused: boolean }) =>
  pauseCall(options.rpcUrl, USDC, options.paused)

export const pauseUsdt = (options: { rpcUrl: string; paused: boolean }) =>
  pauseCall(options.rpcUrl, USDT, options.paused)

export const blocklistUsdc = (options: { rpcUrl: string; address: Address; blocked: boolean }) =>
  usdcCall(options.rpcUrl, options.blocked ? 'blacklist' : 'unBlacklist', [options.address])

export const blocklistUsdt = (options: { rpcUrl: string; address: Address; blocked: boolean }) =>
  usdtCall(options.rpcUrl, options.blocked ? 'addBlackList' : 'removeBlackList', [options.address])

/**
 * Makes USDT keep a fee of every transfer, as its issuer may.
 *
 * @param options.basisPoints below 20. @param options.maximumFeeUsdt the cap in whole USDT, below 50.
 */
export const setUsdtFee = (options: { rpcUrl: string; basisPoints: bigint; maximumFeeUsdt: bigint }) =>
  usdtCall(options.rpcUrl, 'setParams', [options.basisPoints, options.maximumFeeUsdt])
