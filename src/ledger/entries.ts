import { ACCOUNTS, nativeLedger, tokenLedger } from './accounts.ts'
import type { Entry, LedgerEvent, PostingKind } from './types.ts'

/** What every event of a token's ledger says. Amounts are atomic units of `asset`, above zero. */
type TokenEvent = {
  readonly network: string
  readonly asset: string
  readonly amountAtomic: bigint
  readonly transactionId?: string
}

type Move = { readonly debit: string; readonly credit: string; readonly kind?: PostingKind }

/**
 * The entry of one event in one token's ledger: a single posting. The id is `<event>:<subject>`, so the same event of
 * the same subject is one entry however often it is observed.
 */
function tokenEntry(
  event: LedgerEvent,
  { subject, callId, ...from }: TokenEvent & { subject: string; callId?: string },
  { debit, credit, kind = 'posted' }: Move,
): Entry {
  return {
    id: `${event}:${subject}`,
    event,
    postings: [{ ledger: tokenLedger(from), debit, credit, amount: from.amountAtomic, kind }],
    ...(callId === undefined ? {} : { callId }),
    ...(from.transactionId === undefined ? {} : { transactionId: from.transactionId }),
  }
}

/** `subject` names what was observed: the funding's id, or that and the transaction of somebody else who brought it. */
type FundingEvent = TokenEvent & { readonly subject: string }
type DepositEvent = FundingEvent & { readonly channelId: string }

/** F3: the deposit's log was seen; the payer may spend it. Dr clearing:settlement, Cr channel. */
export function depositSeen({ channelId, ...event }: DepositEvent): Entry {
  const move = { debit: ACCOUNTS.clearing, credit: ACCOUNTS.channel(channelId) }
  return tokenEntry('deposit_seen', event, move)
}

/** W6 of a deposit: the escrow holds it for good. Dr chain:channels, Cr clearing:settlement. */
export function depositFinal(event: FundingEvent): Entry {
  const move = { debit: ACCOUNTS.channels, credit: ACCOUNTS.clearing }
  return tokenEntry('deposit_final', event, move)
}

/** What was there has gone from the chain for good. `availableAtomic` is what its account can still give back. */
type Gone = { readonly availableAtomic: bigint }

/**
 * Takes from an account what the chain does not have any more. What has been spent of it is lost to us: the account never goes
 * below zero, `loss:bad-debt` bears the rest.
 */
function gone(
  event: LedgerEvent,
  { availableAtomic, ...from }: FundingEvent & Gone,
  move: { readonly debit: string; readonly credit: string },
): Entry {
  const entry = tokenEntry(event, from, move)
  const shortfall = from.amountAtomic - (availableAtomic > 0n ? availableAtomic : 0n)
  if (shortfall <= 0n) return entry
  const loss = {
    ledger: tokenLedger(from),
    debit: ACCOUNTS.badDebt,
    credit: move.debit,
    kind: 'posted',
  } as const
  return { ...entry, postings: [{ ...loss, amount: shortfall }, ...entry.postings] }
}

/** A deposit that was seen is gone. Dr channel, Cr clearing:settlement. */
export const depositUndone = ({ channelId, ...event }: DepositEvent & Gone): Entry =>
  gone('deposit_undone', event, { debit: ACCOUNTS.channel(channelId), credit: ACCOUNTS.clearing })

type PayerEvent = TokenEvent & { readonly payer: string }

/** F3: an `exact` payment was seen; it is the payer's credit. Dr clearing:settlement, Cr payer credit. */
export function exactSeen({ payer, ...event }: PayerEvent & FundingEvent): Entry {
  const move = { debit: ACCOUNTS.clearing, credit: ACCOUNTS.credit(payer) }
  return tokenEntry('exact_seen', event, move)
}

/** W6 of an `exact` payment: the till has it. Dr chain:till, Cr clearing:settlement. */
export function exactFinal(event: FundingEvent): Entry {
  const move = { debit: ACCOUNTS.till, credit: ACCOUNTS.clearing }
  return tokenEntry('exact_final', event, move)
}

/** An `exact` payment that was seen is gone. Dr payer credit, Cr clearing:settlement. */
export const exactUndone = ({ payer, ...event }: PayerEvent & FundingEvent & Gone): Entry =>
  gone('exact_undone', event, { debit: ACCOUNTS.credit(payer), credit: ACCOUNTS.clearing })

type UptoEvent = PayerEvent & { readonly callId: string }

