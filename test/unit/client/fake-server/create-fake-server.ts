import { setTimeout as sleep } from 'node:timers/promises'
import type { Atomic } from '../../../../src/lib/money.ts'
import { buildCorrective } from '../../../../src/payment/offers/corrective.ts'
import {
  buildReceipt,
  encodeReceipt,
  receiptComment,
  type Receipt,
} from '../../../../src/payment/receipts/receipt.ts'
import type { CallPayment, Hex } from '../../../../src/payment/types.ts'
import { type Behaviour, nothingSeen } from './behaviour.ts'
import { openChannels } from './channels.ts'
import { openPriceDesk } from './price-desk.ts'
import { streamOf } from './stream-of.ts'

type Paid = {
  readonly payment: CallPayment
  readonly body: Readonly<Record<string, unknown>>
  readonly requestHash: string
}

/** A server of one process and no network: the payment room's own rules behind a `fetch`. */
export function createFakeServer(behaviour: Behaviour = {}) {
  const seen = nothingSeen()
  const desk = openPriceDesk(behaviour)
  const channels = openChannels({ behaviour, seen })
  const calls = new Map<string, Atomic | null>()

  async function answerPaid({ payment, body, requestHash }: Paid): Promise<Response> {
    if (payment.kind !== 'voucher') return answerCall({ payment, body })
    if (payment.deposit) seen.depositsSigned.add(payment.deposit.signature)
    const fresh = desk.quoteFor(requestHash)
    const admission = await channels.admit(payment, fresh.quote.nonce)
    if (admission.kind === 'used') return alreadyUsed(admission.callId)
    if (admission.kind === 'admitted') return answerCall({ payment, body, ...admission })
    seen.correctives += 1
    const channel = { channelId: payment.channelId, network: payment.network, token: payment.asset.address }
    return desk.demand(buildCorrective({ offers: fresh.offers, channel, state: admission.state }))
  }

  async function answerCall({
    payment,
    body,
    transaction,
  }: Omit<Paid, 'requestHash'> & { transaction?: Hex }): Promise<Response> {
    const index = seen.admitted
    seen.admitted += 1
    seen.payments.push(payment)
    const callId = `call_${index}`
    calls.set(callId, null)
    if (payment.quote) channels.usedQuotes.set(payment.quote.nonce, callId)
    const headers: Record<string, string> = { 'x-call-id': callId }
    const failure = behaviour.failWith?.(index)
    const chargeAtomic = failure === undefined ? (behaviour.chargeOf?.(index) ?? 3_000n) : 0n
    const receiptFor = (charge: Atomic): Receipt => {
      const facts = { chargeAtomic: charge, ...(transaction === undefined ? {} : { transaction }) }
      const receipt =
        payment.kind === 'voucher'
          ? buildReceipt({ payment, state: channels.stateOf(payment.channelId), ...facts })
          : buildReceipt({ payment, ...facts })
      return behaviour.changeReceipt?.(receipt, index) ?? receipt
    }
    const finish = () => {
      calls.set(callId, chargeAtomic)
      if (payment.kind === 'voucher') channels.finish(payment, chargeAtomic)
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
    const comment = () => (behaviour.forgetsReceipt?.(index) ? '' : receiptComment(receiptFor(chargeAtomic)))
    const isCut = behaviour.cuts?.(index) ?? false
    return new Response(streamOf({ index, isDue, isCut, finish, comment }), { headers })
  }

  function tellOfCall(callId: string): Response {
    seen.asked += 1
    const charge = calls.get(callId)
    return charge === undefined
      ? Response.json({}, { status: 404 })
      : Response.json({ object: 'call', charge: charge === null ? null : charge.toString() })
  }

  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    await sleep(0)
    init?.signal?.throwIfAborted()
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    if (pathname.startsWith('/v1/calls/')) return tellOfCall(pathname.slice('/v1/calls/'.length))
    const body = await new Response(init?.body ?? null).text()
    if (pathname === '/v1/quotes') return desk.answerQuote(body)
    const requestHash = desk.hashOf({ method: init?.method ?? 'GET', path: pathname, body })
    const header = new Headers(init?.headers).get('payment-signature')
    if (header === null) {
      seen.unpaid += 1
      return desk.demand({ offers: desk.quoteFor(requestHash).offers })
    }
    seen.paid += 1
    if (behaviour.drops?.(seen.paid - 1))
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
    const payment = desk.check({ header, requestHash })
    if (payment.kind === 'refund') return channels.refund(payment)
    return answerPaid({ payment, body: JSON.parse(body) as Paid['body'], requestHash })
  }

  const chargedAtomic = () =>
    [...channels.states.values()].reduce((sum, state) => sum + state.chargedAtomic, 0n)
  return { fetch, seen, channels: channels.states, chargedAtomic }
}

const alreadyUsed = (callId: string) =>
  Response.json(
    { error: { code: 'payment_already_used' } },
    { status: 409, headers: callId === '' ? {} : { 'x-call-id': callId } },
  )
