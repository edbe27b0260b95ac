import type { Request } from 'express'
import type { RecordedCall } from '../../call/serve/record.ts'
import { paidToken } from '../../call/admit/paid-token.ts'
import { marginOf } from '../../pricing/margin.ts'
import { publishedPrices } from '../../pricing/published.ts'
import { checksumAddress } from '../../payment/hex.ts'
import { OFFER_RECEIPT, signCallReceipt } from '../../payment/receipts/signed-receipt.ts'
import { signDigest } from '../../payment/signing/signature.ts'
import { type CallReceipt, x402ReceiptDigest } from '../../payment/receipts/typed-receipt.ts'
import type { Address } from '../../payment/types.ts'
import type { HttpDependencies } from '../dependencies.ts'

type Subject = {
  readonly recorded: RecordedCall
  readonly request: Request
  readonly dependencies: HttpDependencies
}

/**
 * Adds to the receipt of a call, where its caller asked for it, two signatures of the receiver authorizer: x402's own receipt, which
 * tools of others know, and ours, which also says for what, at what price and how much.
 */
export function withSignedReceipt(subject: Subject): RecordedCall {
  const { recorded, dependencies } = subject
  if (recorded.bodyDigest === undefined || !recorded.receipt) return recorded
  const receipt = callReceiptOf(subject)
  if (!receipt) return recorded
  const { network, resourceUrl, issuedAt } = receipt
  const { transaction } = recorded.receipt
  const payer = checksumAddress(receipt.payer)
  const plain = { version: 1, network, resourceUrl, payer, issuedAt, transaction } as const
  const { receiptKey: privateKey } = dependencies
  const info = {
    receipt: {
      format: 'eip712',
      payload: plain,
      signature: signDigest({ digest: x402ReceiptDigest(plain), privateKey }),
    },
    call: signCallReceipt({ receipt, privateKey }),
  }
  return { ...recorded, receipt: { ...recorded.receipt, extensions: { [OFFER_RECEIPT]: { info } } } }
}

function callReceiptOf({ recorded, request, dependencies }: Subject): CallReceipt | undefined {
  const { capture, admission, bodyDigest, candidates } = recorded
  const endpoint = candidates.find(({ id }) => id === capture.endpointId)
  // Receipts are signed over a chain's ids: for a balance in our books there are none.
  const token = paidToken(admission)
  if (bodyDigest === undefined || !endpoint?.prices || !token) return undefined
  const { usage } = capture
  const marginBps = marginOf({ endpoint, marginBps: dependencies.call.marginBps })
  const prices = Object.entries(publishedPrices({ usage, prices: endpoint.prices, marginBps }))
  return {
    version: 1,
    callId: recorded.callId,
    resourceUrl: `${dependencies.publicUrl(request)}${request.path}`,
    requestHash: bodyDigest,
    model: recorded.model.id,
    endpoint: endpoint.id,
    payer: admission.payer.id as Address,
    network: token.network,
    scheme: admission.scheme,
    asset: token.asset,
    decimals: admission.decimals,
    charge: capture.chargeAtomic.toString(),
    ceiling: admission.ceilingAtomic.toString(),
    feePicoUsd: admission.feePicoUsd.toString(),
    usage,
    pricesPicoUsd: Object.fromEntries(
      prices.map(([bucket, price]) => [bucket, price.toString()]),
    ) as CallReceipt['pricesPicoUsd'],
    priceBook: admission.priceBook,
    outcome: capture.outcome,
    issuedAt: Math.floor(capture.atMs / 1_000),
  }
}
