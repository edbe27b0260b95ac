import type { Hex, Network } from '../../payment/types.ts'
import type { ChainSender } from '../../settlement/ports.ts'
import { blockTag, readCount } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { broadcast } from './broadcast.ts'
import type { FeeCaps } from './fees.ts'
import { prepare } from './prepare.ts'
import { reprice } from './reprice.ts'
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
  const sign = createSign({ network, keys: [keys.signer, keys.till] })
  return {
    network,
    lanes,
    prepare: ({ lane, call }) => prepare({ rpc, lane, call, caps }),
    sign,
    reprice: ({ lane, raw }) => reprice({ rpc, lane, raw, caps, sign }),
    broadcast: (raw) => broadcast({ rpc, raw }),
    getNonce: async (lane, at) => {
      const method = 'eth_getTransactionCount'
      const block = at === 'pending' ? at : blockTag(at)
      return readCount({ value: await rpc.request(method, [lane.address, block]), method })
    },
  }
}
