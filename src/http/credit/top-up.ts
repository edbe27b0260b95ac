import type { Request, Response } from 'express'
import { settlementPending } from '../../call/admit/admit-request.ts'
import { demandPayment, type Priced, quoteCall } from '../../call/plan/demand.ts'
import { refuseWithheld } from '../../call/plan/refuse-withheld.ts'
import { withAllowance } from '../../call/admit/sponsor-allowance.ts'
import { errorSpec } from '../../lib/errors/registry.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd, parseUsd, type PicoUsd } from '../../lib/money.ts'
import { checkPayment } from '../../payment/check/check.ts'
import { type DecodedPayment, decodePayment } from '../../payment/check/payload.ts'
import { hashRequest } from '../../payment/offers/quote.ts'
import { buildReceipt, encodeReceipt } from '../../payment/receipts/receipt.ts'
import { topUpTerms } from '../../payment/offers/top-up-terms.ts'
import type { ExactPayment } from '../../payment/types.ts'
import { asUnavailable, receiptHeader, sendDemand, sendJson } from '../answer.ts'
import { countUnpaid } from '../calls/count-unpaid.ts'
import { creditOf } from './credit-fields.ts'
import { TOP_UP_DESCRIPTION, TOP_UP_FIELDS } from '../schemas/credit-schemas.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { creditOrganization, type MoneyKey, moneyKey, organizationCreditOf } from './organization-credit.ts'
import { readBody } from '../request/read-body.ts'
import { bazaarAt } from '../discovery/bazaar.ts'
import { readObject } from '../request/read-object.ts'
import { LISTED } from '../request/resource-at.ts'

type Exchange = {
  readonly request: Request
  readonly response: Response
  readonly dependencies: HttpDependencies
}

/**
 * POST /v1/credit {amount_usd}: an `exact` payment of just that amount becomes the payer's credit, and buys no call; with a key that may, it
 * becomes the balance of its organisation.
 */
export async function topUp(exchange: Exchange): Promise<void> {
  const { request, dependencies } = exchange
  const paid = countUnpaid(exchange)
  const body = await readBody(request)
  if (dependencies.call.isStorageAway())
    throw new TurnpikeError('unavailable', { retryAfterMs: LIMITS.storageRetryMs })
  const payment = decodePayment({
    paymentSignature: request.headersDistinct['payment-signature'],
    xPayment: request.headersDistinct['x-payment'],
  })
  const { secret } = dependencies.call
  const key = await moneyKey({ request, dependencies, permission: 'credit:top-up' })
  const path = key ? `${request.path}\n${key.organizationId}` : request.path
  const requestHash = hashRequest({ method: request.method, path, body, secret })
  const amountPicoUsd = readAmount(body)
  const priced = pricedAt({ requestHash, amountPicoUsd, dependencies })
  const isProbe = amountPicoUsd === undefined
  if (!payment) return demand({ ...exchange, priced, isProbe })
  if (amountPicoUsd === undefined) throw new TurnpikeError('payment_not_needed')
  try {
    await receive({ ...exchange, priced, payment, key })
    paid()
  } catch (error) {
    const known = asUnavailable(error)
    if (errorSpec(known.code).status !== 402) throw known
    demand({ ...exchange, priced, error: known })
  }
}

/** What a call would be called that costs this much; without an amount it is the smallest, as an answer to a probe. */
function pricedAt({
  requestHash,
  amountPicoUsd = LIMITS.minTopUpPicoUsd,
  dependencies,
}: {
  requestHash: string
  amountPicoUsd: PicoUsd | undefined
  dependencies: HttpDependencies
}): Priced {
  const { priceBook } = dependencies.call.catalog
  const amounts = { ceilingPicoUsd: amountPicoUsd, estimatePicoUsd: amountPicoUsd }
  return { requestHash, ...amounts, priceBook, outputCap: 0 }
}

