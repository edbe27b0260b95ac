import { createHash } from 'node:crypto'
import { BASE_SEPOLIA_USDC } from '../../src/payment/tokens/assets.ts'
import { channelIdOf, depositNonce, voucherDigest } from '../../src/payment/signing/channel-digest.ts'
import { depositAuthorizationDigest } from '../../src/payment/signing/digest.ts'
import { addressOfPrivateKey, signDigest } from '../../src/payment/signing/signature.ts'
import type { Address, ChannelConfig, Hex, Network, Offer } from '../../src/payment/types.ts'

/** One channel and what its owner has signed for. Each has a key of its own for vouchers, as so many agents would. */
export type PayerChannel = {
  readonly id: Hex
  readonly salt: Hex
  readonly config: ChannelConfig
  readonly voucherKey: Hex
  readonly network: Network
  /** Sum of the ceilings of all calls so far: no call is numbered below another, so none needs a correction. */
  signedAtomic: bigint
}

const digestOf = (label: string): Hex =>
  `0x${createHash('sha256').update(`turnpike bench ${label}`).digest('hex')}`

const NETWORK = BASE_SEPOLIA_USDC.network
const DEPOSIT_SECONDS = 100

/** Makes up channels from the terms of a channel's offer; they exist once their first payment, a deposit, is served. */
export function planChannels({
  offer,
  payer,
  count,
}: {
  offer: Offer
  payer: Address
  count: number
}): readonly PayerChannel[] {
  return Array.from({ length: count }, (_, index) => {
    const voucherKey = digestOf(`voucher key ${index}`)
    const salt = digestOf(`salt ${index}`)
    const config: ChannelConfig = {
      payer,
      payerAuthorizer: addressOfPrivateKey({ privateKey: voucherKey }),
      receiver: offer.payTo.toLowerCase() as Address,
      receiverAuthorizer: String(offer.extra['receiverAuthorizer']).toLowerCase() as Address,
      token: BASE_SEPOLIA_USDC.address,
      withdrawDelay: Number(offer.extra['withdrawDelay']),
      salt,
    }
    const id = channelIdOf({ config, network: NETWORK })
    return { id, salt, config, voucherKey, network: NETWORK, signedAtomic: 0n }
  })
}

/**
 * The value of `PAYMENT-SIGNATURE` for one call on a channel, in the numbering of a client that has many calls in flight:
 * each voucher covers the ceilings of all calls before it.
 *
 * @param deposit opens the channel with this much.
 */
export function payOnChannel({
  channel,
  offer,
  deposit,
}: {
  channel: PayerChannel
  offer: Offer
  deposit?: { readonly amountAtomic: bigint; readonly payerKey: Hex; readonly nowMs: number }
}): string {
  channel.signedAtomic += BigInt(offer.amount)
  const { id: channelId, config, voucherKey, network, signedAtomic: maxAtomic } = channel
  const digest = voucherDigest({ channelId, maxAtomic, network })
  const signature = signDigest({ digest, privateKey: voucherKey })
  const payload = {
    type: deposit ? 'deposit' : 'voucher',
    channelConfig: config,
    voucher: { channelId, maxClaimableAmount: maxAtomic.toString(), signature },
    ...(deposit ? { deposit: depositOf({ channel, ...deposit }) } : {}),
  }
  return Buffer.from(JSON.stringify({ x402Version: 2, accepted: offer, payload })).toString('base64')
}

function depositOf({
  channel,
  amountAtomic,
  payerKey,
  nowMs,
}: {
  channel: PayerChannel
  amountAtomic: bigint
  payerKey: Hex
  nowMs: number
}) {
  const validAfter = Math.floor(nowMs / 1_000) - 600
  const validBefore = Math.floor(nowMs / 1_000) + DEPOSIT_SECONDS
  const nonce = depositNonce({ channelId: channel.id, salt: channel.salt })
  const authorization = {
    from: channel.config.payer,
    valueAtomic: amountAtomic,
    validAfter,
    validBefore,
    nonce,
  }
  const digest = depositAuthorizationDigest({ asset: BASE_SEPOLIA_USDC, authorization })
  return {
    amount: amountAtomic.toString(),
    authorization: {
      erc3009Authorization: {
        validAfter: String(validAfter),
        validBefore: String(validBefore),
        salt: channel.salt,
        signature: signDigest({ digest, privateKey: payerKey }),
      },
    },
  }
}
