import { randomBytes } from 'node:crypto'
import { channelIdOf, voucherDigest } from '../../src/payment/signing/channel-digest.ts'
import { UPTO_PROXY } from '../../src/payment/tokens/contracts.ts'
import {
  type Authorization,
  transferAuthorizationDigest,
  uptoPermitDigest,
} from '../../src/payment/signing/digest.ts'
import { signDigest } from '../../src/payment/signing/signature.ts'
import type { Asset, ChannelConfig, Hex, Scheme } from '../../src/payment/types.ts'
import { post } from './chat.ts'
import { NETWORK, type Payer, type Stack } from './start-stack.ts'
import { decodeBase64, type StockPayer, type WirePayment } from './stock-payer.ts'

/** Payments made step by step, for tests that send them more than once, late, or with a field changed. */

export const encodeBase64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')

export const randomHex = (bytes: number): Hex => `0x${randomBytes(bytes).toString('hex')}`

/** Whoever has a key. */
type Signer = Pick<Payer, 'address' | 'privateKey'>

/** Where a server is asked; tests with real processes have no stack in their own. */
type Place = Pick<Stack, 'chatUrl'>

type Required = {
  accepts: WirePayment['accepted'][]
  error?: string
  resource: unknown
  extensions?: unknown
}

/** The 402 of a body: what the server asks for it. */
export async function askPrice({ stack, body }: { stack: Place; body: string }): Promise<Required> {
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
  stack: Place
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
  signal,
  url = stack.chatUrl,
}: {
  stack: Place
  body: string
  payment: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  url?: string
}): Promise<Response> =>
  fetch(url, {
    ...post(body, { 'payment-signature': encodeBase64(payment), ...headers }),
    ...(signal ? { signal } : {}),
  })

/** The offer of a scheme and token for a body. */
export async function offerFor({
  stack,
  body,
  scheme,
  asset = stack.usdc.address,
}: {
  stack: Pick<Stack, 'chatUrl' | 'usdc'>
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
  payer: Signer
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
  payer: Signer
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

const nowSeconds = () => Math.floor(Date.now() / 1_000)
const lowerCase = (address: string) => address.toLowerCase() as Hex

/**
 * An `exact` payment by EIP-3009, signed by hand.
 *
 * @param asset whose domain is signed; @param authorization fields that shall differ, in what is signed and in what is sent.
 */
export function exactPayment({
  offer,
  payer,
  asset,
  authorization: over = {},
}: {
  offer: WirePayment['accepted']
  payer: Signer
  asset: Asset
  authorization?: Partial<Authorization>
}): WirePayment {
  const authorization: Authorization = {
    from: payer.address,
    to: lowerCase(offer.payTo),
    valueAtomic: BigInt(offer.amount),
    validAfter: nowSeconds() - 600,
    validBefore: nowSeconds() + offer.maxTimeoutSeconds,
    nonce: randomHex(32),
    ...over,
  }
  const digest = transferAuthorizationDigest({ asset, authorization })
  const { valueAtomic, validAfter, validBefore, ...rest } = authorization
  return {
    x402Version: 2,
    accepted: offer,
    payload: {
      signature: signDigest({ digest, privateKey: payer.privateKey }),
      authorization: {
        ...rest,
        value: valueAtomic.toString(),
        validAfter: validAfter.toString(),
        validBefore: validBefore.toString(),
      },
    },
  }
}

/** An `upto` payment by Permit2, signed by hand. @param deadline seconds since 1970. */
export function uptoPayment({
  offer,
  payer,
  deadline = nowSeconds() + offer.maxTimeoutSeconds,
  to = lowerCase(offer.payTo),
  token = lowerCase(offer.asset),
}: {
  offer: WirePayment['accepted']
  payer: Signer
  deadline?: number
  to?: Hex
  token?: Hex
}): WirePayment {
  const facilitator = lowerCase(String(offer.extra['facilitatorAddress']))
  const nonce = BigInt(randomHex(32))
  const validAfter = nowSeconds() - 600
  const amountAtomic = BigInt(offer.amount)
  const permit = { network: NETWORK, token, amountAtomic, nonce, deadline }
  const digest = uptoPermitDigest({ permit, to, facilitator, validAfter })
  return {
    x402Version: 2,
    accepted: offer,
    payload: {
      signature: signDigest({ digest, privateKey: payer.privateKey }),
      permit2Authorization: {
        from: payer.address,
        permitted: { token, amount: offer.amount },
        spender: UPTO_PROXY,
        nonce: nonce.toString(),
        deadline: deadline.toString(),
        witness: { to, facilitator, validAfter: validAfter.toString() },
      },
    },
  }
}

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** The other signature of the same digest by the same key: s in the upper half, v turned over. */
export function highS(signature: string): Hex {
  const s = CURVE_ORDER - BigInt(`0x${signature.slice(66, 130)}`)
  const v = signature.slice(130) === '1b' ? '1c' : '1b'
  return `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${v}` as Hex
}
