import type { Atomic } from '../../lib/money.ts'
import type { Ticket } from './channel-book.ts'
import { channelOutcome, demandRunning } from './channel-outcome.ts'
import type { SignedDeposit } from './channel-store.ts'
import type { Payment } from '../context.ts'
import { applyCorrective, correctiveOf } from './corrective.ts'
import { ApprovalRequiredError, ReceiptError } from '../wire/errors.ts'
import type { LiveChannel } from './live-channel.ts'
import { ensureAllowance } from '../transfer/permit2-allowance.ts'
import { followOrClose, sendPaid } from '../send-paid.ts'
import { depositAmount, reusableDeposit, signDeposit } from './sign-deposit.ts'
import { voucherData } from '../wire/typed-data.ts'

const MAX_RESIGNS = 2

/**
 * `batch-settlement`: pays by a voucher, with a deposit where the channel lacks money.
 *
 * Calls in parallel are numbered without a pause between them, and only one deposit is under way at a time; the
 * others wait for its answer's headers. A corrective 402 is believed up to what this wallet has signed, and the call
 * is signed again at most twice; any further 402 is the caller's.
 */
export async function payChannel(payment: Payment): Promise<Response> {
  const channel = await openChannel(payment)
  let ticket: Ticket | undefined
  for (let resigns = 0; ; resigns += 1) {
    while (mustWait({ payment, channel, ticket })) await untilOpened({ payment, channel, ticket })
    // From the check above until the deposit is announced nothing may wait, not even for a promise that is settled:
    // several calls would find the channel short, and each would deposit.
    const numbered = numberCall({ payment, channel, ticket })
    ticket = numbered.ticket
    const missingAtomic = channel.book.shortfall(0n)
    const opened = missingAtomic > 0n ? announceOpening(channel) : undefined
    try {
      const attempt = { payment, channel, ticket, maxAtomic: numbered.maxAtomic, missingAtomic }
      const answer = await attemptCall({ ...attempt, mayCorrect: resigns < MAX_RESIGNS })
      if (answer) return answer
    } finally {
      opened?.()
    }
  }
}

async function openChannel({ approved, request, context, reservation }: Payment): Promise<LiveChannel> {
  try {
    const channel = await context.channels.open({ offer: approved.offer, url: request.url })
    await channel.judging
    return channel
  } catch (error) {
    reservation.release()
    throw error
  }
}

type Call = {
  readonly payment: Payment
  readonly channel: LiveChannel
  /** Absent before the call has its number. */
  readonly ticket: Ticket | undefined
}

function numberCall({ payment, channel, ticket }: Call): { ticket: Ticket; maxAtomic: Atomic } {
  if (ticket) return { ticket, maxAtomic: channel.book.takeAgain() }
  const { approved, context, request } = payment
  const { amountAtomic: ceilingAtomic } = approved.offer
  const numbered = channel.book.take({ ceilingAtomic, nowMs: context.nowMs() })
  channel.calls.set(numbered.ticket.id, { owner: context.channels.owner, url: request.url })
  return numbered
}

/** Whether somebody else's deposit is under way and this call would need one too. Throws where it may not go on at all. */
function mustWait({ payment, channel, ticket }: Call): boolean {
  const moreAtomic = ticket ? 0n : payment.approved.offer.amountAtomic
  try {
    payment.request.signal?.throwIfAborted()
    demandRunning(channel)
  } catch (error) {
    takeBack({ payment, channel, ticket })
    throw error
  }
  return channel.opening !== undefined && channel.book.shortfall(moreAtomic) > 0n
}

async function untilOpened({ payment, channel, ticket }: Call): Promise<void> {
  const { signal } = payment.request
  const opening = channel.opening ?? Promise.resolve()
  try {
    await (signal ? orAborted({ promise: opening, signal }) : opening)
  } catch (error) {
    takeBack({ payment, channel, ticket })
    throw error
  }
}

/** The call ends before it was sent, as if it had never been. */
function takeBack({ payment, channel, ticket }: Call): void {
  if (ticket) {
    channel.book.release(ticket)
    channel.calls.delete(ticket.id)
  }
  payment.reservation.release()
}

function orAborted({ promise, signal }: { promise: Promise<void>; signal: AbortSignal }): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const give = () => reject(signal.reason as Error)
  signal.addEventListener('abort', give)
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', give))
}

