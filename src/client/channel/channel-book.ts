import { LIMITS } from '../../lib/limits.ts'
import { maxBigint, minBigint, type Atomic } from '../../lib/money.ts'
import type { Voucher } from '../../payment/types.ts'
import { ReceiptError } from '../wire/errors.ts'

/** After this time a call has ended at the server, whatever became of its answer. */
export const CALL_IS_OVER_MS = (LIMITS.quoteSeconds + LIMITS.callSeconds) * 1_000

/** One call's place in the numbering; its ceiling counts as out until its charge is known. */
export type Ticket = {
  readonly id: string
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
  /** The calls whose charge is not known. */
  readonly open: () => readonly Ticket[]
  /** The number for signing a corrected call again. */
  readonly takeAgain: () => Atomic
  readonly signed: (voucher: Voucher) => void
  /** Another process of this wallet has put its name to that. */
  readonly learnSigned: (signed: { signedAtomic: Atomic; signature?: Voucher['signature'] }) => void
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
  /**
   * What the server reports as charged beyond all receipts and all calls that are out: another user of the channel, or a
   * lie. Until it is accepted no voucher counts it.
   */
  readonly unexplained: () => Atomic
  /** The server's sum is believed: somebody else of this wallet uses the channel too. */
  readonly accept: () => void
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
 * @param calls of an earlier process whose charges nobody heard.
 * @param mayBeShared whether others may sign for the channel of whom this process has not heard yet.
 */
export function createChannelBook({
  state = EMPTY_BOOK,
  calls = [],
  mayBeShared = () => false,
}: {
  state?: Omit<BookState, 'outAtomic'>
  calls?: readonly Ticket[]
  mayBeShared?: () => boolean
} = {}): ChannelBook {
  let { settledAtomic, signedAtomic, signature, reportedAtomic, balanceAtomic } = state
  let { publishedAtomic } = state
  let order = 0
  /** Charges that no report is known to contain, since they were learnt by asking for the call. */
  let unreported = { chargeAtomic: 0n, order: 0 }
  /** The highest sum that was reported, believed or not. */
  let toldAtomic = reportedAtomic
  /** What others may still be charged of that a corrective 402 has told as held. */
  let foreignAtomic = 0n
  const open = new Set(calls)
  let outAtomic = calls.reduce((sum, { ceilingAtomic }) => sum + ceilingAtomic, 0n)

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

  const unexplained = () => maxBigint(0n, toldAtomic - settledAtomic - outAtomic - foreignAtomic)

  /** What was told as held for others is charged now. */
  function admitForeign(): void {
    const excessAtomic = minBigint(maxBigint(0n, reportedAtomic - settledAtomic - outAtomic), foreignAtomic)
    foreignAtomic -= excessAtomic
    settledAtomic += excessAtomic
  }

  /** With nothing out, the server's sum and ours are the same. */
  function reconcile(): void {
    if (outAtomic > 0n) return
    const highestAtomic = reportedAtomic + unreported.chargeAtomic
    settledAtomic = maxBigint(reportedAtomic, minBigint(settledAtomic, highestAtomic))
  }

  function learnReported(sumAtomic: Atomic): void {
    if (sumAtomic > signedAtomic && !mayBeShared()) {
      throw new ReceiptError(
        'charged_above_signed',
        `The server reports ${sumAtomic} atomic units as charged; this wallet signed for ${signedAtomic} at most.`,
      )
    }
    toldAtomic = maxBigint(toldAtomic, sumAtomic)
    reportedAtomic = maxBigint(reportedAtomic, minBigint(sumAtomic, signedAtomic))
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
    open: () => [...open],
    take({ ceilingAtomic, nowMs }) {
      order += 1
      const ticket: Ticket = { id: crypto.randomUUID(), ceilingAtomic, takenAtMs: nowMs, order }
      open.add(ticket)
      outAtomic += ceilingAtomic
      return { ticket, maxAtomic: number() }
    },
    takeAgain: number,
    signed(voucher) {
      if (voucher.maxAtomic === signedAtomic) signature = voucher.signature
    },
    learnSigned(heard) {
      if (heard.signedAtomic > signedAtomic) [signedAtomic, signature] = [heard.signedAtomic, heard.signature]
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
      if (unexplained() > 0n) return
      admitForeign()
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
      const othersOutAtomic = outAtomic - ticket.ceilingAtomic
      settledAtomic = maxBigint(settledAtomic, minBigint(owedAtomic, committedAtomic) - othersOutAtomic)
      foreignAtomic = maxBigint(foreignAtomic, owedAtomic - chargedAtomic - othersOutAtomic)
      learnBalance({ balanceAtomic })
    },
    unexplained,
    accept() {
      settledAtomic = maxBigint(settledAtomic, reportedAtomic - outAtomic)
      // What is above it was signed by others: a corrective 402 will have to show their voucher.
      toldAtomic = reportedAtomic
    },
    learnBalance,
    shortfall: (moreAtomic) => settledAtomic + outAtomic + moreAtomic - balanceAtomic,
  }
}
