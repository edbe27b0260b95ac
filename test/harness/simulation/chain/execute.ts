import { BATCH_SETTLEMENT } from '../../../../src/payment/tokens/contracts.ts'
import type { Address, Hex } from '../../../../src/payment/types.ts'
import type { ClaimOperation, Operation, Permission } from './operations.ts'
import { balanceOf, type ChainState, held } from './state.ts'

export class Revert extends Error {}

export type Booked = {
  readonly channelId: Hex
  readonly addedAtomic: bigint
  readonly totalClaimedAtomic: bigint
}

/** What an operation leaves in its receipt. */
export type Logs = { readonly transfers: readonly Moved[]; readonly claims: readonly Booked[] }

export type Moved = {
  readonly token: Address
  readonly from: Address
  readonly to: Address
  readonly value: bigint
}

/** Where and when an operation runs, and what the contracts' owner has set. */
export type Execution = {
  readonly state: ChainState
  readonly sender: Address
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly payTo: Address
  /** The token does not revert where an authorisation was used before: it succeeds and moves nothing. */
  readonly isSilent: boolean
}

function demand(isGood: boolean, reason: string): void {
  if (!isGood) throw new Revert(reason)
}

/** Who keeps what a token takes of a transfer. */
const ISSUER = '0x00000000000000000000000000000000000001ee'
const BPS = 10_000n

/** A token that takes a fee of a transfer moves it in two. */
function move({ state }: Execution, moved: Moved): Moved[] {
  const { token, from, to, value } = moved
  demand(balanceOf(state, token, from) >= value, 'insufficient_balance')
  const fee = (value * (state.feeBps.get(token) ?? 0n)) / BPS
  const parts = [
    { ...moved, value: value - fee },
    ...(fee > 0n ? [{ ...moved, to: ISSUER, value: fee } as const] : []),
  ]
  state.journal.put(state.balances, held(token, from), balanceOf(state, token, from) - value)
  state.journal.put(state.feesOf, held(token, to), (state.feesOf.get(held(token, to)) ?? 0n) + fee)
  for (const part of parts)
    state.journal.put(state.balances, held(token, part.to), balanceOf(state, token, part.to) + part.value)
  return parts
}

/** Uses the nonce up and moves what was signed for. */
function collect(
  execution: Execution,
  { permission, moved, permitted }: { permission: Permission; moved: Moved; permitted: bigint },
): Moved[] {
  const { state, timestamp, isSilent } = execution
  const { nonce, validAfter, validBefore, isPermit2 } = permission
  const isUsed = state.used.has(nonce)
  if (isUsed && isSilent && !isPermit2) return []
  demand(!isUsed, 'nonce_used')
  demand(timestamp >= validAfter && timestamp < validBefore, 'authorization_expired')
  demand(moved.value <= permitted, 'amount_exceeds_permitted')
  if (isPermit2) {
    const key = held(moved.token, moved.from)
    const allowance = state.allowances.get(key) ?? 0n
    demand(allowance >= moved.value, 'insufficient_allowance')
    state.journal.put(state.allowances, key, allowance - moved.value)
  }
  state.journal.put(state.used, nonce, true)
  return move(execution, moved)
}

const channelOf = (state: ChainState, id: string) =>
  state.channels.get(id) ?? { balance: 0n, totalClaimed: 0n }

/** A row that says nothing new is passed over; everything else must hold. */
function book(
  { state }: Execution,
  { channelId, token, totalClaimed, voucherMax }: ClaimOperation,
): Booked[] {
  const channel = channelOf(state, channelId)
  if (totalClaimed <= channel.totalClaimed) return []
  demand(totalClaimed <= voucherMax, 'claim_exceeds_voucher')
  demand(totalClaimed <= channel.balance, 'claim_exceeds_balance')
  const receiver = state.receivers.get(token) ?? { claimed: 0n, settled: 0n }
  const addedAtomic = totalClaimed - channel.totalClaimed
  state.journal.put(state.receivers, token, { ...receiver, claimed: receiver.claimed + addedAtomic })
  state.journal.put(state.channels, channelId, { ...channel, totalClaimed })
  return [{ channelId, addedAtomic, totalClaimedAtomic: totalClaimed }]
}

/** Gives a part of a channel's balance back to its payer. */
function giveBack(execution: Execution, channelId: string, moved: Moved): Moved[] {
  if (moved.value === 0n) return []
  const { state } = execution
  const channel = channelOf(state, channelId)
  state.journal.put(state.channels, channelId, { ...channel, balance: channel.balance - moved.value })
  return move(execution, moved)
}

const unclaimedOf = (state: ChainState, id: string) => {
  const { balance, totalClaimed } = channelOf(state, id)
  return balance - totalClaimed
}

