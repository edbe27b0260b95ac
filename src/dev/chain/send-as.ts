import { BaseError, encodeFunctionData, TransactionReceiptNotFoundError } from 'viem'
import type { Abi, Address, Hex, TransactionReceipt } from 'viem'
import { devAccounts } from '../accounts.ts'
import type { DevAccount } from '../accounts.ts'
import { devClient } from './clients.ts'
import type { DevClient } from './clients.ts'

/** A dev account that acts pays its gas from ether that nobody had to earn. */
const GAS_MONEY_WEI = 10n ** 18n

export type ContractCall = { address: Address; abi: Abi; functionName: string; args: readonly unknown[] }

/**
 * Sends one call as a dev account and waits until it is mined, also on a chain that mines by the clock.
 *
 * @throws Error where the call reverts, before or after it is sent, naming the function.
 */
export async function sendAs(options: {
  rpcUrl: string
  account: DevAccount
  call: ContractCall
}): Promise<TransactionReceipt> {
  const { rpcUrl, account, call } = options
  const client = devClient({ rpcUrl, account })
  if ((await client.getBalance({ address: account.address })) < GAS_MONEY_WEI / 10n) {
    await client.setBalance({ address: account.address, value: GAS_MONEY_WEI })
  }
  const hash = await client.sendTransaction({ account, to: call.address, data: encodeFunctionData(call) })
  const receipt = await minedReceipt({ client, hash })
  if (receipt.status !== 'success') throw new Error(`${call.functionName} at ${call.address} was reverted`)
  return receipt
}

/** Does the same as the owner of both dev tokens. */
export const sendAsTokenOwner = (options: { rpcUrl: string; call: ContractCall }) =>
  sendAs({ ...options, account: devAccounts.tokenOwner })

/** The receipt; where the next block is seconds away, it is asked for now. */
async function minedReceipt(options: { client: DevClient; hash: Hex }): Promise<TransactionReceipt> {
  const { client, hash } = options
  try {
    return await client.getTransactionReceipt({ hash })
  } catch (error) {
    if (!(error instanceof BaseError && error instanceof TransactionReceiptNotFoundError)) throw error
    await client.mine({ blocks: 1 })
    return client.waitForTransactionReceipt({ hash })
  }
}
