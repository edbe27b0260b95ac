import { decodeEventLog, encodeEventTopics, parseAbi } from 'viem'
import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Address, Hex } from '../../payment/types.ts'
import type { ChannelEvent } from '../../settlement/reconcile/ports.ts'
import type { LogEvent } from '../../settlement/reconcile/types.ts'
import { decode } from '../multicall.ts'
import {
  readAddress,
  readArray,
  readCount,
  readHash,
  readHex,
  readObject,
  readQuantity,
  unusable,
} from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { type BlockRange, LOGS, readInPieces, requestLogs } from './log-range.ts'

const abi = parseAbi([
  'struct ChannelConfig { address payer; address payerAuthorizer; address receiver; address receiverAuthorizer; address token; uint40 withdrawDelay; bytes32 salt; }',
  'event ChannelCreated(bytes32 indexed channelId, ChannelConfig config)',
  'event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance)',
  'event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed)',
  'event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount)',
  'event WithdrawFinalized(bytes32 indexed channelId, address indexed sender, uint128 amount)',
])

const NAMES = ['ChannelCreated', 'Deposited', 'Claimed', 'Refunded', 'WithdrawFinalized'] as const
const TOPICS = NAMES.flatMap((eventName) => encodeEventTopics({ abi, eventName }).slice(0, 1) as Hex[])

/** Every event of the channel contract that moves money or opens a channel, other operators' as well, in the order of the chain. */
export function listChannelEvents({
  rpc,
  ...range
}: BlockRange & { rpc: Rpc }): Promise<readonly ChannelEvent[]> {
  const filters = [{ address: BATCH_SETTLEMENT, topics: [TOPICS] }]
  return readInPieces({
    range,
    read: async (piece) => (await requestLogs({ rpc, piece, filters })).map(readEvent),
  })
}

function readEvent(value: unknown): ChannelEvent {
  const log = readObject({ value, method: LOGS })
  if (readAddress({ value: log['address'], method: LOGS }) !== BATCH_SETTLEMENT) throw unusable(LOGS)
  const topics = readArray({ value: log['topics'], method: LOGS }).map((topic) =>
    readHash({ value: topic, method: LOGS }),
  )
  const data = readHex({ value: log['data'], method: LOGS })
  const { eventName, args } = decode(() => decodeEventLog({ abi, data, topics: topics as [Hex, ...Hex[]] }))
  return {
    transactionHash: readHash({ value: log['transactionHash'], method: LOGS }),
    logIndex: readCount({ value: log['logIndex'], method: LOGS }),
    blockNumber: readQuantity({ value: log['blockNumber'], method: LOGS }),
    channelId: args.channelId,
    ...partOf({ eventName, args } as Decoded),
  }
}

type Decoded = ReturnType<typeof decodeEventLog<typeof abi, undefined>>
type Part = Pick<ChannelEvent, 'event' | 'amountAtomic' | 'opened'>

function partOf({ eventName, args }: Decoded): Part {
  const moved = (event: LogEvent, amountAtomic: bigint): Part => ({ event, amountAtomic })
  switch (eventName) {
    case 'ChannelCreated': {
      const { receiver, token } = args.config
      return { ...moved('deposited', 0n), opened: { receiver: lower(receiver), token: lower(token) } }
    }
    case 'Deposited':
      return moved('deposited', args.amount)
    case 'Claimed':
      return moved('claimed', args.claimAmount)
    case 'Refunded':
      return moved('refunded', args.amount)
    case 'WithdrawFinalized':
      return moved('withdrawn', args.amount)
  }
}

const lower = (address: string) => address.toLowerCase() as Address