function refund(execution: Execution, operation: Extract<Operation, { kind: 'refund' }>): Moved[] {
  const { state } = execution
  const { channelId, token, payer, amount, nonce } = operation
  const expected = state.refundNonces.get(channelId) ?? 0n
  demand(nonce === expected, 'refund_nonce_used')
  demand(amount > 0n, 'zero_refund')
  state.journal.put(state.refundNonces, channelId, expected + 1n)
  const unclaimed = unclaimedOf(state, channelId)
  const given = amount < unclaimed ? amount : unclaimed
  const pending = state.withdrawals.get(channelId)
  if (pending && given > 0n) {
    const left = pending.amount - given
    const next = left > 0n ? { ...pending, amount: left } : { amount: 0n, initiatedAt: 0 }
    state.journal.put(state.withdrawals, channelId, next)
  }
  return giveBack(execution, channelId, { token, from: BATCH_SETTLEMENT, to: payer, value: given })
}

function settle(execution: Execution, token: Address): Moved[] {
  const { state, payTo } = execution
  const { claimed, settled } = state.receivers.get(token) ?? { claimed: 0n, settled: 0n }
  if (claimed === settled) return []
  state.journal.put(state.receivers, token, { claimed, settled: claimed })
  return move(execution, { token, from: BATCH_SETTLEMENT, to: payTo, value: claimed - settled })
}

function startWithdrawal({ state, timestamp }: Execution, channelId: string, amount: bigint): void {
  demand((state.withdrawals.get(channelId)?.initiatedAt ?? 0) === 0, 'withdrawal_pending')
  demand(amount > 0n && amount <= unclaimedOf(state, channelId), 'nothing_to_withdraw')
  state.journal.put(state.withdrawals, channelId, { amount, initiatedAt: timestamp })
}

function endWithdrawal(
  execution: Execution,
  operation: Extract<Operation, { kind: 'withdraw-end' }>,
): Moved[] {
  const { state, timestamp } = execution
  const { channelId, token, payer, delaySeconds } = operation
  const pending = state.withdrawals.get(channelId)
  demand(pending !== undefined && pending.initiatedAt > 0, 'no_withdrawal')
  const { amount, initiatedAt } = pending ?? { amount: 0n, initiatedAt: 0 }
  demand(timestamp >= initiatedAt + delaySeconds, 'delay_not_elapsed')
  const unclaimed = unclaimedOf(state, channelId)
  const value = amount < unclaimed ? amount : unclaimed
  state.journal.put(state.withdrawals, channelId, { amount: 0n, initiatedAt: 0 })
  return giveBack(execution, channelId, { token, from: BATCH_SETTLEMENT, to: payer, value })
}

function deposit(execution: Execution, operation: Extract<Operation, { kind: 'deposit' }>): Moved[] {
  const { state } = execution
  const { token, payer, amount, channelId, permission } = operation
  const moved = { token, from: payer, to: BATCH_SETTLEMENT, value: amount }
  const transfers = collect(execution, { permission, moved, permitted: amount })
  // Only what arrives counts: a collector that brings nothing creates no escrow.
  demand(transfers[0]?.value === amount, 'deposit_not_collected')
  const channel = channelOf(state, channelId)
  state.journal.put(state.channels, channelId, { ...channel, balance: channel.balance + amount })
  return transfers
}

/** Runs one operation; its writes stay for the caller to keep or undo. @throws Revert, with the writes still there. */
export function execute(execution: Execution, operation: Operation): Logs {
  if (operation.kind === 'claim')
    return { transfers: [], claims: operation.rows.flatMap((row) => book(execution, row)) }
  const claims = operation.kind === 'refund' && operation.claim ? book(execution, operation.claim) : []
  return { transfers: transfersOf(execution, operation), claims }
}

function transfersOf(execution: Execution, operation: Exclude<Operation, { kind: 'claim' }>): Moved[] {
  const { state, sender } = execution
  switch (operation.kind) {
    case 'deposit':
      return deposit(execution, operation)
    case 'pay': {
      const { token, payer: from, to, amount: value, permitted, permission, facilitator } = operation
      demand(facilitator === undefined || facilitator === sender, 'wrong_facilitator')
      return collect(execution, { permission, moved: { token, from, to, value }, permitted })
    }
    case 'settle':
      return settle(execution, operation.token)
    case 'refund':
      return refund(execution, operation)
    case 'transfer': {
      const { token, to, amount: value } = operation
      return move(execution, { token, from: sender, to, value })
    }
    case 'approve':
      state.journal.put(state.allowances, held(operation.token, sender), operation.amount)
      return []
    case 'cancel':
      demand(!state.used.has(operation.nonce), 'nonce_used')
      state.journal.put(state.used, operation.nonce, true)
      return []
    case 'withdraw-start':
      startWithdrawal(execution, operation.channelId, operation.amount)
      return []
    case 'withdraw-end':
      return endWithdrawal(execution, operation)
  }
}
