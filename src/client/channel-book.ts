import { LIMITS } from '../lib/limits.ts'
import { maxBigint, minBigint, type Atomic } from '../lib/money.ts'
import type { Voucher } from '../payment/types.ts'
import { ReceiptError } from './errors.ts'

/** After this time a call has ended at the server, whatever became of its answer. */
export const CALL_IS_OVER_MS = (LIMITS.quoteSeconds + LIMITS.callSeconds) * 1_000

/** One call's place in the numbering; its ceiling counts as out until its charge is known. */
export type Ticket = {
  readonly ceilingAtomic: Atomic
  readonly takenAtMs: number
  readonly order: number
}

/** What is kept of a channel between two processes. */
export type BookState = {
  /** Believed to be charged. */
  readonly settledAtomic: Atomic
  /** Ceilings of calls whose charge is not known. */
  readonly outAtomic: Atomic
  /** The highest sum that this wallet put its name to, and its signature once it is made. */
  readonly signedAtomic: Atomic
  readonly signature?: Voucher['signature']
  /** The highest sum that the server has reported as charged. */
  readonly reportedAtomic: Atomic
  /** What a claim has made public, by the server's word: only vouchers above it are accepted. */
  readonly publishedAtomic: Atomic
  /** Confirmed in the channel, by the server's word. */
  readonly balanceAtomic: Atomic
}

export const EMPTY_BOOK: BookState = {
  settledAtomic: 0n,
  outAtomic: 0n,
  signedAtomic: 0n,
  reportedAtomic: 0n,
  publishedAtomic: 0n,
  balanceAtomic: 0n,
}

/** What a receipt or a corrective 402 says. */
export type Report = {
  readonly chargeAtomic: Atomic
  readonly reportedAtomic?: Atomic
  readonly balanceAtomic?: Atomic
}

export type ChannelBook = {
  readonly state: () => BookState
  /** Counts a call in and says what its voucher must be signed for, in one step: calls in parallel never share a number. */
  readonly take: (parameters: { ceilingAtomic: Atomic; nowMs: number }) => {
    readonly ticket: Ticket
    readonly maxAtomic: Atomic
  }
  /** The number for signing a corrected call again. */
  readonly takeAgain: () => Atomic
  readonly signed: (voucher: Voucher) => void
  /** The call's charge is known from its receipt. Heard twice, it counts once. */
  readonly receive: (parameters: { ticket: Ticket; report: Report }) => void
  /** The charge is known, but not from a receipt, which would also tell the channel's sum. */
  readonly settle: (parameters: { ticket: Ticket; chargeAtomic: Atomic }) => void
  /** The call was not admitted: its room is free again. */
  readonly release: (ticket: Ticket) => void
  /** A corrective 402 whose proof was found good: goes on from its sum. */
  readonly correct: (parameters: {
    ticket: Ticket
    committedAtomic: Atomic
    chargedAtomic?: Atomic
    heldAtomic?: Atomic
    publishedAtomic?: Atomic
    /** The highest voucher, where the server proved it. */
    provenAtomic?: Atomic
    balanceAtomic: Atomic
  }) => void
  /** @param exact the balance fell by a refund; otherwise the highest one heard of counts, as answers overtake each other. */
  readonly learnBalance: (parameters: { balanceAtomic: Atomic; exact?: boolean }) => void
  /** How much the channel lacks for all calls that are out and one more; at most zero where it suffices. */
  readonly shortfall: (moreAtomic: Atomic) => Atomic
}

/**
 * The numbering of one channel's vouchers by the one client that uses it (docs/PAYMENTS.md, "own client").
 *
 * Every voucher is signed for all that is charged, plus the ceilings of all calls that are out, this one included. Of
 * those that have arrived at the server, the one numbered last therefore covers every call numbered before it, in any
 * order of arrival, so that the server has nothing to correct.
 *
 * @param loadedAtMs when the state was written: what was out then is over some time later, though nobody heard of it.
 */
