import { atomicToPicoUsd, type Atomic } from '../../lib/money.ts'
import { CALL_IS_OVER_MS, type Ticket } from './channel-book.ts'
import { usdOf, type PaidEvent, type Payment } from '../context.ts'
import { ReceiptError } from '../wire/errors.ts'
import type { CallOutcome } from '../wire/call-outcome.ts'
import type { LiveChannel } from './live-channel.ts'
import type { PaidReceipt } from '../wire/read-receipt.ts'
import { verifyReceipt } from '../wire/verify-receipt.ts'

/**
 * @throws ReceiptError `channel_stopped` where the server has contradicted itself on this channel before,
 *   `channel_withdrawing` where its money is on the way back.
 */
export function demandRunning(channel: LiveChannel): void {
  if (channel.withdrawal && !channel.withdrawal.isFinished) {
    throw new ReceiptError(
      'channel_withdrawing',
      `A withdrawal from channel ${channel.channelId} has begun, so that nobody serves calls from it. Finish it, or pay through another channel (another salt). Nothing was signed.`,
      channel.channelId,
    )
  }
  if (!channel.stopped) return
  throw new ReceiptError(
    'channel_stopped',
    `Channel ${channel.channelId} is not used any more: ${channel.stopped.message} Nothing was signed. Get its money back with refund() or a withdrawal, or pay through another channel (another salt).`,
    channel.channelId,
  )
}

/**
 * What the receipts of one channel call do to the numbering, the spending and the deposit.
 *
 * @param depositAtomic of the deposit that goes with the call, if any.
 */
export function channelOutcome({
  payment: { request, approved, reservation, context },
  channel,
  ticket,
  depositAtomic,
}: {
  payment: Payment
  channel: LiveChannel
  ticket: Ticket
  depositAtomic?: Atomic | undefined
}): CallOutcome {
  const { book, channelId } = channel
  const { asset, offer } = approved
  let isDepositKnown = depositAtomic === undefined
  let isKnown = false
  // After money is counted a full disk must not take the answer away; the next call's save will tell.
  const save = () => void context.channels.save(channel).catch(() => undefined)
  const verify = (receipt: PaidReceipt, callId: string | undefined) => {
    const terms = { payer: context.payer, network: offer.network, ceilingAtomic: offer.amountAtomic }
    verifyReceipt({ receipt, terms: { ...terms, channelId, callId } })
  }

  function tell(
    event: Pick<PaidEvent, 'kind' | 'amountAtomic' | 'callId' | 'ceilingAtomic' | 'transaction'>,
  ): void {
    const { scheme, network } = offer
    const amountUsd = usdOf({ amountAtomic: event.amountAtomic, asset })
    context.onPaid({
      url: request.url,
      scheme,
      network,
      asset: asset.address,
      channelId,
      amountUsd,
      ...event,
    })
  }

  function count({ chargeAtomic, more }: { chargeAtomic: Atomic; more: { callId?: string } }): void {
    if (isKnown) return
    isKnown = true
    reservation.settle(atomicToPicoUsd({ amountAtomic: chargeAtomic, decimals: asset.decimals }))
    save()
    tell({ kind: 'call', amountAtomic: chargeAtomic, ceilingAtomic: offer.amountAtomic, ...more })
  }

  /** A receipt with a transaction says that the deposit was executed; without one it may still be. */
  function learnDeposit({ transaction, movedAtomic, channel: heard }: PaidReceipt): void {
    if (heard?.balanceAtomic !== undefined) book.learnBalance({ balanceAtomic: heard.balanceAtomic })
    if (isDepositKnown || depositAtomic === undefined || transaction === '') return
    isDepositKnown = true
    channel.deposit = undefined
    if (heard?.balanceAtomic === undefined) {
      book.learnBalance({ balanceAtomic: book.state().balanceAtomic + depositAtomic })
    }
    save()
    tell({ kind: 'deposit', amountAtomic: movedAtomic ?? depositAtomic, transaction })
  }

  return {
    name(callId) {
      const place = channel.calls.get(ticket.id)
      if (!place || place.callId === callId) return
      channel.calls.set(ticket.id, { ...place, callId })
      save()
    },
    open(receipt, callId) {
      verify(receipt, callId)
      learnDeposit(receipt)
    },
    receive(receipt, callId) {
      verify(receipt, callId)
      const { chargeAtomic, channel: heard } = receipt
      if (chargeAtomic === undefined) {
        throw new ReceiptError('malformed', 'The receipt names no charge.', channelId)
      }
      book.receive({ ticket, report: { chargeAtomic, ...heard } })
      channel.calls.delete(ticket.id)
      learnDeposit(receipt)
      count({ chargeAtomic, more: callId === undefined ? {} : { callId } })
      if (book.unexplained() > 0n) context.channels.judge(channel)
    },
    settle(chargeAtomic, callId) {
      book.settle({ ticket, chargeAtomic })
      channel.calls.delete(ticket.id)
      count({ chargeAtomic, more: { callId } })
    },
    lose: () => reservation.lapse(context.nowMs() + CALL_IS_OVER_MS),
    refuse() {
      book.release(ticket)
      channel.calls.delete(ticket.id)
      reservation.release()
      save()
    },
    stop(error) {
      channel.stopped ??= error
      save()
    },
  }
}
