import { maxBigint } from '../../lib/money.ts'
import { wireChannelState } from '../channel-state.ts'
import type { Address, ChannelState, Hex, Network, Offer } from '../types.ts'

/** The one `error` on which stock clients resynchronise a channel and sign again, once. */
export const CORRECTIVE_ERROR = 'invalid_batch_settlement_evm_cumulative_amount_mismatch'

/**
 * Turns the offers of a 402 into those of a corrective 402.
 *
 * The channel's own offer comes first, since stock clients read the first channel offer whatever its network. It tells
 * the sum that is charged or held, and proves it by the payer's own highest voucher; while none is known the client
 * goes by the chain's totalClaimed. The answer must not carry PAYMENT-RESPONSE, or the client would not look at this.
 *
 * @param channel its id, network and token, as checked.
 * @returns what goes into buildPaymentRequired.
 * @throws RangeError where the channel's offer is not among the offers.
 */
export function buildCorrective({
  offers,
  channel,
  state,
}: {
  offers: readonly Offer[]
  channel: { readonly channelId: Hex; readonly network: Network; readonly token: Address }
  state: ChannelState
}): { offers: Offer[]; error: typeof CORRECTIVE_ERROR } {
  const isOwn = (offer: Offer) =>
    offer.scheme === 'batch-settlement' &&
    offer.network === channel.network &&
    offer.asset.toLowerCase() === channel.token
  const own = offers.find(isOwn)
  if (!own) throw new RangeError(`No channel is offered for ${channel.token} on ${channel.network}.`)
  const { channelId } = channel
  const publishedAtomic = state.publishedAtomic ?? 0n
  // A client that goes on from here signs above what is charged or held, and above what is public.
  const chargedCumulativeAtomic = maxBigint(state.chargedAtomic + state.heldAtomic, publishedAtomic)
  const channelState = {
    ...wireChannelState({ channelId, state, chargedCumulativeAtomic }),
    charged: state.chargedAtomic.toString(),
    held: state.heldAtomic.toString(),
    published: publishedAtomic.toString(),
  }
  const voucherState = state.highest && {
    signedMaxClaimable: state.highest.maxAtomic.toString(),
    signature: state.highest.signature,
  }
  const extra = { ...own.extra, channelState, ...(voucherState ? { voucherState } : {}) }
  return {
    offers: [{ ...own, extra }, ...offers.filter((offer) => offer !== own)],
    error: CORRECTIVE_ERROR,
  }
}