export function createChannelBook({
  state = EMPTY_BOOK,
  loadedAtMs = 0,
}: { state?: BookState; loadedAtMs?: number } = {}): ChannelBook {
  let { settledAtomic, outAtomic, signedAtomic, signature, reportedAtomic, balanceAtomic } = state
  let { publishedAtomic } = state
  let order = 0
  /** Charges that no report is known to contain, since they were learnt by asking for the call. */
  let unreported = { chargeAtomic: 0n, order: 0 }
  const open = new Set<Ticket>()
  if (outAtomic > 0n) open.add({ ceilingAtomic: outAtomic, takenAtMs: loadedAtMs, order: 0 })

  function close(ticket: Ticket): boolean {
    if (!open.delete(ticket)) return false
    outAtomic -= ticket.ceilingAtomic
    return true
  }

  /** Answers that never came stop counting once a call that began after their end has reported the channel's sum. */
  function forgetLost(later: Ticket): void {
    const isOver = (ticket: Ticket) => later.takenAtMs - ticket.takenAtMs >= CALL_IS_OVER_MS
    if ([...open].every(isOver)) for (const ticket of open) close(ticket)
  }

  /** With nothing out, the server's sum and ours are the same, or another client uses the channel. */
  function reconcile(): void {
    if (outAtomic > 0n) return
    const highestAtomic = reportedAtomic + unreported.chargeAtomic
    settledAtomic = maxBigint(reportedAtomic, minBigint(settledAtomic, highestAtomic))
  }

  function learnReported(sumAtomic: Atomic): void {
    if (sumAtomic > signedAtomic) {
      throw new ReceiptError(
        'charged_above_signed',
        `The server reports ${sumAtomic} atomic units as charged; this wallet signed for ${signedAtomic} at most.`,
      )
    }
    reportedAtomic = maxBigint(reportedAtomic, sumAtomic)
  }

  function demandCharge({ ticket, chargeAtomic }: { ticket: Ticket; chargeAtomic: Atomic }): void {
    if (chargeAtomic <= ticket.ceilingAtomic) return
    throw new ReceiptError(
      'charge_above_ceiling',
      `The server charged ${chargeAtomic} atomic units for a call that was signed for ${ticket.ceilingAtomic}.`,
    )
  }

  const learnBalance = (heard: { balanceAtomic: Atomic; exact?: boolean }) => {
    balanceAtomic = heard.exact ? heard.balanceAtomic : maxBigint(balanceAtomic, heard.balanceAtomic)
  }

  /** All that is charged and out, counted from where a claim has left the public vouchers. */
  function number(): Atomic {
    const maxAtomic = maxBigint(settledAtomic, publishedAtomic) + outAtomic
    if (maxAtomic > signedAtomic) [signedAtomic, signature] = [maxAtomic, undefined]
    return maxAtomic
  }

  return {
    state: () => ({
      settledAtomic,
      outAtomic,
      signedAtomic,
      ...(signature === undefined ? {} : { signature }),
      reportedAtomic,
      publishedAtomic,
      balanceAtomic,
    }),
    take({ ceilingAtomic, nowMs }) {
      order += 1
      const ticket: Ticket = { ceilingAtomic, takenAtMs: nowMs, order }
      open.add(ticket)
      outAtomic += ceilingAtomic
      return { ticket, maxAtomic: number() }
    },
    takeAgain: number,
    signed(voucher) {
      if (voucher.maxAtomic === signedAtomic) signature = voucher.signature
    },
    receive({ ticket, report }) {
      if (!open.has(ticket)) return
      demandCharge({ ticket, chargeAtomic: report.chargeAtomic })
      if (report.reportedAtomic !== undefined) learnReported(report.reportedAtomic)
      if (report.balanceAtomic !== undefined) learnBalance({ balanceAtomic: report.balanceAtomic })
      close(ticket)
      settledAtomic += report.chargeAtomic
      if (report.reportedAtomic === undefined) {
        unreported = { chargeAtomic: unreported.chargeAtomic + report.chargeAtomic, order }
        return
      }
      if (ticket.order > unreported.order) unreported = { chargeAtomic: 0n, order: 0 }
      forgetLost(ticket)
      reconcile()
    },
    settle({ ticket, chargeAtomic }) {
      if (!open.has(ticket)) return
      demandCharge({ ticket, chargeAtomic })
      close(ticket)
      settledAtomic += chargeAtomic
      unreported = { chargeAtomic: unreported.chargeAtomic + chargeAtomic, order }
    },
    release: (ticket) => void close(ticket),
    correct({ ticket, committedAtomic, balanceAtomic, chargedAtomic = 0n, provenAtomic = 0n, ...heard }) {
      publishedAtomic = maxBigint(publishedAtomic, minBigint(heard.publishedAtomic ?? 0n, committedAtomic))
      if (provenAtomic > signedAtomic) [signedAtomic, signature] = [provenAtomic, undefined]
      reportedAtomic = maxBigint(reportedAtomic, minBigint(chargedAtomic, committedAtomic))
      // The sum to go on from may be that of the public vouchers; what is owed is what is charged and held.
      const owedAtomic = heard.heldAtomic === undefined ? committedAtomic : chargedAtomic + heard.heldAtomic
      settledAtomic = maxBigint(
        settledAtomic,
        minBigint(owedAtomic, committedAtomic) + ticket.ceilingAtomic - outAtomic,
      )
      learnBalance({ balanceAtomic })
    },
    learnBalance,
    shortfall: (moreAtomic) => settledAtomic + outAtomic + moreAtomic - balanceAtomic,
  }
}