/** Undefined for a probe. @throws invalid_field */
function readAmount(body: Buffer): PicoUsd | undefined {
  const { amount_usd: amount } = readObject({ body, known: TOP_UP_FIELDS })
  if (amount === undefined) return undefined
  const isText = typeof amount === 'string' || typeof amount === 'number'
  const picoUsd = isText ? parseUsd(String(amount)) : undefined
  if (picoUsd !== undefined && picoUsd >= LIMITS.minTopUpPicoUsd && picoUsd <= LIMITS.maxTopUpPicoUsd)
    return picoUsd
  const [least, most] = [formatUsd(LIMITS.minTopUpPicoUsd), formatUsd(LIMITS.maxTopUpPicoUsd)]
  throw new TurnpikeError('invalid_field', {
    param: 'amount_usd',
    message: `amount_usd must be a decimal amount of USD from ${least} to ${most}.`,
  })
}

async function receive({
  request,
  response,
  priced,
  payment,
  key,
  dependencies,
}: Exchange & { priced: Priced; payment: DecodedPayment; key: MoneyKey | undefined }): Promise<void> {
  const { terms, secret, clock, signatures, withheldOf, fund, governed } = dependencies.call
  const checked = checkPayment({
    payment,
    terms: topUpTerms(terms),
    requestHash: priced.requestHash,
    quotedCeilingPicoUsd: priced.ceilingPicoUsd,
    quoteSecret: secret,
    nowMs: clock.nowMs(),
    signatures,
  })
  // A payment of x402's first version names no request, so whoever saw it could send it again with a key of their own.
  const namesNobody = key !== undefined && checked.x402Version === 1
  if (checked.kind !== 'exact' || namesNobody) throw new TurnpikeError('payment_unsupported')
  refuseWithheld({ payment: checked, withheldOf })
  const { payer, x402Version } = checked
  // Whose money is not taken for a call is not taken to be kept for one either, nor given to an organisation.
  await governed.passWallet({ address: payer, rules: await governed.rules.byWallet(payer) })
  const ready = await withAllowance({ payment: checked, dependencies: dependencies.call })
  const outcome = await fund(ready, { isTopUp: true })
  if (outcome.kind === 'pending') throw settlementPending(outcome)
  if (outcome.kind === 'failed')
    throw new TurnpikeError('payment_not_settled', { extra: { reason: outcome.reason } })
  const receipt = buildReceipt({ payment: checked, transaction: outcome.transaction })
  if (key)
    await creditOrganization({ key, payment: checked, fundingId: outcome.fundingId, request, dependencies })
  else if (outcome.isRepeat) throw alreadyUsed({ receipt, payment: checked })
  const body = await (key
    ? organizationCreditOf({ ...key, dependencies })
    : creditOf({ payer, dependencies }))
  sendJson({ response, status: 200, body, headers: receiptHeader({ receipt, x402Version }) })
}

/** The money came with an earlier request: it is credit already, and is not there twice. */
function alreadyUsed({
  receipt,
  payment: { x402Version },
}: {
  receipt: ReturnType<typeof buildReceipt>
  payment: ExactPayment
}): TurnpikeError {
  const name = x402Version === 1 ? 'x-payment-response' : 'payment-response'
  return new TurnpikeError('payment_already_used', {
    message: 'This payment has become credit already.',
    next: 'See GET /v1/credit; sign a fresh offer to add more.',
    extra: { receipt },
    headers: { [name]: encodeReceipt(receipt), 'x-should-retry': 'false' },
  })
}

function demand({
  request,
  response,
  priced,
  error,
  isProbe = false,
  dependencies,
}: Exchange & { priced: Priced; error?: TurnpikeError; isProbe?: boolean }): void {
  const bazaar = isProbe ? bazaarAt(request.path) : undefined
  const call = { ...dependencies.call, terms: topUpTerms(dependencies.call.terms) }
  const resource = {
    url: `${dependencies.publicUrl(request)}${request.path}`,
    description: TOP_UP_DESCRIPTION,
    mimeType: 'application/json',
    ...(isProbe ? LISTED : {}),
  }
  const quoted = quoteCall({ priced, dependencies: call })
  const answer = demandPayment({
    priced,
    quoted,
    resource,
    ...(bazaar ? { spareExtensions: bazaar } : {}),
    dependencies: call,
    ...(error ? { error } : {}),
  })
  sendDemand({ response, demand: answer })
}