/** A settlement may take several transactions until one stays; each is observed by itself. */
const settlementOf = ({ callId, transactionId }: { callId: string; transactionId?: string }) =>
  transactionId === undefined ? callId : `${callId}:${transactionId}`

/** W5: an `upto` settlement was seen; the payer owes that much less. Dr clearing:settlement, Cr receivable. */
export function uptoSeen({ payer, ...event }: UptoEvent): Entry {
  const move = { debit: ACCOUNTS.clearing, credit: ACCOUNTS.receivable(payer) }
  return tokenEntry('upto_seen', { subject: settlementOf(event), ...event }, move)
}

/** W6 of an `upto` settlement. Dr chain:pay-to, Cr clearing:settlement. */
export function uptoFinal(event: TokenEvent & { readonly callId: string }): Entry {
  const move = { debit: ACCOUNTS.payTo, credit: ACCOUNTS.clearing }
  return tokenEntry('upto_final', { subject: settlementOf(event), ...event }, move)
}

/** A settlement that was seen is gone: the payer owes it again. Dr receivable, Cr clearing:settlement. */
export function uptoUndone({ payer, ...event }: UptoEvent): Entry {
  const move = { debit: ACCOUNTS.receivable(payer), credit: ACCOUNTS.clearing }
  return tokenEntry('upto_undone', { subject: settlementOf(event), ...event }, move)
}

/** The settlement can never be mined: the amount is lost. Dr loss:bad-debt, Cr receivable. */
export function uptoFailed({ payer, ...event }: UptoEvent): Entry {
  const move = { debit: ACCOUNTS.badDebt, credit: ACCOUNTS.receivable(payer) }
  return tokenEntry('upto_failed', { subject: event.callId, ...event }, move)
}

type TransactionEvent = TokenEvent & { readonly transactionId: string }

/**
 * W6 of one channel's claim inside a transaction: the contract owes it to us. `amountAtomic` is what the claim added to the
 * channel's total. Dr clearing:settlement, Cr chain:channels.
 *
 * @param event.subject the transaction's id, or the hash of somebody else's.
 */
export function claimFinal({ channelId, subject, ...event }: DepositEvent): Entry {
  const move = { debit: ACCOUNTS.clearing, credit: ACCOUNTS.channels }
  return tokenEntry('claim_final', { subject: `${subject}:${channelId}`, ...event }, move)
}

/**
 * W6 of a settle: claimed money reached `payTo`. Dr chain:pay-to, Cr clearing:settlement.
 *
 * @param event.subject the transaction's id, or hash and log of somebody else's.
 */
export function settleFinal(event: FundingEvent): Entry {
  const move = { debit: ACCOUNTS.payTo, credit: ACCOUNTS.clearing }
  return tokenEntry('settle_final', event, move)
}

type ChannelRefund = TokenEvent & { readonly refundId: string; readonly channelId: string }

const channelRefund = (event: LedgerEvent, kind: PostingKind) => {
  return ({ refundId, channelId, ...rest }: ChannelRefund): Entry =>
    tokenEntry(
      event,
      { subject: refundId, ...rest },
      { debit: ACCOUNTS.channel(channelId), credit: ACCOUNTS.channels, kind },
    )
}

/** A refund is held against the channel, pending: no call can spend it any more. */
export const channelRefundHeld = channelRefund('channel_refund_held', 'pending')
/** The refund was seen on chain: its hold is posted. Dr channel, Cr chain:channels. */
export const channelRefundSeen = channelRefund('channel_refund_seen', 'posted')
/** The refund failed for good: its hold is voided. */
export const channelRefundFailed = channelRefund('channel_refund_failed', 'voided')

/** A refund that was seen is gone: the channel has it again. Dr chain:channels, Cr channel. */
export function channelRefundUndone({ refundId, channelId, ...event }: ChannelRefund): Entry {
  const move = { debit: ACCOUNTS.channels, credit: ACCOUNTS.channel(channelId) }
  return tokenEntry('channel_refund_undone', { subject: refundId, ...event }, move)
}

export type CreditRefund = PayerEvent & { readonly refundId: string }

const creditRefund = (event: LedgerEvent, kind: PostingKind) => {
  return ({ refundId, payer, ...rest }: CreditRefund): Entry =>
    tokenEntry(
      event,
      { subject: refundId, ...rest },
      { debit: ACCOUNTS.credit(payer), credit: ACCOUNTS.till, kind },
    )
}

