import { privateKeyToAccount } from 'viem/accounts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { type Atomic } from '../../../src/lib/money.ts'
import { BASE_SEPOLIA_USDC, usdtAsset } from '../../../src/payment/assets.ts'
import { admitVoucher, finishCall } from '../../../src/payment/channel.ts'
import { checkPayment } from '../../../src/payment/check.ts'
import { buildCorrective } from '../../../src/payment/corrective.ts'
import { buildOffers } from '../../../src/payment/offers.ts'
import { buildPaymentRequired, encodePaymentRequired } from '../../../src/payment/payment-required.ts'
import type { PaymentRequired } from '../../../src/payment/payment-required.ts'
import { decodePayment } from '../../../src/payment/payload.ts'
import { hashRequest, signQuote } from '../../../src/payment/quote.ts'
import { buildReceipt, encodeReceipt, receiptComment, type Receipt } from '../../../src/payment/receipt.ts'
import { createSignatureCheck } from '../../../src/payment/signature.ts'
import type {
  CallPayment,
  ChannelState,
  Hex,
  Offer,
  Terms,
  VoucherPayment,
} from '../../../src/payment/types.ts'

/** A server of one process and no network: the payment room's own rules behind a `fetch`. Its keys are worth nothing. */
export const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
export const stranger = privateKeyToAccount(`0x${'22'.repeat(32)}`)
export const USDC = BASE_SEPOLIA_USDC
export const USDT = usdtAsset({
  network: USDC.network,
  address: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
  decimals: 6,
})
export const PAY_TO = '0x00000000000000000000000000000000000000aa'
export const TERMS: Terms = {
  payTo: PAY_TO,
  till: '0x00000000000000000000000000000000000000bb',
  signer: '0x00000000000000000000000000000000000000cc',
  receiverAuthorizer: '0x00000000000000000000000000000000000000dd',
  withdrawDelaySeconds: 86_400,
  minDepositPicoUsd: 1_000_000_000_000n,
  maxTimeoutSeconds: 120,
  uptoTimeoutSeconds: 900,
  assets: [USDC, USDT],
  schemes: ['batch-settlement', 'upto', 'exact'],
  settlementFees: [],
}
export const URL_OF_CALLS = 'http://fake.test/v1/chat/completions'
/** $0.01: 10,000 atomic units. */
export const CEILING = 10_000n

const SECRET = 'only a test signs quotes with this'
const EMPTY: ChannelState = {
  balanceAtomic: 0n,
  chargedAtomic: 0n,
  heldAtomic: 0n,
  claimedAtomic: 0n,
  withdrawRequestedAt: 0,
  refundNonce: 0n,
}

export const sleep = (durationMs: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, durationMs)
  })

/** Where a test makes the server lie, fail or be slow. `index` counts admitted calls from 0. */
export type Behaviour = {
  readonly terms?: () => Terms
  readonly ceilingPicoUsd?: bigint
  readonly chargeOf?: (index: number) => Atomic
  readonly latencyOf?: (index: number) => number
  /** Answers a call once this has come, in the place of a time. */
  readonly until?: (index: number) => Promise<void>
  readonly depositMs?: number
  /** Answers an admitted call with this status instead of 200; nothing is charged. */
  readonly failWith?: (index: number) => number | undefined
  /** Breaks the connection after the call was admitted; it is charged nevertheless. */
  readonly breaks?: (index: number) => boolean
  /** Breaks the connection before a payment is read; counts payments from 0. */
  readonly drops?: (paid: number) => boolean
  /** Ends a stream in its middle, with an error; what was delivered is charged. */
  readonly cuts?: (index: number) => boolean
  /** Leaves the receipt out of a stream. */
  readonly forgetsReceipt?: (index: number) => boolean
  readonly changeReceipt?: (receipt: Receipt, index: number) => Receipt
  readonly changeDemand?: (required: PaymentRequired) => PaymentRequired
}