/** @returns the function that lets the waiting calls go on. */
function announceOpening(channel: LiveChannel): () => void {
  const { promise, resolve } = Promise.withResolvers<void>()
  channel.opening = promise
  return () => {
    if (channel.opening === promise) channel.opening = undefined
    resolve()
  }
}

type Attempt = {
  readonly payment: Payment
  readonly channel: LiveChannel
  readonly ticket: Ticket
  readonly maxAtomic: Atomic
  readonly missingAtomic: Atomic
}

/** @returns the answer for the caller, or undefined after a corrective that has been taken in. */
async function attemptCall({
  mayCorrect,
  ...attempt
}: Attempt & { mayCorrect: boolean }): Promise<Response | undefined> {
  const { payment, channel, ticket } = attempt
  const { payload, deposit, extensions } = await signOrRelease(attempt)
  const depositAtomic = deposit && BigInt(deposit.amount)
  const outcome = channelOutcome({ payment, channel, ticket, depositAtomic })
  const response = await sendPaid({ payment, payload, extensions, outcome })
  const corrective = mayCorrect ? correctiveOf({ response, channel }) : undefined
  if (!corrective) {
    return followOrClose({ response, payment, outcome }).catch((error: unknown) => {
      if (error instanceof ApprovalRequiredError) dropDeposit(channel)
      throw error
    })
  }
  await response.body?.cancel().catch(() => undefined)
  try {
    await applyCorrective({ corrective, channel, ticket })
  } catch (error) {
    outcome.refuse()
    if (error instanceof ReceiptError) outcome.stop(error)
    throw error
  }
  return undefined
}

/** Signs what the attempt needs; until the request leaves, the call can be taken back. */
async function signOrRelease({ payment, channel, ticket, maxAtomic, missingAtomic }: Attempt): Promise<{
  payload: Record<string, unknown>
  deposit: SignedDeposit | undefined
  extensions: Readonly<Record<string, unknown>> | undefined
}> {
  const { context } = payment
  try {
    const deposit = missingAtomic > 0n ? await depositFor({ payment, channel, missingAtomic }) : undefined
    const extensions = deposit && (await ensureAllowance({ payment, neededAtomic: BigInt(deposit.amount) }))
    const voucher = await signVoucher({ payment, channel, maxAtomic })
    await context.channels.save(channel)
    payment.request.signal?.throwIfAborted()
    const payload = {
      type: deposit ? 'deposit' : 'voucher',
      channelConfig: channel.config,
      voucher,
      ...(deposit ? { deposit: { amount: deposit.amount, authorization: deposit.authorization } } : {}),
    }
    return { payload, deposit, extensions }
  } catch (error) {
    takeBack({ payment, channel, ticket })
    throw error
  }
}

async function depositFor({
  payment,
  channel,
  missingAtomic,
}: {
  payment: Payment
  channel: LiveChannel
  missingAtomic: Atomic
}): Promise<SignedDeposit> {
  const { context } = payment
  const known = reusableDeposit({ channel, missingAtomic, nowMs: context.nowMs() })
  if (known) return known
  const amountAtomic = depositAmount({ payment, missingAtomic })
  // From here on it counts among what lies in channels, so that deposits into several of them keep the limit together.
  channel.depositingAtomic = amountAtomic
  try {
    const deposit = await signDeposit({ payment, channel, amountAtomic })
    dropDeposit(channel)
    channel.deposit = deposit
    return deposit
  } finally {
    channel.depositingAtomic = 0n
  }
}

/** A server remembers that it could not execute a deposit: the next one is signed anew, and this one counts as lapsed. */
function dropDeposit(channel: LiveChannel): void {
  channel.lapsedAtomic += BigInt(channel.deposit?.amount ?? '0')
  channel.deposit = undefined
}

/** `payload.voucher`, remembered as the highest where it is. */
export async function signVoucher({
  payment: { context },
  channel,
  maxAtomic,
}: {
  payment: Pick<Payment, 'context'>
  channel: LiveChannel
  maxAtomic: Atomic
}): Promise<{ channelId: string; maxClaimableAmount: string; signature: string }> {
  const { channelId, network } = channel
  const signature = await context.wallet.signTypedData(voucherData({ channelId, maxAtomic, network }))
  channel.book.signed({ maxAtomic, signature })
  return { channelId, maxClaimableAmount: maxAtomic.toString(), signature }
}
