import { LIMITS } from '../lib/limits.ts'
import { maxBigint, type Atomic } from '../lib/money.ts'
import type { Address, ChannelState, Turn, Voucher } from './types.ts'

/**
 * The admission rule of a channel, as a pure function over one locked row (docs/PAYMENTS.md).
 *
 * Stock clients sign "what I know to be charged, plus this call's ceiling". Calls in parallel therefore carry the same
 * voucher, and a voucher is no identity. The highest voucher ever accepted covers all calls together; where it does
 * not reach, one client at a time is told the sum to sign for, and gets a moment in which its room is reserved.
 *
 * Kept at all times: charged + held <= highest voucher, and charged + held <= confirmed balance. What is charged or held and not
 * claimed is at risk while no claim can be mined, so it has a limit of its own.
 */
export type AdmissionVerdict =
  /** The payer takes its money out: nothing is served from this channel any more. */
  | { readonly kind: 'withdrawing'; readonly state: ChannelState }
  /** Too much of the channel waits to be claimed: ask again when a claim has been mined. */
  | { readonly kind: 'unclaimed'; readonly state: ChannelState }
  /** Serve the call; `state` holds its ceiling. */
  | { readonly kind: 'admit'; readonly state: ChannelState }
  /** Execute the deposit first, without a lock; `state` gives this client the turn until then. Then ask again. */
  | { readonly kind: 'deposit'; readonly state: ChannelState }
  /** Another client has the turn: ask again when it has ended, at `untilMs` at the latest. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  /**
   * Answer with a corrective 402 (payment/offers/corrective) made from `state`, which either gives this client the turn or,
   * where it had it already, ends it: a stock client gives up after its second corrective.
   */
  | { readonly kind: 'corrective'; readonly state: ChannelState }

/** How long a depositing client keeps its turn: as long as its deposit can still be executed. */
const DEPOSIT_TURN_MS = LIMITS.maxTimeoutSeconds * 1000

export function endTurn({ state }: { state: ChannelState }): ChannelState {
  const { turn: _ended, ...rest } = state
  return rest
}

/**
 * Gives one client the turn.
 *
 * @param quoteNonces the quotes by which the client is known again: the one it paid with, and the corrective 402's.
 */
export function takeTurn({
  state,
  payer,
  quoteNonces,
  reservedAtomic,
  nowMs,
  forMs = LIMITS.turnMs,
}: {
  state: ChannelState
  payer: Address
  quoteNonces: readonly string[]
  reservedAtomic: Atomic
  nowMs: number
  forMs?: number
}): ChannelState {
  return { ...state, turn: { payer, quoteNonces, reservedAtomic, expiresAtMs: nowMs + forMs } }
}

const activeTurn = ({ state, nowMs }: { state: ChannelState; nowMs: number }): Turn | undefined =>
  state.turn && state.turn.expiresAtMs > nowMs ? state.turn : undefined

/** A call that is dearer than the limit is served all the same, alone: no claim would ever make room for it. */
function isUnclaimedFull({
  state,
  ceilingAtomic,
  unclaimedLimitAtomic,
}: {
  state: ChannelState
  ceilingAtomic: Atomic
  unclaimedLimitAtomic: Atomic | undefined
}): boolean {
  const unclaimedAtomic = state.chargedAtomic + state.heldAtomic - state.claimedAtomic
  if (unclaimedLimitAtomic === undefined || unclaimedAtomic <= 0n) return false
  return unclaimedAtomic + ceilingAtomic > unclaimedLimitAtomic
}

function isCovered({
  state,
  voucher,
  ceilingAtomic,
  reservedAtomic,
  isMine,
}: {
  state: ChannelState
  voucher: Voucher
  ceilingAtomic: Atomic
  reservedAtomic: Atomic
  isMine: boolean
}): boolean {
  const needAtomic = state.chargedAtomic + state.heldAtomic + reservedAtomic + ceilingAtomic
  const highestAtomic = maxBigint(state.highest?.maxAtomic ?? 0n, voucher.maxAtomic)
  return (
    voucher.maxAtomic > (state.publishedAtomic ?? 0n) &&
    highestAtomic >= needAtomic &&
    // A voucher that is below what has been charged meanwhile comes from a client that has to learn of it. In its own
    // turn it has just learnt: a call that was admitted beside the turn and has ended since must not make it give up.
    (isMine || voucher.maxAtomic >= state.chargedAtomic + ceilingAtomic) &&
    needAtomic <= state.balanceAtomic
  )
}

function hold({
  state,
  voucher,
  ceilingAtomic,
}: {
  state: ChannelState
  voucher: Voucher
  ceilingAtomic: Atomic
}): ChannelState {
  const isHighest = voucher.maxAtomic > (state.highest?.maxAtomic ?? 0n)
  return {
    ...state,
    heldAtomic: state.heldAtomic + ceilingAtomic,
    ...(isHighest ? { highest: voucher } : {}),
  }
}

