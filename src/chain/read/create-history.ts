import type { Address } from '../../payment/types.ts'
import type { Block, ChainHistory } from '../../settlement/reconcile/ports.ts'
import { RpcError } from '../rpc-error.ts'
import { readCount, readHash, readObject, readQuantity, toQuantity, unusable } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { areAuthorizationsUsed, listUsedAuthorizations } from './authorizations.ts'
import { getBalance } from './get-balance.ts'
import { getFinalBlock } from './head.ts'
import type { Finality } from './head.ts'
import { listChannelEvents } from './list-channel-events.ts'
import { listTransfers } from './list-transfers.ts'
import { readChannels } from './read-channels.ts'

/** A network's past, for reconciliation. Throws RpcError where the RPC fails. */
export function createHistory(world: {
  rpc: Rpc
  tokens: readonly Address[]
  finality: Finality
}): ChainHistory {
  const { rpc, tokens, finality } = world
  return {
    getFinalBlock: () => getFinalBlock({ rpc, finality }),
    getBlock: (number) => getBlock({ rpc, number }),
    listTransfers: async ({ owners, ...range }) =>
      (await listTransfers({ rpc, tokens, addresses: owners, ...range })).map(
        ({ from, to, value, ...transfer }) => ({
          ...transfer,
          event: 'transfer',
          sender: from,
          recipient: to,
          amountAtomic: value,
        }),
      ),
    listChannelEvents: (range) => listChannelEvents({ rpc, ...range }),
    listUsedAuthorizations: (query) => listUsedAuthorizations({ rpc, ...query }),
    areUsed: (query) => areAuthorizationsUsed({ rpc, ...query }),
    getBalances: ({ of, blockNumber }) =>
      Promise.all(of.map((one) => getBalance({ rpc, ...one, blockNumber }))).catch(orUnkept),
    readChannels: (query) => readChannels({ rpc, ...query }),
    getAccount: (query) => getAccount({ rpc, ...query }),
  }
}

/** Nodes that are no archives forget the state of older blocks, and say so in many words. */
function orUnkept(error: unknown): undefined {
  const isUnkept =
    error instanceof RpcError &&
    /missing trie|state .*(?:not available|unavailable)|pruned|archive|historical/i.test(error.refusal)
  if (!isUnkept) throw error
}

async function getBlock({ rpc, number }: { rpc: Rpc; number: bigint }): Promise<Block | undefined> {
  const method = 'eth_getBlockByNumber'
  const answer = await rpc.request(method, [toQuantity(number), false])
  if (answer === null) return undefined
  const block = readObject({ value: answer, method })
  if (readQuantity({ value: block['number'], method }) !== number) throw unusable(method)
  return {
    number,
    hash: readHash({ value: block['hash'], method }),
    timestamp: readCount({ value: block['timestamp'], method }),
  }
}

async function getAccount(query: { rpc: Rpc; address: Address; blockNumber: bigint }) {
  const { rpc, address, blockNumber } = query
  const at = [address, toQuantity(blockNumber)]
  const [balance, nonce] = await Promise.all([
    rpc.request('eth_getBalance', at),
    rpc.request('eth_getTransactionCount', at),
  ])
  return {
    balanceWei: readQuantity({ value: balance, method: 'eth_getBalance' }),
    nonce: readCount({ value: nonce, method: 'eth_getTransactionCount' }),
  }
}
