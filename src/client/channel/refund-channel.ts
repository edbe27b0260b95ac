import type { Atomic } from '../../lib/money.ts'
import { decodeChallenge, encodePayment, type Challenge, type ChallengeOffer } from '../wire/challenge.ts'
import { usdOfToken, type PayContext } from '../context.ts'
import { ReceiptError, RefundError } from '../wire/errors.ts'
import type { LiveChannel } from './live-channel.ts'
import { signVoucher } from './pay-channel.ts'
import { readReceipt } from '../wire/read-receipt.ts'

/** What came back from a channel. */
export type Refund = {
  readonly channelId: string
  readonly amountAtomic: Atomic
  readonly transaction: string
}

/** The server's answer as an error, with the code and the sentence that it gave. */
async function refusalOf(response: Response): Promise<RefundError> {
  const body: unknown = await response.json().catch(() => undefined)
  const { error } = (body ?? {}) as { error?: { code?: unknown; message?: unknown } }
  return new RefundError({
    status: response.status,
    code: typeof error?.code === 'string' ? error.code : undefined,
    message: typeof error?.message === 'string' ? error.message : `The server answered ${response.status}.`,
  })
}

/** The channel with this server that has something left, and the offer it belongs to. */
async function fundedChannel({
  challenge,
  url,
  context,
}: {
  challenge: Challenge
  url: string
  context: PayContext
}): Promise<{ channel: LiveChannel; offer: ChallengeOffer }> {
  const offers = challenge.offers.filter(({ scheme }) => scheme === 'batch-settlement')
  const open: { channel: LiveChannel; offer: ChallengeOffer }[] = []
  for (const offer of offers) open.push({ offer, channel: await context.channels.open({ offer, url }) })
  const [first] = open
  const funded = open.find(({ channel }) => channel.book.state().balanceAtomic > 0n) ?? first
  if (funded) return funded
  throw new RefundError({ status: 402, code: undefined, message: `${url} offers no channel.` })
}

/**
 * Asks the server to claim what was charged and to give back the rest of the channel on chain.
 *
 * @throws RefundError where it does not: 409 `channel_busy` while calls run, 402 `refund_not_possible`.
 */
export async function refundChannel({ url, context }: { url: string; context: PayContext }): Promise<Refund> {
  const asked = await context.fetch(url, { method: 'GET' })
  const challenge = decodeChallenge(asked.headers.get('payment-required'))
  if (!challenge) throw await refusalOf(asked)
  await asked.body?.cancel()
  const { channel, offer } = await fundedChannel({ challenge, url, context })
  const { channelId, config, book } = channel
  const voucher = await signVoucher({
    payment: { context },
    channel,
    maxAtomic: book.state().settledAtomic,
  })
  const payment = encodePayment({
    challenge,
    offer,
    payload: { type: 'refund', channelConfig: config, voucher },
  })
  const response = await context.fetch(url, {
    method: 'GET',
    headers: { 'payment-signature': payment },
    redirect: 'manual',
  })
  const text = response.headers.get('payment-response')
  if (!response.ok || text === null) throw await refusalOf(response)
  const receipt = readReceipt(text)
  if (receipt.channel?.channelId !== channelId) {
    throw new ReceiptError('foreign_channel', 'The receipt of the refund is for another channel.', channelId)
  }
  const amountAtomic = receipt.movedAtomic ?? 0n
  const balanceAtomic = receipt.channel.balanceAtomic ?? book.state().balanceAtomic - amountAtomic
  book.learnBalance({ balanceAtomic, exact: true })
  await context.channels.save(channel)
  const refund = { channelId, amountAtomic, transaction: receipt.transaction }
  tellRefund({ refund, url, offer, context })
  return refund
}

function tellRefund({
  refund: { channelId, amountAtomic, transaction },
  url,
  offer: { scheme, network, asset },
  context,
}: {
  refund: Refund
  url: string
  offer: ChallengeOffer
  context: PayContext
}): void {
  const amountUsd = usdOfToken({ amountAtomic, network, token: asset, context })
  context.onPaid({
    kind: 'refund',
    url,
    scheme,
    network,
    asset,
    amountAtomic,
    amountUsd,
    channelId,
    transaction,
  })
}
