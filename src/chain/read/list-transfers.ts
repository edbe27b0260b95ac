import type { Address, Hex } from '../../payment/types.ts'
import type { TokenTransfer } from '../../settlement/ports.ts'
import { readHash, readObject, readQuantity } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { type BlockRange, LOGS, readInPieces, requestLogs } from './log-range.ts'
import { addressTopic, readTransfer, TRANSFER_TOPIC } from './transfer-logs.ts'

export type MinedTransfer = TokenTransfer & { blockNumber: bigint; transactionHash: Hex }

type Query = BlockRange & {
  readonly rpc: Rpc
  readonly tokens: readonly Address[]
  readonly addresses: readonly Address[]
  readonly blocksPerRequest?: bigint
}

/**
 * Transfers of our tokens to or from our addresses, both ends of the range included, in the order of the chain.
 * Per 2,000 blocks three requests, which travel together.
 *
 * @throws RpcError, also where the RPC does not have `toBlock` yet: it would answer an empty list, not an error.
 */
export async function listTransfers(query: Query): Promise<readonly MinedTransfer[]> {
  const { addresses, tokens, fromBlock, toBlock, blocksPerRequest } = query
  if (addresses.length === 0 || tokens.length === 0) return []
  const transfers = await readInPieces({
    range: { fromBlock, toBlock },
    read: (piece) => readPiece({ ...query, ...piece }),
    ...(blocksPerRequest === undefined ? {} : { blocksPerRequest }),
  })
  // A transfer between two of our addresses answers both questions.
  const found = new Map(transfers.map((one) => [`${one.blockNumber} ${one.logIndex}`, one]))
  return [...found.values()].sort(inChainOrder)
}

function inChainOrder(a: MinedTransfer, b: MinedTransfer): number {
  return a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : Number(a.blockNumber - b.blockNumber)
}

async function readPiece(query: Query): Promise<readonly MinedTransfer[]> {
  const { rpc, addresses, tokens, fromBlock, toBlock } = query
  const ours = addresses.map(addressTopic)
  const sent = { address: tokens, topics: [TRANSFER_TOPIC, ours] }
  const received = { address: tokens, topics: [TRANSFER_TOPIC, null, ours] }
  const logs = await requestLogs({ rpc, piece: { fromBlock, toBlock }, filters: [sent, received] })
  const known = new Set(tokens)
  return logs.flatMap((log) => readMined({ log, tokens: known }) ?? [])
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
