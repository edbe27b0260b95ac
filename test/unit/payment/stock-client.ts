import { x402Client } from '@x402/core/client'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { UptoEvmScheme } from '@x402/evm/upto/client'
import { ExactEvmSchemeV1 } from '@x402/evm/v1'
import { privateKeyToAccount } from 'viem/accounts'
import { BASE_SEPOLIA_USDC, usdtAsset } from '../../../src/payment/tokens/assets.ts'
import { buildOffers } from '../../../src/payment/offers/offers.ts'
import { buildPaymentRequired, toV1Body } from '../../../src/payment/payment-required.ts'
import { hashRequest, signQuote } from '../../../src/payment/offers/quote.ts'
import { addressOfPrivateKey, createSignatureCheck } from '../../../src/payment/signing/signature.ts'
import { checkPayment } from '../../../src/payment/check/check.ts'
import { decodePayment, type DecodedPayment } from '../../../src/payment/check/payload.ts'
import type { Asset, Hex, Offer, Quote, Scheme, Terms } from '../../../src/payment/types.ts'

/** The published x402 clients, unmodified, against the terms of a made-up server. Keys are worth nothing anywhere. */
export const KEYS = {
  payer: `0x${'11'.repeat(32)}`,
  delegate: `0x${'22'.repeat(32)}`,
  authorizer: `0x${'33'.repeat(32)}`,
} as const

export const USDC = BASE_SEPOLIA_USDC
export const USDT = usdtAsset({
  network: USDC.network,
  address: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
  decimals: 6,
})

export const TERMS: Terms = {
  payTo: '0x00000000000000000000000000000000000000aa',
  till: '0x00000000000000000000000000000000000000bb',
  signer: '0x00000000000000000000000000000000000000cc',
  receiverAuthorizer: addressOfPrivateKey({ privateKey: KEYS.authorizer }),
  withdrawDelaySeconds: 86_400,
  minDepositPicoUsd: 1_000_000_000_000n,
  maxTimeoutSeconds: 120,
  uptoTimeoutSeconds: 900,
  assets: [USDC, USDT],
  schemes: ['batch-settlement', 'upto', 'exact'],
  settlementFees: [
    { network: USDC.network, scheme: 'upto', feePicoUsd: 100_000_000n },
    { network: USDC.network, scheme: 'exact', feePicoUsd: 100_000_000n },
  ],
}

export const SECRET = 'only a test signs quotes with this'
export const RESOURCE = {
  url: 'http://127.0.0.1:4020/v1/chat/completions',
  description: 'One call',
  mimeType: 'application/json',
}
export const BODY = Buffer.from('{"model":"auto","messages":[{"role":"user","content":"hi"}]}')
export const REQUEST_HASH = hashRequest({
  method: 'POST',
  path: '/v1/chat/completions',
  body: BODY,
  secret: SECRET,
})
/** $0.01, i.e. 10,000 atomic USDC before the fee. */
export const CEILING_PICO_USD = 10_000_000_000n

export function makeQuote({ nowMs = Date.now(), ...rest }: Partial<Quote> & { nowMs?: number } = {}): Quote {
  return {
    nonce: '0192f0c1-2345-7abc-8def-0123456789ab',
    requestHash: REQUEST_HASH,
    ceilingPicoUsd: CEILING_PICO_USD,
    priceBook: 'book-1',
    expiresAtMs: nowMs + 120_000,
    ...rest,
  }
}

export function makeOffers({ quote = makeQuote(), terms = TERMS }: { quote?: Quote; terms?: Terms } = {}) {
  const token = signQuote({ quote, secret: SECRET })
  return buildOffers({ terms, quote, token, estimatePicoUsd: quote.ceilingPicoUsd })
}

/** What a client knows of its channel: the answer of `channels(channelId)` on chain. */
export type ChainChannel = { readonly balance: bigint; readonly totalClaimed: bigint }

type BatchOptions = ConstructorParameters<typeof BatchSettlementEvmScheme>[1]

/** A v2 client with all three schemes; without a channel on chain its first channel payment is a deposit. */
export function stockClient({
  channel = { balance: 0n, totalClaimed: 0n },
  options,
}: { channel?: ChainChannel; options?: BatchOptions } = {}) {
  const account = privateKeyToAccount(KEYS.payer)
  const signer = {
    address: account.address,
    signTypedData: (message: Parameters<typeof account.signTypedData>[0]) => account.signTypedData(message),
    readContract: () => Promise.resolve([channel.balance, channel.totalClaimed] as const),
  }
  const batch = new BatchSettlementEvmScheme(signer, options)
  const client = new x402Client()
    .setSpendControls({ allowedAssets: true, maxAmountPerPayment: false })
    .register('eip155:*', batch)
    .register('eip155:*', new UptoEvmScheme(signer))
    .register('eip155:*', new ExactEvmScheme(signer))
    .registerV1('base-sepolia', new ExactEvmSchemeV1(signer))
  return { client, batch, address: account.address.toLowerCase() as Hex }
}

export const encode = (payment: unknown): string => Buffer.from(JSON.stringify(payment)).toString('base64')

/** The one offer of a scheme and token. */
export function offerOf({
  offers = makeOffers(),
  scheme,
  asset,
}: {
  offers?: readonly Offer[]
  scheme: Scheme
  asset: Asset
}): Offer {
  const offer = offers.find((o) => o.scheme === scheme && o.asset.toLowerCase() === asset.address)
  if (!offer) throw new Error(`no offer of ${scheme} in ${asset.symbol}`)
  return offer
}

/** Lets the stock client pay one offer. @returns the JSON of its payment. */
export async function pay({
  scheme,
  asset,
  offers = makeOffers(),
  ...client
}: {
  scheme: Scheme
  asset: Asset
  offers?: readonly Offer[]
} & Parameters<typeof stockClient>[0]): Promise<Record<string, unknown>> {
  const required = buildPaymentRequired({
    offers: [offerOf({ offers, scheme, asset })],
    resource: RESOURCE,
  })
  const payment = await stockClient(client).client.createPaymentPayload(required as never)
  return JSON.parse(JSON.stringify(payment)) as Record<string, unknown>
}

/** Lets the stock v1 client pay the body of a 402. */
export async function payV1({ offers = makeOffers() }: { offers?: readonly Offer[] } = {}) {
  const error = {
    message: 'pay',
    type: 'payment_required',
    param: null,
    code: 'payment_required',
    next: 'pay',
  }
  const body = toV1Body({ offers, resource: RESOURCE, error })
  const payment = await stockClient().client.createPaymentPayload(body as never)
  return JSON.parse(JSON.stringify(payment)) as Record<string, unknown>
}

export function decoded(payment: Record<string, unknown>): DecodedPayment {
  const header = encode(payment)
  const result = decodePayment(
    payment['x402Version'] === 1 ? { xPayment: header } : { paymentSignature: header },
  )
  if (!result) throw new Error('no payment')
  return result
}

export function check({
  payment,
  terms = TERMS,
  nowMs = Date.now(),
  requestHash = REQUEST_HASH,
  quotedCeilingPicoUsd = CEILING_PICO_USD,
}: {
  payment: Record<string, unknown>
  terms?: Terms
  nowMs?: number
  requestHash?: string
  quotedCeilingPicoUsd?: bigint
}) {
  return checkPayment({
    payment: decoded(payment),
    terms,
    requestHash,
    quotedCeilingPicoUsd,
    quoteSecret: SECRET,
    nowMs,
    signatures: createSignatureCheck(),
  })
}
