import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Hex } from '../../payment/types.ts'
import type { ChannelMoves } from '../../settlement/ports.ts'
import type { Rpc } from '../rpc.ts'
import { CLAIMED_TOPIC, readClaimed, readRefunded, REFUNDED_TOPIC } from './channel-logs.ts'
import { placeOf, scanBack } from './scan-back.ts'

const METHOD = 'eth_getLogs'

/**
 * What a channel was claimed for and what of it was refunded, by whoever submitted the signatures. One pass over the logs.
 *
 * @param query.from the oldest moment that matters, in seconds since 1970.
 * @throws RpcError
 */
export async function findChannelMoves(query: {
  rpc: Rpc
  channelId: Hex
  from: number
}): Promise<ChannelMoves> {
  const { channelId } = query
  const topics = [[CLAIMED_TOPIC, REFUNDED_TOPIC], channelId]
  const logs = await scanBack({ ...query, filter: { address: BATCH_SETTLEMENT, topics } })
  return {
    claims: logs.flatMap((log) => {
      const claim = readClaimed({ log, method: METHOD })
      return claim ? [{ ...placeOf(log), ...claim }] : []
    }),
    refunds: logs.flatMap((log) => {
      const amountAtomic = readRefunded({ log, method: METHOD })
      return amountAtomic === undefined ? [] : [{ ...placeOf(log), amountAtomic }]
    }),
  }
}
