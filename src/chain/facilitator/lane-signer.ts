import { toFacilitatorEvmSigner } from '@x402/evm'
import { createWalletClient, custom, encodeFunctionData, publicActions } from 'viem'
import type { Address, Hex } from '../../payment/types.ts'
import { RpcError } from '../rpc-error.ts'
import type { Rpc } from '../rpc.ts'
import type { GasLane } from './gas-lane.ts'

type Signer = ReturnType<typeof toFacilitatorEvmSigner>

/**
 * What the published schemes ask for: reads go over our RPCs, from the key's address, since `upto` looks who sends; writes go through
 * the lane.
 */
export function createLaneSigner({
  rpc,
  lane,
  address,
  pollMs,
  waitMs,
  onAway,
}: {
  rpc: Rpc
  lane: GasLane
  address: Address
  /** Between two looks for a receipt. */
  pollMs: number
  /** For a block to take a transaction. */
  waitMs: number
  /** The RPC gave no answer. The published schemes take that for the payment's fault, which it is not. */
  onAway: () => void
}): Signer {
  const client = createWalletClient({
    account: address,
    pollingInterval: pollMs,
    // Nothing is cached: a block number of a moment ago would hide a receipt.
    cacheTime: 0,
    transport: custom(
      { request: ({ method, params }) => ask({ rpc, method, params, onAway }) },
      { retryCount: 0 },
    ),
  }).extend(publicActions)
  const write: Signer['writeContract'] = ({ address: to, abi, functionName, args, dataSuffix }) => {
    const data = encodeFunctionData({ abi, functionName, args })
    return lane.send({ to: lower(to), data: dataSuffix ? `${data}${dataSuffix.slice(2)}` : data })
  }
  return {
    ...toFacilitatorEvmSigner(
      { ...(client as unknown as Omit<Signer, 'getAddresses'>), address },
      { confirmationTimeoutMs: waitMs },
    ),
    writeContract: write,
    sendTransaction: ({ to, data }) => lane.send({ to: lower(to), data }),
  }
}

const lower = (address: Hex) => address.toLowerCase() as Address

/** viem reads a revert out of the error of a provider; ours keeps it apart. */
async function ask({
  rpc,
  method,
  params,
  onAway,
}: {
  rpc: Rpc
  method: string
  params: unknown
  onAway: () => void
}): Promise<unknown> {
  try {
    return await rpc.request(method, Array.isArray(params) ? (params as readonly unknown[]) : [])
  } catch (error) {
    if (!(error instanceof RpcError) || !error.isRevert) {
      onAway()
      throw error
    }
    throw Object.assign(new Error('execution reverted'), { code: 3, data: error.revertData })
  }
}
