import { encodeFunctionData, parseAbi } from 'viem'
import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import type { Hex } from '../../payment/types.ts'
import { type Authorization, authorizationSubject, type ChainLog } from '../../settlement/reconcile/types.ts'
import type { ReadCall } from '../multicall.ts'
import { multicall, readUint } from '../multicall.ts'
import { readAddress, readArray, readCount, readHash, readObject, readQuantity } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { type BlockRange, LOGS, readInPieces, requestLogs } from './log-range.ts'
import { addressTopic } from './transfer-logs.ts'

const abi = parseAbi([
  'function authorizationState(address authorizer, bytes32 nonce) view returns (bool)',
  'function nonceBitmap(address owner, uint256 word) view returns (uint256)',
])

/** keccak256("AuthorizationUsed(address,bytes32)"). A cancelled authorisation has another event: it moved nothing. */
export const AUTHORIZATION_USED: Hex = '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5'

const READS_PER_CALL = 200
const NONCES_PER_FILTER = 200

function stateCall({ method, token, owner, nonce }: Authorization): ReadCall {
  if (method === 'eip3009') {
    const args = [owner, nonce as Hex] as const
    return { to: token, data: encodeFunctionData({ abi, functionName: 'authorizationState', args }) }
  }
  const args = [owner, BigInt(nonce) >> 8n] as const
  return { to: PERMIT2, data: encodeFunctionData({ abi, functionName: 'nonceBitmap', args }) }
}

function isBurnt({ method, nonce }: Authorization, answer: bigint): boolean {
  return method === 'eip3009' ? answer === 1n : ((answer >> (BigInt(nonce) & 255n)) & 1n) === 1n
}

/** Whether each authorisation's nonce was burnt by the end of a block. One request per 200, which travel together. */
export async function areAuthorizationsUsed(query: {
  rpc: Rpc
  authorizations: readonly Authorization[]
  /** Absent: as things are now. */
  blockNumber?: bigint
}): Promise<readonly boolean[]> {
  const { rpc, authorizations, blockNumber } = query
  const answers = await Promise.all(
    chunked(authorizations, READS_PER_CALL).map((chunk) =>
      multicall({ rpc, calls: chunk.map(stateCall), blockNumber }),
    ),
  )
  return answers.flat().map((answer, index) => {
    const authorization = authorizations[index]
    return authorization !== undefined && isBurnt(authorization, readUint(answer))
  })
}

/** Where EIP-3009 authorisations of this list were used, in the order of the chain. */
export async function listUsedAuthorizations(
  query: BlockRange & { rpc: Rpc; authorizations: readonly Authorization[] },
): Promise<readonly ChainLog[]> {
  const { rpc, authorizations, fromBlock, toBlock } = query
  const wanted = authorizations.filter(({ method }) => method === 'eip3009')
  const known = new Set(wanted.map((one) => `${one.token} ${authorizationSubject(one)}`))
  const found: ChainLog[] = []
  for (const chunk of chunked(wanted, NONCES_PER_FILTER)) {
    const address = [...new Set(chunk.map(({ token }) => token))]
    const owners = [...new Set(chunk.map(({ owner }) => addressTopic(owner)))]
    const topics = [AUTHORIZATION_USED, owners, chunk.map(({ nonce }) => nonce)]
    const logs = await readInPieces({
      range: { fromBlock, toBlock },
      read: (piece) => requestLogs({ rpc, piece, filters: [{ address, topics }] }),
    })
    found.push(...logs.map(readUsed).filter(({ token, subject }) => known.has(`${token} ${subject}`)))
  }
  return found
}

const RECEIPT = 'eth_getTransactionReceipt'

/** Whether a transaction has used an EIP-3009 authorisation, by the token's own log. @throws RpcError */
export async function hasUsedAuthorization({
  rpc,
  transactionHash,
  authorization,
}: {
  rpc: Rpc
  transactionHash: Hex
  authorization: Authorization
}): Promise<boolean> {
  const receipt = readObject({ value: await rpc.request(RECEIPT, [transactionHash]), method: RECEIPT })
  const subject = authorizationSubject(authorization)
  return readArray({ value: receipt['logs'], method: RECEIPT })
    .filter((log) => isUseOf({ log, token: authorization.token }))
    .some((log) => readUsed(log).subject === subject)
}

function isUseOf({ log, token }: { log: unknown; token: string }): boolean {
  const { address, topics } = readObject({ value: log, method: RECEIPT })
  const [event] = readArray({ value: topics, method: RECEIPT })
  return event === AUTHORIZATION_USED && readAddress({ value: address, method: RECEIPT }) === token
}

function readUsed(value: unknown): ChainLog {
  const log = readObject({ value, method: LOGS })
  const [, owner, nonce] = readArray({ value: log['topics'], method: LOGS }).map((topic) =>
    readHash({ value: topic, method: LOGS }),
  )
  return {
    transactionHash: readHash({ value: log['transactionHash'], method: LOGS }),
    logIndex: readCount({ value: log['logIndex'], method: LOGS }),
    blockNumber: readQuantity({ value: log['blockNumber'], method: LOGS }),
    event: 'authorization_used',
    token: readAddress({ value: log['address'], method: LOGS }),
    amountAtomic: 0n,
    subject: authorizationSubject({ owner: `0x${owner?.slice(26) ?? ''}`, nonce: nonce ?? '' }),
  }
}

function chunked<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
