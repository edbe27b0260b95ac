import { RpcError } from '../rpc-error.ts'
import { readArray, readQuantity, toQuantity, unusable } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'

/** Both ends included. */
export type BlockRange = { readonly fromBlock: bigint; readonly toBlock: bigint }

/** Most providers answer this many blocks; where one does not, the range is halved. */
const BLOCKS_PER_REQUEST = 2_000n
export const LOGS = 'eth_getLogs'

/** Reads a long range in pieces that providers take, in the order of the chain. */
export async function readInPieces<Item>(query: {
  range: BlockRange
  blocksPerRequest?: bigint
  read: (piece: BlockRange) => Promise<readonly Item[]>
}): Promise<readonly Item[]> {
  const { range, read, blocksPerRequest = BLOCKS_PER_REQUEST } = query
  const found: Item[] = []
  for (let start = range.fromBlock; start <= range.toBlock; start += blocksPerRequest) {
    const end = start + blocksPerRequest - 1n
    const piece = { fromBlock: start, toBlock: end < range.toBlock ? end : range.toBlock }
    found.push(...(await readHalved({ piece, read })))
  }
  return found
}

async function readHalved<Item>(query: {
  piece: BlockRange
  read: (piece: BlockRange) => Promise<readonly Item[]>
}): Promise<readonly Item[]> {
  const { piece, read } = query
  try {
    return await read(piece)
  } catch (error) {
    const { fromBlock, toBlock } = piece
    if (!isTooMuch(error) || fromBlock === toBlock) throw error
    const middle = (fromBlock + toBlock) / 2n
    const older = await readHalved({ piece: { fromBlock, toBlock: middle }, read })
    return [...older, ...(await readHalved({ piece: { fromBlock: middle + 1n, toBlock }, read }))]
  }
}

/** A provider's limit on blocks or results, in their many words. */
const isTooMuch = (error: unknown) =>
  error instanceof RpcError && /range|limit|too (?:many|large)|more than|exceed/i.test(error.refusal)

type LogFilter = {
  readonly address: string | readonly string[]
  readonly topics: readonly (string | null | readonly string[])[]
}

/**
 * The logs of one piece that fit any of the filters. The requests travel together.
 *
 * @throws RpcError, also where the RPC does not have the last block yet: it would answer an empty list, not an error.
 */
export async function requestLogs(query: {
  rpc: Rpc
  piece: BlockRange
  filters: readonly LogFilter[]
}): Promise<readonly unknown[]> {
  const { rpc, piece, filters } = query
  const range = { fromBlock: toQuantity(piece.fromBlock), toBlock: toQuantity(piece.toBlock) }
  const [head, ...answers] = await Promise.all([
    rpc.request('eth_blockNumber', []),
    ...filters.map((filter) => rpc.request(LOGS, [{ ...filter, ...range }])),
  ])
  if (readQuantity({ value: head, method: 'eth_blockNumber' }) < piece.toBlock) throw unusable(LOGS)
  return answers.flatMap((value) => readArray({ value, method: LOGS }))
}
