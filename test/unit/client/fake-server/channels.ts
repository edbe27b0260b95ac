import { setTimeout as sleep } from 'node:timers/promises'
import type { Atomic } from '../../../../src/lib/money.ts'
import { admitVoucher, finishCall } from '../../../../src/payment/channel.ts'
import { buildReceipt, encodeReceipt } from '../../../../src/payment/receipts/receipt.ts'
import type { ChannelState, Hex, RefundPayment, VoucherPayment } from '../../../../src/payment/types.ts'
import type { Behaviour, Seen } from './behaviour.ts'

const EMPTY: ChannelState = {
  balanceAtomic: 0n,
  chargedAtomic: 0n,
  heldAtomic: 0n,
  claimedAtomic: 0n,
  withdrawRequestedAt: 0,
  refundNonce: 0n,
}

export type Admission =
  | { readonly kind: 'admitted'; readonly transaction?: Hex }
  /** The quote has bought this call already; its id is empty while the call is being admitted. */
  | { readonly kind: 'used'; readonly callId: string }
  | { readonly kind: 'corrective'; readonly state: ChannelState }

/** Keeps the channels of all payers by the product's own rule of admission, and notes where a promise of it is broken. */
export function openChannels({ behaviour, seen }: { behaviour: Behaviour; seen: Seen }) {
  const states = new Map<Hex, ChannelState>()
  /** The calls that quotes have bought. */
  const usedQuotes = new Map<string, string>()
  const executed = new Map<Hex, Hex>()
  const stateOf = (channelId: Hex) => states.get(channelId) ?? EMPTY

  function watch(channelId: Hex, state: ChannelState): void {
    states.set(channelId, state)
    const committed = state.chargedAtomic + state.heldAtomic
    if (committed > (state.highest?.maxAtomic ?? 0n)) seen.violations.push(`I1: ${committed}`)
    if (committed > state.balanceAtomic) seen.violations.push(`I2: ${committed}`)
  }

  async function fund({ deposit, channelId }: VoucherPayment): Promise<Hex> {
    await sleep(behaviour.depositMs ?? 5)
    if (!deposit) throw new Error('no deposit')
    const known = executed.get(deposit.signature)
    if (known) return known
    const transaction: Hex = `0x${(executed.size + 1).toString(16).padStart(64, '0')}`
    executed.set(deposit.signature, transaction)
    seen.depositsExecuted += 1
    const state = stateOf(channelId)
    states.set(channelId, { ...state, balanceAtomic: state.balanceAtomic + deposit.amountAtomic })
    return transaction
  }

  async function admit(payment: VoucherPayment, correctiveQuoteNonce: string): Promise<Admission> {
    const { channelId, voucher, ceilingAtomic, payer, quote } = payment
    const quoteNonce = quote?.nonce ?? ''
    let transaction: Hex | undefined
    for (;;) {
      const callId = usedQuotes.get(quoteNonce)
      if (callId !== undefined) return { kind: 'used', callId }
      const verdict = admitVoucher({
        state: stateOf(channelId),
        voucher,
        ceilingAtomic,
        payer,
        quoteNonce,
        correctiveQuoteNonce,
        nowMs: Date.now(),
        mayDeposit: payment.deposit !== undefined && transaction === undefined,
      })
      if (verdict.kind === 'wait') {
        await sleep(2)
        continue
      }
      if (verdict.kind === 'deposit') {
        states.set(channelId, verdict.state)
        transaction = await fund(payment)
        continue
      }
      if (verdict.kind === 'corrective') {
        states.set(channelId, verdict.state)
        return { kind: 'corrective', state: verdict.state }
      }
      usedQuotes.set(quoteNonce, '')
      watch(channelId, verdict.state)
      return { kind: 'admitted', ...(transaction === undefined ? {} : { transaction }) }
    }
  }

  function finish({ channelId, ceilingAtomic }: VoucherPayment, chargeAtomic: Atomic): void {
    const charge = chargeAtomic < ceilingAtomic ? chargeAtomic : ceilingAtomic
    watch(channelId, finishCall({ state: stateOf(channelId), ceilingAtomic, chargeAtomic: charge }))
  }

  function refund(payment: RefundPayment): Response {
    const state = stateOf(payment.channelId)
    if (state.heldAtomic > 0n)
      return Response.json(
        { error: { code: 'channel_busy', message: 'Calls are running.' } },
        { status: 409 },
      )
    const { chargedAtomic } = state
    const after = { ...state, balanceAtomic: chargedAtomic, claimedAtomic: chargedAtomic }
    states.set(payment.channelId, after)
    const receipt = buildReceipt({
      payment,
      state: after,
      refundedAtomic: state.balanceAtomic - chargedAtomic,
      transaction: `0x${'99'.repeat(32)}`,
    })
    return Response.json({ object: 'refund' }, { headers: { 'payment-response': encodeReceipt(receipt) } })
  }

  return { states, stateOf, usedQuotes, admit, finish, refund }
}
