import { formatUsd, type PicoUsd } from '../../lib/money.ts'
import type { Address, Hex, Network } from '../../payment/types.ts'

/** What a payment was refused for, before anything was signed. */
export type SpendRule =
  | 'max_per_call'
  | 'max_per_hour'
  | 'max_per_run'
  | 'max_total'
  | 'max_deposit'
  | 'max_in_channels'
  | 'withdraw_delay'
  | 'offers_disagree'
  | 'host'
  | 'recipient'
  | 'network'
  | 'asset'
  | 'scheme'

/**
 * The wallet's own limits forbid this payment. Nothing was signed and nothing was sent but the unpaid request.
 *
 * The OpenAI SDK wraps it: look at `error.cause` of its `APIConnectionError`.
 */
export class SpendRefusedError extends Error {
  override readonly name = 'SpendRefusedError'
  readonly rule: SpendRule
  /** Decimal USD, for the rules that are caps. */
  readonly limitUsd?: string
  readonly askedUsd?: string
  readonly excessUsd?: string

  constructor(
    rule: SpendRule,
    message: string,
    amounts?: { readonly limitPicoUsd: PicoUsd; readonly askedPicoUsd: PicoUsd },
  ) {
    super(message)
    this.rule = rule
    if (!amounts) return
    this.limitUsd = formatUsd(amounts.limitPicoUsd)
    this.askedUsd = formatUsd(amounts.askedPicoUsd)
    this.excessUsd = formatUsd(amounts.askedPicoUsd - amounts.limitPicoUsd)
  }
}

/** A cap would be passed: says which option to raise, and by how much. */
export const overCap = ({
  rule,
  option,
  what,
  limitPicoUsd,
  askedPicoUsd,
}: {
  rule: SpendRule
  /** The name of the cap among the options. */
  option: string
  what: string
  limitPicoUsd: PicoUsd
  askedPicoUsd: PicoUsd
}): SpendRefusedError =>
  new SpendRefusedError(
    rule,
    `${what} may cost $${formatUsd(askedPicoUsd)}, which is $${formatUsd(askedPicoUsd - limitPicoUsd)} over ${option} ($${formatUsd(limitPicoUsd)}). Raise it to allow that. Nothing was signed.`,
    { limitPicoUsd, askedPicoUsd },
  )

/** How a server's word about money can be wrong. */
export type ReceiptFault =
  | 'charge_above_ceiling'
  | 'charged_above_signed'
  | 'foreign_channel'
  | 'foreign_payer'
  | 'foreign_network'
  | 'foreign_call'
  | 'sums_disagree'
  | 'malformed'
  | 'forged_proof'
  | 'redirected'
  | 'channel_stopped'
  | 'channel_withdrawing'

/**
 * The server said something about money that contradicts what this wallet signed. The channel is not used again; what was signed before stays the most that can be claimed, and the rest of the deposit can be withdrawn.
 */
export class ReceiptError extends Error {
  override readonly name = 'ReceiptError'
  readonly fault: ReceiptFault
  readonly channelId?: string

  constructor(fault: ReceiptFault, message: string, channelId?: string) {
    super(message)
    this.fault = fault
    if (channelId !== undefined) this.channelId = channelId
  }
}

/** The body is a stream that cannot be sent a second time, and a payment needs the same request twice. */
export class BodyNotReplayableError extends Error {
  override readonly name = 'BodyNotReplayableError'
}

/** The server did not refund; `status` and `code` are those of its answer. */
export class RefundError extends Error {
  override readonly name = 'RefundError'
  readonly status: number
  readonly code: string | undefined

  constructor({ status, code, message }: { status: number; code: string | undefined; message: string }) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Why something on chain was not done. */
export type ChainFault =
  | 'wrong_chain'
  | 'unreadable'
  | 'transaction_failed'
  | 'channel_unknown'
  | 'nothing_to_withdraw'
  | 'no_withdrawal'
  | 'withdrawal_waits'

/** A withdrawal or an approval could not be carried out; `fault` says why. */
export class ChainError extends Error {
  override readonly name = 'ChainError'
  readonly fault: ChainFault

  constructor(fault: ChainFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/**
 * The token has to be released to Permit2 once, by a transaction of the payer, before it can pay this way. Send `call`
 * from the paying wallet, or give the paying fetch `approvals` and let it do so.
 */
export class ApprovalRequiredError extends Error {
  override readonly name = 'ApprovalRequiredError'
  readonly code = 'permit2_allowance_required'
  readonly network: Network
  readonly token: Address
  /** `approve(Permit2, amount)` on the token. */
  readonly call: { readonly to: Address; readonly data: Hex }

  constructor({
    network,
    call,
    message,
  }: {
    network: Network
    call: { readonly to: Address; readonly data: Hex }
    message: string
  }) {
    super(message)
    this.network = network
    this.token = call.to
    this.call = call
  }
}
