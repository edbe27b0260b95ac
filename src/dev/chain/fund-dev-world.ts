import { parseEther, parseUnits } from 'viem'
import type { Address } from 'viem'
import { devAccounts } from '../accounts.ts'
import { tokenAbi } from './abis.ts'
import { USDC, USDT } from './addresses.ts'
import { devClient } from './clients.ts'
import { approvePermit2, fundAccount } from './fund.ts'

const PAYER_TOKENS = parseUnits('10000', 6)
const ETHER_WEI = parseEther('100')
/** Below this an account counts as never funded; what it spent before that is its own business. */
const ENOUGH_WEI = parseEther('1')

/**
 * Equips the dev accounts of a chain: the payer gets 10,000 of each token, ether, and Permit2's allowance for both; the
 * signer and the till get ether.
 *
 * The chain may come from a state file, so only what is missing is given: a payer who has spent some money keeps the rest,
 * one who has none left gets the full amount again.
 *
 * @example await fundDevWorld({ chain: await startDevChain({}) })
 */
export async function fundDevWorld(options: { chain: { rpcUrl: string } }): Promise<void> {
  const { rpcUrl } = options.chain
  const client = devClient({ rpcUrl })
  const { payer, signer, till } = devAccounts
  for (const { address } of [payer, signer, till]) {
    const missing = (await client.getBalance({ address })) < ENOUGH_WEI
    if (missing) await fundAccount({ rpcUrl, address, ether: ETHER_WEI })
  }
  const holds = (token: Address) =>
    client.readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args: [payer.address] })
  const [usdc, usdt] = await Promise.all([holds(USDC), holds(USDT)])
  await fundAccount({
    rpcUrl,
    address: payer.address,
    usdc: usdc === 0n ? PAYER_TOKENS : 0n,
    usdt: usdt === 0n ? PAYER_TOKENS : 0n,
  })
  await approvePermit2({ rpcUrl, privateKey: payer.privateKey })
}