/** A refund by the till is held against a payer's credit, pending. */
export const creditRefundHeld = creditRefund('credit_refund_held', 'pending')
/** The till's transfer was seen: the hold is posted. Dr payer credit, Cr chain:till. */
export const creditRefundSeen = creditRefund('credit_refund_seen', 'posted')
/** The till's transfer failed for good: the hold is voided. */
export const creditRefundFailed = creditRefund('credit_refund_failed', 'voided')

/** A refund by the till that was seen is gone: the payer has its credit again. Dr chain:till, Cr payer credit. */
export function creditRefundUndone({ refundId, payer, ...event }: CreditRefund): Entry {
  const move = { debit: ACCOUNTS.till, credit: ACCOUNTS.credit(payer) }
  return tokenEntry('credit_refund_undone', { subject: refundId, ...event }, move)
}

const withdrawalFee = (event: LedgerEvent, kind: PostingKind) => {
  return ({ refundId, payer, ...rest }: CreditRefund): Entry =>
    tokenEntry(
      event,
      { subject: refundId, ...rest },
      { debit: ACCOUNTS.credit(payer), credit: ACCOUNTS.revenue, kind },
    )
}

/** What a payer pays for the gas of a withdrawal that it asked for, held beside the refund itself. Dr payer credit, Cr revenue. */
export const withdrawalFeeHeld = withdrawalFee('withdrawal_fee_held', 'pending')
/** The withdrawal was seen on chain: its fee is earned. */
export const withdrawalFeeSeen = withdrawalFee('withdrawal_fee_seen', 'posted')
/** The withdrawal failed for good: it costs nothing. */
export const withdrawalFeeFailed = withdrawalFee('withdrawal_fee_failed', 'voided')

/** The withdrawal that was seen is gone: so is its fee. Dr revenue, Cr payer credit. */
export function withdrawalFeeUndone({ refundId, payer, ...event }: CreditRefund): Entry {
  const move = { debit: ACCOUNTS.revenue, credit: ACCOUNTS.credit(payer) }
  return tokenEntry('withdrawal_fee_undone', { subject: refundId, ...event }, move)
}

/**
 * The payer took money out of its channel by itself, past us. Dr channel, Cr chain:channels, without a hold. Of charges that were
 * not claimed in time the loss is ours.
 */
export const channelWithdrawn = ({ channelId, ...event }: DepositEvent & Gone): Entry =>
  gone('channel_withdrawn', event, { debit: ACCOUNTS.channel(channelId), credit: ACCOUNTS.channels })

/** The till's surplus went to the cold address. Dr chain:pay-to, Cr chain:till. */
export function sweepFinal(event: TransactionEvent): Entry {
  return tokenEntry(
    'sweep_final',
    { subject: event.transactionId, ...event },
    { debit: ACCOUNTS.payTo, credit: ACCOUNTS.till },
  )
}

/** What a mined transaction cost, failed ones included, in wei of the chain's own ledger. Dr expense:gas, Cr the lane's key. */
export function gasPaid({
  network,
  lane,
  transactionId,
  amountWei,
}: {
  readonly network: string
  readonly lane: 'signer' | 'till'
  readonly transactionId: string
  /** gasUsed times effectiveGasPrice, plus the L1 fee where there is one. */
  readonly amountWei: bigint
}): Entry {
  return {
    id: `gas_paid:${transactionId}`,
    event: 'gas_paid',
    transactionId,
    postings: [
      {
        ledger: nativeLedger(network),
        debit: ACCOUNTS.gas,
        credit: lane === 'signer' ? ACCOUNTS.signer : ACCOUNTS.till,
        amount: amountWei,
        kind: 'posted',
      },
    ],
  }
}

/**
 * What an issuer has kept of a transfer that was made in full: booked whole, it arrived less. Dr expense:token-fee, Cr the account
 * that it was to arrive at.
 */
export function tokenFee({ account, ...event }: FundingEvent & { readonly account: string }): Entry {
  return tokenEntry('token_fee', event, { debit: ACCOUNTS.tokenFee, credit: account })
}

/** What an own address held before the ledger began. Dr the chain account, Cr equity:opening. */
export function opening({
  ledger,
  account,
  amount,
}: {
  readonly ledger: string
  readonly account: string
  readonly amount: bigint
}): Entry {
  return {
    id: `opening:${ledger}:${account}`,
    event: 'opening',
    postings: [{ ledger, debit: account, credit: ACCOUNTS.opening, amount, kind: 'posted' }],
  }
}