type Json = Record<string, unknown>

export function createFakeServer(behaviour: Behaviour = {}) {
  const channels = new Map<Hex, ChannelState>()
  /** The calls that quotes have bought. */
  const usedQuotes = new Map<string, string>()
  const calls = new Map<string, Atomic | null>()
  const executed = new Map<Hex, Hex>()
  const signatures = createSignatureCheck()
  const seen = {
    unpaid: 0,
    paid: 0,
    correctives: 0,
    depositsExecuted: 0,
    depositsSigned: new Set<string>(),
    asked: 0,
    admitted: 0,
    violations: [] as string[],
    payments: [] as CallPayment[],
  }
  let quotes = 0
  const terms = () => behaviour.terms?.() ?? TERMS
  const ceilingPicoUsd = () => behaviour.ceilingPicoUsd ?? 10_000_000_000n

  function quoteFor(requestHash: string) {
    quotes += 1
    const nonce = `0192f0c1-2345-7abc-8def-${quotes.toString(16).padStart(12, '0')}`
    const quote = {
      nonce,
      requestHash,
      ceilingPicoUsd: ceilingPicoUsd(),
      priceBook: 'book-1',
      expiresAtMs: Date.now() + LIMITS.quoteSeconds * 1_000,
    }
    const token = signQuote({ quote, secret: SECRET })
    const offers = buildOffers({ terms: terms(), quote, token, estimatePicoUsd: quote.ceilingPicoUsd })
    return { quote, offers }
  }

  function demand({ offers, error }: { offers: readonly Offer[]; error?: string }): Response {
    const resource = { url: URL_OF_CALLS, description: 'One call', mimeType: 'application/json' }
    const required = buildPaymentRequired({ offers, resource, ...(error === undefined ? {} : { error }) })
    const changed = behaviour.changeDemand?.(required) ?? required
    const headers = { 'payment-required': encodePaymentRequired(changed) }
    return Response.json({ error: { code: error ?? 'payment_required' } }, { status: 402, headers })
  }

  function watch(channelId: Hex, state: ChannelState): void {
    channels.set(channelId, state)
    const committed = state.chargedAtomic + state.heldAtomic
    if (committed > (state.highest?.maxAtomic ?? 0n)) seen.violations.push(`I1: ${committed}`)
    if (committed > state.balanceAtomic) seen.violations.push(`I2: ${committed}`)
  }

  async function fund(payment: VoucherPayment): Promise<Hex> {
    await sleep(behaviour.depositMs ?? 5)
    const { deposit, channelId } = payment
    if (!deposit) throw new Error('no deposit')
    const key = deposit.signature
    const known = executed.get(key)
    if (known) return known
    const transaction: Hex = `0x${(executed.size + 1).toString(16).padStart(64, '0')}`
    executed.set(key, transaction)
    seen.depositsExecuted += 1
    const state = channels.get(channelId) ?? EMPTY
    channels.set(channelId, { ...state, balanceAtomic: state.balanceAtomic + deposit.amountAtomic })
    return transaction
  }

  async function admit(payment: VoucherPayment, requestHash: string) {
    const { channelId, voucher, ceilingAtomic, payer, quote } = payment
    const quoteNonce = quote?.nonce ?? ''
    let transaction: Hex | undefined
    const fresh = quoteFor(requestHash)
    for (;;) {
      const bought = usedQuotes.get(quoteNonce)
      if (bought !== undefined) return { answer: alreadyUsed(bought) }
      const verdict = admitVoucher({
        state: channels.get(channelId) ?? EMPTY,
        voucher,
        ceilingAtomic,
        payer,
        quoteNonce,
        correctiveQuoteNonce: fresh.quote.nonce,
        nowMs: Date.now(),
        mayDeposit: payment.deposit !== undefined && transaction === undefined,
      })
      if (verdict.kind === 'wait') {
        await sleep(2)
        continue
      }
      if (verdict.kind === 'deposit') {
        channels.set(channelId, verdict.state)
        transaction = await fund(payment)
        continue
      }
      if (verdict.kind === 'corrective') {
        channels.set(channelId, verdict.state)
        seen.correctives += 1
        const channel = { channelId, network: payment.network, token: payment.asset.address }
        return { answer: demand(buildCorrective({ offers: fresh.offers, channel, state: verdict.state })) }
      }
      usedQuotes.set(quoteNonce, '')
      watch(channelId, verdict.state)
      return { transaction }
    }
  }

  async function answerCall({
    payment,
    body,
    requestHash,
  }: {
    payment: CallPayment
    body: Json
    requestHash: string
  }): Promise<Response> {
    let transaction: Hex | undefined
    if (payment.kind === 'voucher') {
      if (payment.deposit) seen.depositsSigned.add(payment.deposit.signature)
      const result = await admit(payment, requestHash)
      if (result.answer) return result.answer
      transaction = result.transaction
    }
    const index = seen.admitted
    seen.admitted += 1
    seen.payments.push(payment)
    const callId = `call_${index}`
    calls.set(callId, null)
    if (payment.quote) usedQuotes.set(payment.quote.nonce, callId)
    const headers: Record<string, string> = { 'x-call-id': callId }
    const failure = behaviour.failWith?.(index)
    const chargeAtomic = failure === undefined ? (behaviour.chargeOf?.(index) ?? 3_000n) : 0n
    const receiptFor = (charge: Atomic): Receipt => {
      const more = transaction === undefined ? {} : { transaction }
      const receipt =
        payment.kind === 'voucher'
          ? buildReceipt({
              payment,
              state: channels.get(payment.channelId) ?? EMPTY,
              chargeAtomic: charge,
              ...more,
            })
          : buildReceipt({ payment, chargeAtomic: charge, ...more })
      return behaviour.changeReceipt?.(receipt, index) ?? receipt
    }
    const finish = () => {
      calls.set(callId, chargeAtomic)
      if (payment.kind !== 'voucher') return
      const { channelId, ceilingAtomic } = payment
      const state = channels.get(channelId) ?? EMPTY
      const charge = chargeAtomic < ceilingAtomic ? chargeAtomic : ceilingAtomic
      watch(channelId, finishCall({ state, ceilingAtomic, chargeAtomic: charge }))
    }
    const isDue = behaviour.until?.(index) ?? sleep(behaviour.latencyOf?.(index) ?? 0)
    if (behaviour.breaks?.(index)) {
      await isDue
      finish()
      throw new TypeError('fetch failed', { cause: { code: 'UND_ERR_SOCKET' } })
    }
    if (failure !== undefined || body['stream'] !== true) {
      await isDue
      finish()
      headers['payment-response'] = encodeReceipt(receiptFor(chargeAtomic))
      return Response.json({ index }, { status: failure ?? 200, headers })
    }
    if (transaction !== undefined) headers['payment-response'] = encodeReceipt(receiptFor(0n))
    headers['content-type'] = 'text/event-stream; charset=utf-8'
    return new Response(
      streamOf({
        index,
        isDue,
        isCut: behaviour.cuts?.(index) ?? false,
        finish,
        comment: () => (behaviour.forgetsReceipt?.(index) ? '' : receiptComment(receiptFor(chargeAtomic))),
      }),
      { headers },
    )
  }

  function pay({ header, requestHash }: { header: string; requestHash: string }) {
    const payment = decodePayment({ paymentSignature: header })
    if (!payment) throw new Error('no payment')
    const nowMs = Date.now()
    return checkPayment({
      payment,
      terms: terms(),
      requestHash,
      quotedCeilingPicoUsd: ceilingPicoUsd(),
      quoteSecret: SECRET,
      nowMs,
      signatures,
    })
  }

  function answerQuote(request: { body: string; path: string }): Response {
    const requestHash = hashRequest({
      method: 'POST',
      path: request.path,
      body: Buffer.from(request.body),
      secret: SECRET,
    })
    const { quote, offers } = quoteFor(requestHash)
    return Response.json({
      object: 'quote',
      expires_at: new Date(quote.expiresAtMs).toISOString(),
      accepts: offers,
    })
  }

  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    await sleep(0)
    init?.signal?.throwIfAborted()
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    if (pathname.startsWith('/v1/calls/')) {
      seen.asked += 1
      const charge = calls.get(pathname.slice('/v1/calls/'.length))
      return charge === undefined
        ? Response.json({}, { status: 404 })
        : Response.json({ object: 'call', charge: charge === null ? null : charge.toString() })
    }
    const body = await new Response(init?.body ?? null).text()
    if (pathname === '/v1/quotes') return answerQuote({ body, path: '/v1/chat/completions' })
    const requestHash = hashRequest({
      method: init?.method ?? 'GET',
      path: pathname,
      body: Buffer.from(body),
      secret: SECRET,
    })
    const header = new Headers(init?.headers).get('payment-signature')
    if (header === null) {
      seen.unpaid += 1
      return demand({ offers: quoteFor(requestHash).offers })
    }
    seen.paid += 1
    if (behaviour.drops?.(seen.paid - 1))
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
    const payment = pay({ header, requestHash })
    if (payment.kind === 'refund') return refund(payment.channelId, payment)
    return answerCall({ payment, body: JSON.parse(body) as Json, requestHash })
  }

  function refund(channelId: Hex, payment: Extract<ReturnType<typeof pay>, { kind: 'refund' }>): Response {
    const state = channels.get(channelId) ?? EMPTY
    if (state.heldAtomic > 0n)
      return Response.json(
        { error: { code: 'channel_busy', message: 'Calls are running.' } },
        { status: 409 },
      )
    const refundedAtomic = state.balanceAtomic - state.chargedAtomic
    const after = { ...state, balanceAtomic: state.chargedAtomic, claimedAtomic: state.chargedAtomic }
    channels.set(channelId, after)
    const receipt = buildReceipt({
      payment,
      state: after,
      refundedAtomic,
      transaction: `0x${'99'.repeat(32)}`,
    })
    return Response.json({ object: 'refund' }, { headers: { 'payment-response': encodeReceipt(receipt) } })
  }

  const chargedAtomic = () => [...channels.values()].reduce((sum, state) => sum + state.chargedAtomic, 0n)
  return { fetch, seen, channels, chargedAtomic }
}

function streamOf({
  index,
  isDue,
  isCut,
  finish,
  comment,
}: {
  index: number
  isDue: Promise<void>
  isCut: boolean
  finish: () => void
  comment: () => string
}): ReadableStream<Uint8Array> {
  const text = new TextEncoder()
  let isOver = false
  const over = () => {
    if (!isOver) finish()
    isOver = true
  }
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(text.encode(`data: {"index":${index}}\n\n`))
      await isDue
      if (isOver) return
      over()
      if (isCut) {
        controller.error(new TypeError('terminated', { cause: { code: 'UND_ERR_SOCKET' } }))
        return
      }
      controller.enqueue(text.encode(`${comment()}data: [DONE]\n\n`))
      controller.close()
    },
    cancel: over,
  })
}

const alreadyUsed = (callId: string) =>
  Response.json(
    { error: { code: 'payment_already_used' } },
    { status: 409, headers: callId === '' ? {} : { 'x-call-id': callId } },
  )

/** A request that asks for a stream or not, as the OpenAI SDK would send it. */
export const ask = ({
  stream = true,
  text = 'hi',
  ...init
}: { stream?: boolean; text?: string } & RequestInit = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'auto', stream, messages: [{ role: 'user', content: text }] }),
  ...init,
})
