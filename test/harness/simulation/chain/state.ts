import type { Address } from '../../../../src/payment/types.ts'
import { createJournal } from '../../../support/memory/journal.ts'

/** Everything that the simulated chain knows; every write can be taken back, block by block. */
export function createChainState() {
  return {
    journal: createJournal(),
    /** Token balances by token and owner. */
    balances: new Map<string, bigint>(),
    /** Permit2's allowances by token and owner. */
    allowances: new Map<string, bigint>(),
    /** What tokens take of every transfer, in basis points. */
    feeBps: new Map<string, bigint>(),
    /** What was taken of transfers, by token and recipient. */
    feesOf: new Map<string, bigint>(),
    /** Nonces that are used up. */
    used: new Map<string, true>(),
    channels: new Map<string, { readonly balance: bigint; readonly totalClaimed: bigint }>(),
    withdrawals: new Map<string, { readonly amount: bigint; readonly initiatedAt: number }>(),
    refundNonces: new Map<string, bigint>(),
    /** What the channel contract has booked for payTo and paid out, by token. */
    receivers: new Map<string, { readonly claimed: bigint; readonly settled: bigint }>(),
    /** Accounts' next nonces. */
    nonces: new Map<string, number>(),
    /** Wei that an account's transactions have cost. */
    gasSpent: new Map<string, bigint>(),
  }
}

export type ChainState = ReturnType<typeof createChainState>

export const held = (token: Address, owner: Address) => `${token} ${owner}`

export const balanceOf = (state: ChainState, token: Address, owner: Address) =>
  state.balances.get(held(token, owner)) ?? 0n
