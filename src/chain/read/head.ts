import { minBigint } from '../../lib/money.ts'
import type { Hex } from '../../payment/types.ts'
import { readCount, readHash, readObject, readQuantity } from '../rpc.ts'
import type { Asker, Rpc } from '../rpc.ts'

export type Head = { readonly number: bigint; readonly hash: Hex; readonly timestamp: number }

/** Which blocks may be called final: those with so many on top of them, or those that the chain itself calls so. */
export type Finality = { readonly kind: 'depth'; readonly blocks: number } | { readonly kind: 'finalized' }

const METHOD = 'eth_getBlockByNumber'

/** The newest block, or the newest finalized one. @throws RpcError */
export async function getHead({
  rpc,
  tag = 'latest',
}: {
  rpc: Asker
  tag?: 'latest' | 'finalized'
}): Promise<Head> {
  const block = readObject({ value: await rpc.request(METHOD, [tag, false]), method: METHOD })
  return {
    number: readQuantity({ value: block['number'], method: METHOD }),
    hash: readHash({ value: block['hash'], method: METHOD }),
    timestamp: readCount({ value: block['timestamp'], method: METHOD }),
  }
}

/** The newest block that is final by the network's rule; 0 where the chain is shorter than the depth. @throws RpcError */
export async function getFinalBlock({ rpc, finality }: { rpc: Rpc; finality: Finality }): Promise<bigint> {
  const answers = await rpc.consult((one) => readFinalBlock({ rpc: one, finality }))
  // Where several are configured one alone cannot make a block final.
  if (answers.length < Math.min(2, rpc.each.length)) return 0n
  return answers.reduce(minBigint)
}

async function readFinalBlock({ rpc, finality }: { rpc: Asker; finality: Finality }): Promise<bigint> {
  if (finality.kind === 'finalized') return (await getHead({ rpc, tag: 'finalized' })).number
  const method = 'eth_blockNumber'
  const head = readQuantity({ value: await rpc.request(method, []), method })
  const depth = BigInt(finality.blocks)
  return head > depth ? head - depth : 0n
}
