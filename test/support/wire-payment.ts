import { randomBytes } from 'node:crypto'
import { channelIdOf, voucherDigest } from '../../src/payment/channel-digest.ts'
import { signDigest } from '../../src/payment/signature.ts'
import type { ChannelConfig, Hex, Scheme } from '../../src/payment/types.ts'
import { post } from './chat.ts'
import { NETWORK, type Payer, type Stack } from './start-stack.ts'
import { decodeBase64, type StockPayer, type WirePayment } from './stock-payer.ts'

/** Payments made step by step, for tests that send them more than once, late, or with a field changed. */

export const encodeBase64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')

export const randomHex = (bytes: number): Hex => `0x${randomBytes(bytes).toString('hex')}`

type Required = {
  accepts: WirePayment['accepted'][]
  error?: string
  resource: unknown
  extensions?: unknown
}

/** The 402 of a body: what the server asks for it. */
export async function askPrice({ stack, body }: { stack: Stack; body: string }): Promise<Required> {
  const response = await fetch(stack.chatUrl, post(body))
  await response.arrayBuffer()
  if (response.status !== 402) throw new Error(`The server asks no price but answers ${response.status}.`)
  return decodeBase64(response.headers.get('payment-required') ?? '') as Required
}

/** Lets the stock client sign for a body, and does not send it. */
export async function signFor({
  stack,
  client,
  body,
}: {
  stack: Stack
  client: StockPayer['client']
  body: string
}): Promise<WirePayment> {
  const required = await askPrice({ stack, body })
  const payment = await client.createPaymentPayload(required as never)
  return JSON.parse(JSON.stringify(payment)) as WirePayment
}

/** Sends a body with a payment, as the client would, as often as asked. */
export const sendPaid = ({
  stack,
  body,
  payment,
  headers = {},
}: {
  stack: Stack
  body: string
  payment: unknown
  headers?: Record<string, string>
}): Promise<Response> =>
  fetch(stack.chatUrl, post(body, { 'payment-signature': encodeBase64(payment), ...headers }))

/** The offer of a scheme and token for a body. */
export async function offerFor({
  stack,
  body,
  scheme,
  asset = stack.usdc.address,
}: {
  stack: Stack
  body: string
  scheme: Scheme
  asset?: string
}): Promise<WirePayment['accepted']> {
  const { accepts } = await askPrice({ stack, body })
  const offer = accepts.find((one) => one.scheme === scheme && one.asset.toLowerCase() === asset)
  if (!offer) throw new Error(`There is no offer of ${scheme} in ${asset}.`)
  return offer
}

/** The channel of a payer that stock clients open, with the salt they take when none is given. */
export function channelOf({
  offer,
  payer,
  salt = `0x${'00'.repeat(32)}`,
}: {
  offer: WirePayment['accepted']
  payer: Payer
  salt?: Hex
}): { config: ChannelConfig; channelId: Hex } {
  const lower = (address: unknown) => String(address).toLowerCase() as Hex
  const config: ChannelConfig = {
    payer: payer.address,
    payerAuthorizer: payer.address,
    receiver: lower(offer.payTo),
    receiverAuthorizer: lower(offer.extra['receiverAuthorizer']),
    token: lower(offer.asset),
    withdrawDelay: Number(offer.extra['withdrawDelay']),
    salt,
  }
  return { config, channelId: channelIdOf({ config, network: NETWORK }) }
}

/** A voucher payment signed by hand: a client that numbers its ceilings itself. */
export function voucherPayment({
  offer,
  payer,
  maxAtomic,
}: {
  offer: WirePayment['accepted']
  payer: Payer
  maxAtomic: bigint
}): WirePayment {
  const { config, channelId } = channelOf({ offer, payer })
  const digest = voucherDigest({ channelId, maxAtomic, network: NETWORK })
  const signature = signDigest({ digest, privateKey: payer.privateKey })
  const voucher = { channelId, maxClaimableAmount: maxAtomic.toString(), signature }
  return {
    x402Version: 2,
    accepted: offer,
    payload: { type: 'voucher', channelConfig: config, voucher },
  }
}
