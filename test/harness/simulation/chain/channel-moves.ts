import type { Hex } from '../../../../src/payment/types.ts'
import type { ChannelMoves } from '../../../../src/settlement/ports.ts'
import type { Blocks } from './blocks.ts'
import type { Booked } from './execute.ts'

/** The logs of a channel's claims and refunds, oldest first. */
export function channelMovesOf(blocks: Blocks, channelId: Hex): ChannelMoves {
  const mined = blocks.mined().filter(({ receipt }) => receipt.status === 'success')
  return {
    claims: mined.flatMap(({ hash, receipt, blockNumber }) =>
      (receipt.claims as readonly Booked[])
        .filter((claim) => claim.channelId === channelId)
        .map((claim, logIndex) => ({ transactionHash: hash, logIndex, blockNumber, ...claim })),
    ),
    refunds: mined.flatMap(({ hash, receipt, blockNumber, operation }) => {
      if (operation.kind !== 'refund' || operation.channelId !== channelId) return []
      const amountAtomic = receipt.transfers.reduce((sum, { value }) => sum + value, 0n)
      return [{ transactionHash: hash, logIndex: 0, blockNumber, amountAtomic }]
    }),
  }
}
