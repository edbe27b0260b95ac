import type { Atomic } from '../lib/money.ts'
import type { ChannelState, Hex } from './types.ts'

/** A channel as x402's `extra.channelState` spells it. Amounts are strings: a number makes stock clients throw. */
export type WireChannelState = {
  readonly channelId: Hex
  readonly balance: string
  readonly totalClaimed: string
  /** Seconds since 1970, a JSON number as in x402's own servers. */
  readonly withdrawRequestedAt: number
  readonly refundNonce: string
  readonly chargedCumulativeAmount: string
}

/** @param chargedCumulativeAtomic what the client shall go on from: charged in a receipt, with holds in a corrective. */
export function wireChannelState({
  channelId,
  state,
  chargedCumulativeAtomic,
}: {
  channelId: Hex
  state: ChannelState
  chargedCumulativeAtomic: Atomic
}): WireChannelState {
  return {
    channelId,
    balance: state.balanceAtomic.toString(),
    totalClaimed: state.claimedAtomic.toString(),
    withdrawRequestedAt: state.withdrawRequestedAt,
    refundNonce: state.refundNonce.toString(),
    chargedCumulativeAmount: chargedCumulativeAtomic.toString(),
  }
}
