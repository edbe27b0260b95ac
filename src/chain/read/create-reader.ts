import type { Address, Network } from '../../payment/types.ts'
import type { ChainReader } from '../../settlement/ports.ts'
import type { Rpc } from '../rpc.ts'
import { findChannelMoves } from './find-channel-moves.ts'
import { findPayments, findSettles } from './find-payments.ts'
import { getBalance } from './get-balance.ts'
import { getReceipt } from './get-receipt.ts'
import { getFinalBlock, getHead } from './head.ts'
import type { Finality } from './head.ts'
import { listTransfers } from './list-transfers.ts'
import { readChannels } from './read-channels.ts'

/** The reading half of a network. Throws RpcError where the RPC fails. */
export function createReader(world: {
  rpc: Rpc
  network: Network
  tokens: readonly Address[]
  /** Where `exact` payments go. */
  till: Address
  /** Where everything else goes in the end. */
  payTo: Address
  finality: Finality
}): ChainReader {
  const { rpc, network, tokens, till, payTo, finality } = world
  const known = new Set(tokens)
  return {
    network,
    getReceipt: (hash) => getReceipt({ rpc, hash, tokens: known }),
    getHead: () => getHead({ rpc }),
    getFinalBlock: () => getFinalBlock({ rpc, finality }),
    readChannels: (channelIds, blockNumber) => readChannels({ rpc, channelIds, blockNumber }),
    findPayments: (query) => findPayments({ rpc, till, ...query }),
    findSettles: (query) => findSettles({ rpc, receiver: payTo, ...query }),
    findChannelMoves: (query) => findChannelMoves({ rpc, ...query }),
    getBalance: (query) => getBalance({ rpc, ...query }),
    listTransfers: (query) => listTransfers({ rpc, tokens, ...query }),
  }
}
