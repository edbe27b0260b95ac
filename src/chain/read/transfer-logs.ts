import type { Hex } from 'viem'
import type { Address } from '../../payment/types.ts'
import type { TokenTransfer } from '../../settlement/ports.ts'
import { readAddress, readArray, readCount, readHash, readHex, readObject } from '../rpc.ts'

/** keccak256("Transfer(address,address,uint256)"). */
export const TRANSFER_TOPIC: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** An address as an indexed field of a log. */
export const addressTopic = (address: Address): Hex => `0x${address.slice(2).padStart(64, '0')}`

/**
 * Reads an ERC-20 Transfer out of a log.
 *
 * @returns undefined for every other log: another event, another token than ours, or one that a reorg has removed.
 * @throws RpcError where it is no log at all.
 */
export function readTransfer(query: {
  log: unknown
  tokens: ReadonlySet<Address>
  method: string
}): TokenTransfer | undefined {
  const { tokens, method } = query
  const log = readObject({ value: query.log, method })
  const token = readAddress({ value: log['address'], method })
  const topics = readArray({ value: log['topics'], method })
  const [event, from, to] = topics.map((value) => readHash({ value, method }))
  const isOurs = tokens.has(token) && event === TRANSFER_TOPIC && topics.length === 3
  if (!isOurs || from === undefined || to === undefined || log['removed'] === true) return undefined
  const data = readHash({ value: log['data'], method })
  return {
    token,
    from: addressOf(from),
    to: addressOf(to),
    value: BigInt(data),
    logIndex: readCount({ value: log['logIndex'], method }),
  }
}

const addressOf = (topic: Hex): Address => readHex({ value: `0x${topic.slice(26)}`, method: 'topic' })
