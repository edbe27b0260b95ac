import { askForCall } from './wire/ask-for-call.ts'
import type { Ticket } from './channel/channel-book.ts'
import { usdOfToken, type PayContext } from './context.ts'
import { ReceiptError } from './wire/errors.ts'
import type { LiveChannel } from './channel/live-channel.ts'

async function resumeCall({
  channel,
  ticket,
  context,
}: {
  channel: LiveChannel
  ticket: Ticket
  context: PayContext
}): Promise<void> {
  const { url, callId } = channel.calls.get(ticket.id) ?? {}
  if (url === undefined || callId === undefined) return
  const chargeAtomic = await askForCall({ callId, url, fetch: context.fetch })
  if (chargeAtomic === undefined || !channel.calls.has(ticket.id)) return
  const { channelId, network, config, book } = channel
  try {
    book.settle({ ticket, chargeAtomic })
  } catch (error) {
    if (error instanceof ReceiptError) channel.stopped ??= error
    await context.channels.save(channel)
    return
  }
  channel.calls.delete(ticket.id)
  channel.ended.add(ticket.id)
  await context.channels.save(channel)
  context.onPaid({
    kind: 'call',
    url,
    scheme: 'batch-settlement',
    network,
    asset: config.token,
    amountAtomic: chargeAtomic,
    amountUsd: usdOfToken({ amountAtomic: chargeAtomic, network, token: config.token, context }),
    ceilingAtomic: ticket.ceilingAtomic,
    channelId,
    callId,
  })
}

/**
 * Asks what became of the calls that an earlier process left open (GET /v1/calls/{id}). Nothing is paid for it, and
 * nobody waits; a call whose name nobody learnt stays counted at its ceiling until it is certainly over.
 */
export function resumeCalls({ channel, context }: { channel: LiveChannel; context: PayContext }): void {
  for (const ticket of channel.book.open()) {
    void resumeCall({ channel, ticket, context }).catch(() => undefined)
  }
}
