import { x402Client } from '@x402/core/client'
import { wrapFetchWithPayment } from '@x402/fetch'
import { expect } from 'vitest'
import { admitVoucher, finishCall } from '../../../src/payment/channel.ts'
import { checkPayment } from '../../../src/payment/check/check.ts'
import { buildCorrective } from '../../../src/payment/offers/corrective.ts'
import { buildPaymentRequired, encodePaymentRequired } from '../../../src/payment/payment-required.ts'
import { decodePayment } from '../../../src/payment/check/payload.ts'
import { buildReceipt, encodeReceipt } from '../../../src/payment/receipts/receipt.ts'
import { createSignatureCheck } from '../../../src/payment/signing/signature.ts'
import type { ChannelState, Offer, VoucherPayment } from '../../../src/payment/types.ts'
import {
  CEILING_PICO_USD,
  makeOffers,
  makeQuote,
  REQUEST_HASH,
  RESOURCE,
  SECRET,
  stockClient,
  TERMS,
} from './stock-client.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const signatures = createSignatureCheck()

/**
 * A server of one channel in memory, made of this room's functions and nothing else, and a published client that pays
 * it through an in-process `fetch`. The invariants are looked at after every change of the row.
 */
export function stockWorld({
  chargeOf,
  withReceipt = true,
}: {
  chargeOf: (call: number) => bigint
  withReceipt?: boolean
}) {
  const chain = { balance: 0n, totalClaimed: 0n }
  const seen = { calls: 0, correctives: 0, deposits: 0, peakEngaged: 0n, quotes: 0 }
  const used = new Set<string>()
  let state: ChannelState = {
    balanceAtomic: 0n,
    chargedAtomic: 0n,
    heldAtomic: 0n,
    claimedAtomic: 0n,
    withdrawRequestedAt: 0,
    refundNonce: 0n,
  }

  function write(next: ChannelState): void {
    state = next
    const highest = state.highest?.maxAtomic ?? 0n
    const engaged = state.heldAtomic + (state.turn?.reservedAtomic ?? 0n)
    if (engaged > seen.peakEngaged) seen.peakEngaged = engaged
    expect(state.chargedAtomic + state.heldAtomic <= highest).toBe(true)
    expect(state.chargedAtomic + state.heldAtomic <= state.balanceAtomic).toBe(true)
    // What a dishonest operator could claim too much: no more than was ever in flight at once.
    expect(highest - state.chargedAtomic <= seen.peakEngaged).toBe(true)
  }

  function freshOffers(): { offers: Offer[]; nonce: string } {
    seen.quotes += 1
    const nonce = `0192f0c1-2345-7abc-8def-${seen.quotes.toString(16).padStart(12, '0')}`
    return { offers: makeOffers({ quote: makeQuote({ nonce }) }), nonce }
  }

  const paymentRequired = (parameters: { offers: Offer[]; error?: string }) =>
    new Response('{}', {
      status: 402,
      headers: {
        'PAYMENT-REQUIRED': encodePaymentRequired(
          buildPaymentRequired({ ...parameters, resource: RESOURCE }),
        ),
      },
    })

  async function admit(payment: VoucherPayment): Promise<Response | { transaction?: string }> {
    let transaction: string | undefined
    for (;;) {
      const fresh = freshOffers()
      const verdict = admitVoucher({
        state,
        voucher: payment.voucher,
        ceilingAtomic: payment.ceilingAtomic,
        payer: payment.payer,
        quoteNonce: payment.quote?.nonce ?? '',
        correctiveQuoteNonce: fresh.nonce,
        nowMs: Date.now(),
        mayDeposit: payment.deposit !== undefined && transaction === undefined,
      })
      if (verdict.kind === 'wait') {
        await sleep(1)
        continue
      }
      if (verdict.kind === 'deposit') {
        state = verdict.state
        await sleep(5)
        transaction = `0x${'ab'.repeat(32)}`
        chain.balance += payment.deposit?.amountAtomic ?? 0n
        seen.deposits += 1
        write({ ...state, balanceAtomic: chain.balance })
        continue
      }
      write(verdict.state)
      if (verdict.kind === 'admit') return transaction === undefined ? {} : { transaction }
      seen.correctives += 1
      const channel = { channelId: payment.channelId, network: payment.network, token: payment.asset.address }
      return paymentRequired(buildCorrective({ offers: fresh.offers, channel, state }))
    }
  }

  async function serve(request: Request): Promise<Response> {
    await sleep(Math.random() * 3)
    const decoded = decodePayment({ paymentSignature: request.headers.get('payment-signature') ?? undefined })
    if (!decoded) return paymentRequired(freshOffers())
    const payment = checkPayment({
      payment: decoded,
      terms: TERMS,
      requestHash: REQUEST_HASH,
      quotedCeilingPicoUsd: CEILING_PICO_USD,
      quoteSecret: SECRET,
      nowMs: Date.now(),
      signatures,
    })
    if (payment.kind !== 'voucher' || !payment.quote) throw new Error('not a channel call')
    if (used.has(payment.quote.nonce)) return new Response('{}', { status: 409 })
    const admitted = await admit(payment)
    if (admitted instanceof Response) return admitted
    used.add(payment.quote.nonce)
    await sleep(5 + Math.random() * 20)
    seen.calls += 1
    const chargeAtomic = chargeOf(seen.calls)
    write(finishCall({ state, ceilingAtomic: payment.ceilingAtomic, chargeAtomic }))
    const receipt = encodeReceipt(buildReceipt({ payment, state, chargeAtomic, ...admitted }))
    return new Response('{}', {
      headers: withReceipt || payment.deposit ? { 'PAYMENT-RESPONSE': receipt } : {},
    })
  }

  const { batch } = stockClient({ channel: chain })
  const client = new x402Client().setSpendControls({ allowedAssets: true }).register('eip155:*', batch)
  const payingFetch = wrapFetchWithPayment((input, init) => serve(new Request(input, init)), client)
  const call = async () => (await payingFetch(RESOURCE.url, { method: 'POST', body: '{}' })).status
  return { call, chain, seen, state: () => state }
}