/**
 * Decides about one call on a channel. Its quote must be unused and its voucher's signature good (payment/check/check).
 *
 * @param state the row as it is under the lock; the caller writes back the state of the verdict.
 * @param voucher the call's own voucher, never replaced by an older one.
 * @param quoteNonce the quote that the client echoes: by it, not by the voucher, a client in its turn is known.
 * @param correctiveQuoteNonce the quote that a corrective 402 would carry; its client may pay with either.
 * @param mayDeposit the payment brings a deposit that has not been executed yet.
 * @param unclaimedLimitAtomic what may be charged or held and not claimed; absent: as much as the balance.
 */
export function admitVoucher({
  state,
  voucher,
  ceilingAtomic,
  payer,
  quoteNonce,
  correctiveQuoteNonce,
  nowMs,
  mayDeposit = false,
  unclaimedLimitAtomic,
}: {
  state: ChannelState
  voucher: Voucher
  ceilingAtomic: Atomic
  payer: Address
  quoteNonce: string
  correctiveQuoteNonce?: string
  nowMs: number
  mayDeposit?: boolean
  unclaimedLimitAtomic?: Atomic
}): AdmissionVerdict {
  if (state.withdrawRequestedAt > 0) return { kind: 'withdrawing', state }
  // Before the deposit: money that could buy nothing now is not asked for.
  if (isUnclaimedFull({ state, ceilingAtomic, unclaimedLimitAtomic })) {
    return { kind: 'unclaimed', state }
  }
  const turn = activeTurn({ state, nowMs })
  const isMine = turn !== undefined && turn.payer === payer && turn.quoteNonces.includes(quoteNonce)
  const theirTurn = isMine ? undefined : turn
  const isShort = state.balanceAtomic < state.chargedAtomic + state.heldAtomic + ceilingAtomic
  if (mayDeposit && isShort) {
    if (theirTurn) return { kind: 'wait', untilMs: theirTurn.expiresAtMs }
    const quoteNonces = isMine ? turn.quoteNonces : [quoteNonce]
    const reservedAtomic = ceilingAtomic
    return {
      kind: 'deposit',
      state: takeTurn({ state, payer, quoteNonces, reservedAtomic, nowMs, forMs: DEPOSIT_TURN_MS }),
    }
  }
  const reservedAtomic = theirTurn?.reservedAtomic ?? 0n
  const withoutOwnTurn = theirTurn ? state : endTurn({ state })
  if (isCovered({ state, voucher, ceilingAtomic, reservedAtomic, isMine })) {
    return { kind: 'admit', state: hold({ state: withoutOwnTurn, voucher, ceilingAtomic }) }
  }
  if (isMine) return { kind: 'corrective', state: withoutOwnTurn }
  if (theirTurn) return { kind: 'wait', untilMs: theirTurn.expiresAtMs }
  const quoteNonces = correctiveQuoteNonce === undefined ? [quoteNonce] : [quoteNonce, correctiveQuoteNonce]
  return {
    kind: 'corrective',
    state: takeTurn({ state, payer, quoteNonces, reservedAtomic: ceilingAtomic, nowMs }),
  }
}

/**
 * Admits several calls on one channel at once, or none: the fast path of a database statement.
 *
 * It answers exactly as {@link admitVoucher} would call by call, provided that no turn is active and every call is
 * admitted; in any other case the calls must be asked one by one.
 *
 * @returns the state with every ceiling held, or undefined.
 */
export function admitGroup({
  state,
  items,
  nowMs,
}: {
  state: ChannelState
  items: readonly {
    readonly voucher: Voucher
    readonly ceilingAtomic: Atomic
    readonly unclaimedLimitAtomic?: Atomic
  }[]
  nowMs: number
}): ChannelState | undefined {
  if (state.withdrawRequestedAt > 0 || activeTurn({ state, nowMs })) return undefined
  let next = endTurn({ state })
  for (const { voucher, ceilingAtomic, unclaimedLimitAtomic } of items) {
    if (isUnclaimedFull({ state: next, ceilingAtomic, unclaimedLimitAtomic })) return undefined
    if (!isCovered({ state: next, voucher, ceilingAtomic, reservedAtomic: 0n, isMine: false }))
      return undefined
    next = hold({ state: next, voucher, ceilingAtomic })
  }
  return next
}

/**
 * Ends a call: its ceiling is released and its charge is booked.
 *
 * @throws RangeError where the charge exceeds the ceiling or the ceiling was not held; neither may ever happen.
 */
export function finishCall({
  state,
  ceilingAtomic,
  chargeAtomic,
}: {
  state: ChannelState
  ceilingAtomic: Atomic
  chargeAtomic: Atomic
}): ChannelState {
  if (chargeAtomic < 0n || chargeAtomic > ceilingAtomic)
    throw new RangeError('The charge exceeds the ceiling.')
  if (ceilingAtomic > state.heldAtomic) throw new RangeError('The ceiling was not held.')
  return {
    ...state,
    heldAtomic: state.heldAtomic - ceilingAtomic,
    chargedAtomic: state.chargedAtomic + chargeAtomic,
  }
}
