import type { Hex, Network } from '../../payment/types.ts'
import type { ChainSender } from '../../settlement/ports.ts'
import { readCount } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { broadcast } from './broadcast.ts'
import type { FeeCaps } from './fees.ts'
import { prepare } from './prepare.ts'
import { createSign } from './sign.ts'

/** The sending half of a network. Nonces come from the caller; nothing here counts them. */
export function createSender(world: {
  rpc: Rpc
  network: Network
  lanes: ChainSender['lanes']
  keys: { readonly signer: Hex; readonly till: Hex }
  caps: FeeCaps
}): ChainSender {
  const { rpc, network, lanes, keys, caps } = world
  return {
    network,
    lanes,
    prepare: ({ lane, call }) => prepare({ rpc, lane, call, caps }),
    sign: createSign({ network, keys: [keys.signer, keys.till] }),
    broadcast: (raw) => broadcast({ rpc, raw }),
    getNonce: async (lane) => {
      const method = 'eth_getTransactionCount'
      return readCount({ value: await rpc.request(method, [lane.address, 'latest']), method })
    },
  }
}
