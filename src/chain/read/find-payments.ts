import { BATCH_SETTLEMENT } from '../../payment/contracts.ts'
import type { Address } from '../../payment/types.ts'
import type { ForeignPayment, Funding } from '../../settlement/types.ts'
import { readArray, readCount, readHash, readObject, readQuantity, toQuantity } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { DEPOSITED_TOPIC, readDeposited } from './channel-logs.ts'
import { getHead } from './head.ts'
import { addressTopic, readTransfer, TRANSFER_TOPIC } from './transfer-logs.ts'

const METHOD = 'eth_getLogs'
/** Most providers answer this many blocks at once. */
const BLOCKS_PER_REQUEST = 2_000n
/** Two hours of a chain with a block a second: what is older was looked for before. */
const BLOCKS_AT_MOST = 8_000n

/**
 * Looks for payments of exactly a funding's amount from its payer to where it belongs: deposits into its channel, or transfers to
 * the till. Newest first. One request for the head and one per 2,000 blocks, all filtered by the node.
 *
 * @param query.from the oldest moment that matters, in seconds since 1970.
 * @throws RpcError
 */
export async function findPayments(query: {
  rpc: Rpc
  funding: Funding
  till: Address
  from: number
  blocksPerRequest?: bigint
}): Promise<readonly ForeignPayment[]> {
  const { rpc, funding, till, from, blocksPerRequest = BLOCKS_PER_REQUEST } = query
  const head = await getHead({ rpc })
  // No chain that we know makes more than a block a second for long.
  const age = BigInt(Math.max(0, head.timestamp - from)) + 1n
  const blocks = age < BLOCKS_AT_MOST ? age : BLOCKS_AT_MOST
  const oldest = head.number > blocks ? head.number - blocks : 0n
  const found: ForeignPayment[] = []
  for (let to = head.number; to >= oldest; to -= blocksPerRequest) {
    const start = to - blocksPerRequest + 1n
    const fromBlock = start > oldest ? start : oldest
    found.push(...(await readRange({ rpc, funding, till, fromBlock, toBlock: to })))
    if (fromBlock === 0n) break
  }
  return found.toSorted((a, b) => Number(b.blockNumber - a.blockNumber) || b.logIndex - a.logIndex)
}

async function readRange(query: {
  rpc: Rpc
  funding: Funding
  till: Address
  fromBlock: bigint
  toBlock: bigint
}): Promise<readonly ForeignPayment[]> {
  const { rpc, funding, till, fromBlock, toBlock } = query
  const { channel, asset, payer, amountAtomic } = funding
  const range = { fromBlock: toQuantity(fromBlock), toBlock: toQuantity(toBlock) }
  const filter = channel
    ? { ...range, address: BATCH_SETTLEMENT, topics: [DEPOSITED_TOPIC, channel.id] }
    : { ...range, address: asset, topics: [TRANSFER_TOPIC, addressTopic(payer), addressTopic(till)] }
  const logs = readArray({ value: await rpc.request(METHOD, [filter]), method: METHOD })
  const tokens = new Set([asset])
  return logs
    .filter((log) => {
      const amount = channel
        ? readDeposited({ log, method: METHOD })
        : readTransfer({ log, tokens, method: METHOD })?.value
      return amount === amountAtomic
    })
    .map(placeOf)
}

function placeOf(value: unknown): ForeignPayment {
  const log = readObject({ value, method: METHOD })
  return {
    transactionHash: readHash({ value: log['transactionHash'], method: METHOD }),
    logIndex: readCount({ value: log['logIndex'], method: METHOD }),
    blockNumber: readQuantity({ value: log['blockNumber'], method: METHOD }),
  }
}
