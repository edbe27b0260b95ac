import { maxUint256 } from 'viem'
import type { Address, Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { tokenAbi } from './abis.ts'
import { PERMIT2, USDC, USDT } from './addresses.ts'
import { devClient } from './clients.ts'
import { sendAs } from './send-as.ts'
import { mintUsdc, mintUsdt } from './token-owner.ts'

/**
 * Gives an address dev money, on top of what it has.
 *
 * @param options.usdc atomic units (6 decimals), as is `usdt`. @param options.ether wei.
 * @example await fundAccount({ rpcUrl, address, usdc: 5_000_000n, ether: 10n ** 18n })
 */
export async function fundAccount(options: {
  rpcUrl: string
  address: Address
  usdc?: bigint
  usdt?: bigint
  ether?: bigint
}): Promise<void> {
  const { rpcUrl, address, usdc = 0n, usdt = 0n, ether = 0n } = options
  if (ether > 0n) {
    const client = devClient({ rpcUrl })
    await client.setBalance({ address, value: (await client.getBalance({ address })) + ether })
  }
  if (usdc > 0n) await mintUsdc({ rpcUrl, address, amount: usdc })
  if (usdt > 0n) await mintUsdt({ rpcUrl, address, amount: usdt })
}

/**
 * Lets Permit2 move both dev tokens of a key's owner without limit; does nothing where it already may.
 *
 * The gas is given where it is missing.
 */
export async function approvePermit2(options: { rpcUrl: string; privateKey: Hex }): Promise<void> {
  const { rpcUrl, privateKey } = options
  const account = { ...privateKeyToAccount(privateKey), privateKey }
  const client = devClient({ rpcUrl })
  for (const address of [USDC, USDT]) {
    const token = { address, abi: tokenAbi }
    const args = [account.address, PERMIT2] as const
    const allowed = await client.readContract({ ...token, functionName: 'allowance', args })
    if (allowed === maxUint256) continue
    // USDT refuses to change an allowance that is not zero.
    const steps = allowed > 0n ? [0n, maxUint256] : [maxUint256]
    for (const value of steps) {
      await sendAs({ rpcUrl, account, call: { ...token, functionName: 'approve', args: [PERMIT2, value] } })
    }
  }
}
