import { keccak256 } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { Hex, Network } from '../../payment/types.ts'
import type { Prepared, SignedTransaction } from '../../settlement/ports.ts'
import type { Lane } from '../../settlement/types.ts'

type Key = ReturnType<typeof privateKeyToAccount>

/**
 * Makes the signer of one network's lanes. Local: nothing is asked, nothing is remembered, and the nonce is the
 * caller's.
 *
 * @throws Error where a lane is not of this network or its key is not here.
 */
export function createSign({ network, keys }: { network: Network; keys: readonly Hex[] }) {
  const accounts = new Map<string, Key>(
    keys.map((key) => {
      const account = privateKeyToAccount(key)
      return [account.address.toLowerCase(), account]
    }),
  )
  return async (request: {
    lane: Lane
    nonce: number
    prepared: Omit<Extract<Prepared, { ok: true }>, 'ok' | 'usualFeePerGasWei'>
  }): Promise<SignedTransaction> => {
    const { lane, nonce, prepared } = request
    const account = accounts.get(lane.address)
    if (lane.network !== network || account === undefined) {
      throw new Error(`There is no key for the lane ${lane.role} on ${lane.network}.`)
    }
    const raw = await account.signTransaction({
      type: 'eip1559',
      chainId: chainIdOf(network),
      nonce,
      to: prepared.call.to,
      data: prepared.call.data,
      value: prepared.call.valueWei ?? 0n,
      gas: prepared.gasLimit,
      maxFeePerGas: prepared.maxFeePerGasWei,
      maxPriorityFeePerGas: prepared.maxPriorityFeePerGasWei,
    })
    return { raw, hash: keccak256(raw) }
  }
}
