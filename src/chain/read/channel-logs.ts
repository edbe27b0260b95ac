import { decodeEventLog, toEventSelector } from 'viem'
import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Hex } from '../../payment/types.ts'
import type { Receipt } from '../../settlement/ports.ts'
import { batchSettlementAbi as abi } from '../abi.ts'
import { decode } from '../multicall.ts'
import { readAddress, readArray, readHash, readHex, readObject } from '../rpc.ts'

export const DEPOSITED_TOPIC = toEventSelector(
  'event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance)',
)
export const SETTLED_TOPIC = toEventSelector(
  'event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount)',
)
export const CLAIMED_TOPIC = toEventSelector(
  'event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed)',
)

export const REFUNDED_TOPIC = toEventSelector(
  'event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount)',
)

type Log = { readonly topics: readonly Hex[]; readonly data: Hex }

/** An event of the channel contract; undefined for any other log, and for one that a reorg has removed. */
function readChannelLog(query: { log: unknown; topic: Hex; method: string }): Log | undefined {
  const { topic, method } = query
  const log = readObject({ value: query.log, method })
  if (readAddress({ value: log['address'], method }) !== BATCH_SETTLEMENT || log['removed'] === true)
    return undefined
  const topics = readArray({ value: log['topics'], method }).map((value) => readHash({ value, method }))
  return topics[0] === topic ? { topics, data: readHex({ value: log['data'], method }) } : undefined
}

/** A channel that a transaction has claimed, what that added to its total, and the total. */
export function readClaimed(query: {
  log: unknown
  method: string
}): (Receipt['claims'][number] & { readonly totalClaimedAtomic: bigint }) | undefined {
  const log = readChannelLog({ ...query, topic: CLAIMED_TOPIC })
  if (!log) return undefined
  const { args } = decode(() =>
    decodeEventLog({ abi, eventName: 'Claimed', topics: log.topics as [Hex, ...Hex[]], data: log.data }),
  )
  return {
    channelId: args.channelId.toLowerCase() as Hex,
    addedAtomic: args.claimAmount,
    totalClaimedAtomic: args.newTotalClaimed,
  }
}

/** A deposit's amount. */
export function readDeposited(query: { log: unknown; method: string }): bigint | undefined {
  const log = readChannelLog({ ...query, topic: DEPOSITED_TOPIC })
  return log && amountOf({ log, eventName: 'Deposited' })
}

/** What a settle has paid out. */
export function readSettled(query: { log: unknown; method: string }): bigint | undefined {
  const log = readChannelLog({ ...query, topic: SETTLED_TOPIC })
  return log && amountOf({ log, eventName: 'Settled' })
}

/** What a channel gave back to its payer. */
export function readRefunded(query: { log: unknown; method: string }): bigint | undefined {
  const log = readChannelLog({ ...query, topic: REFUNDED_TOPIC })
  return log && amountOf({ log, eventName: 'Refunded' })
}

type Amount = 'Deposited' | 'Settled' | 'Refunded'

function amountOf({ log, eventName }: { log: Log; eventName: Amount }): bigint {
  const topics = log.topics as [Hex, ...Hex[]]
  return decode(() => decodeEventLog({ abi, eventName, topics, data: log.data })).args.amount
}
