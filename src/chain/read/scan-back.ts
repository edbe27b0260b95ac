import type { ForeignPayment } from '../../settlement/types.ts'
import { readArray, readCount, readHash, readObject, readQuantity, toQuantity } from '../rpc.ts'
import type { Asker } from '../rpc.ts'
import { getHead } from './head.ts'

const METHOD = 'eth_getLogs'
/** Most providers answer this many blocks at once. */
const BLOCKS_PER_REQUEST = 2_000n
/** Two hours of a chain with a block a second: what is older was looked for before. */
const BLOCKS_AT_MOST = 8_000n

/**
 * Logs that a filter selects, from the newest block back. One request for the head and one per 2,000 blocks, all filtered by the
 * node.
 *
 * @param query.from the oldest moment that matters, in seconds since 1970: no chain that we know makes more than a block a second
 * for long.
 * @throws RpcError
 */
export async function scanBack(query: {
  rpc: Asker
  filter: { readonly address: string; readonly topics: readonly (string | readonly string[] | null)[] }
  from: number
  blocksPerRequest?: bigint | undefined
}): Promise<readonly unknown[]> {
  const { rpc, filter, from, blocksPerRequest = BLOCKS_PER_REQUEST } = query
  const head = await getHead({ rpc })
  const age = BigInt(Math.max(0, head.timestamp - from)) + 1n
  const blocks = age < BLOCKS_AT_MOST ? age : BLOCKS_AT_MOST
  const oldest = head.number > blocks ? head.number - blocks : 0n
  const logs: unknown[] = []
  for (let to = head.number; to >= oldest; to -= blocksPerRequest) {
    const start = to - blocksPerRequest + 1n
    const fromBlock = start > oldest ? start : oldest
    const range = { fromBlock: toQuantity(fromBlock), toBlock: toQuantity(to) }
    logs.push(...readArray({ value: await rpc.request(METHOD, [{ ...filter, ...range }]), method: METHOD }))
    if (fromBlock === 0n) break
  }
  return logs
}

/** Where a log is. */
export function placeOf(value: unknown): ForeignPayment {
  const log = readObject({ value, method: METHOD })
  return {
    transactionHash: readHash({ value: log['transactionHash'], method: METHOD }),
    logIndex: readCount({ value: log['logIndex'], method: METHOD }),
    blockNumber: readQuantity({ value: log['blockNumber'], method: METHOD }),
  }
}
