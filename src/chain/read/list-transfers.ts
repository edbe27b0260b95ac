import type { Address, Hex } from '../../payment/types.ts'
import type { TokenTransfer } from '../../settlement/ports.ts'
import { RpcError } from '../rpc-error.ts'
import { readArray, readHash, readObject, readQuantity, toQuantity, unusable } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { addressTopic, readTransfer, TRANSFER_TOPIC } from './transfer-logs.ts'

export type MinedTransfer = TokenTransfer & { blockNumber: bigint; transactionHash: Hex }

type Query = {
  rpc: Rpc
  tokens: readonly Address[]
  addresses: readonly Address[]
  fromBlock: bigint
  toBlock: bigint
  blocksPerRequest?: bigint
}

/** Most providers answer this many blocks; where one does not, the range is halved. */
const BLOCKS_PER_REQUEST = 2_000n
const LOGS = 'eth_getLogs'

/**
 * Transfers of our tokens to or from our addresses, both ends of the range included, in the order of the chain.
 * Per 2,000 blocks three requests, which travel together.
 *
 * @throws RpcError, also where the RPC does not have `toBlock` yet: it would answer an empty list, not an error.
 */
export async function listTransfers(query: Query): Promise<readonly MinedTransfer[]> {
  const { addresses, tokens, toBlock, blocksPerRequest = BLOCKS_PER_REQUEST } = query
  const found = new Map<string, MinedTransfer>()
  if (addresses.length === 0 || tokens.length === 0) return []
  for (let start = query.fromBlock; start <= toBlock; start += blocksPerRequest) {
    const end = start + blocksPerRequest - 1n
    const chunk = { ...query, fromBlock: start, toBlock: end < toBlock ? end : toBlock }
    for (const transfer of await readRange(chunk)) {
      // A transfer between two of our addresses answers both questions.
      found.set(`${transfer.blockNumber} ${transfer.logIndex}`, transfer)
    }
  }
  return [...found.values()].sort(inChainOrder)
}

function inChainOrder(a: MinedTransfer, b: MinedTransfer): number {
  return a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : Number(a.blockNumber - b.blockNumber)
}

async function readRange(query: Query): Promise<readonly MinedTransfer[]> {
  try {
    return await readLogs(query)
  } catch (error) {
    const { fromBlock, toBlock } = query
    if (!isTooMuch(error) || fromBlock === toBlock) throw error
    const middle = (fromBlock + toBlock) / 2n
    const older = await readRange({ ...query, toBlock: middle })
    return [...older, ...(await readRange({ ...query, fromBlock: middle + 1n }))]
  }
}

/** A provider's limit on blocks or results, in their many words. */
const isTooMuch = (error: unknown) =>
  error instanceof RpcError && /range|limit|too (?:many|large)|more than|exceed/i.test(error.refusal)

async function readLogs(query: Query): Promise<readonly MinedTransfer[]> {
  const { rpc, addresses, fromBlock, toBlock } = query
  const ours = addresses.map(addressTopic)
  const filter = { address: query.tokens, fromBlock: toQuantity(fromBlock), toBlock: toQuantity(toBlock) }
  const [head, sent, received] = await Promise.all([
    rpc.request('eth_blockNumber', []),
    rpc.request(LOGS, [{ ...filter, topics: [TRANSFER_TOPIC, ours] }]),
    rpc.request(LOGS, [{ ...filter, topics: [TRANSFER_TOPIC, null, ours] }]),
  ])
  if (readQuantity({ value: head, method: 'eth_blockNumber' }) < toBlock) throw unusable(LOGS)
  const tokens = new Set(query.tokens)
  return [sent, received].flatMap((value) =>
    readArray({ value, method: LOGS }).flatMap((log) => readMined({ log, tokens }) ?? []),
  )
}

function readMined(query: { log: unknown; tokens: ReadonlySet<Address> }): MinedTransfer | undefined {
  const transfer = readTransfer({ ...query, method: LOGS })
  if (transfer === undefined) return undefined
  const log = readObject({ value: query.log, method: LOGS })
  return {
    ...transfer,
    blockNumber: readQuantity({ value: log['blockNumber'], method: LOGS }),
    transactionHash: readHash({ value: log['transactionHash'], method: LOGS }),
  }
}
