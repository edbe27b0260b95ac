import type { Tables } from './tables.ts'

/** Whether a claim of the channel is on its way and in no block: a second one beside it could bring less than it says. */
export function isBeingClaimed(tables: Tables, channelId: string): boolean {
  return [...tables.claims.values()].some((claim) => {
    const state = tables.transactions.get(claim.transactionId)?.state
    return claim.channelId === channelId && (state === 'signed' || state === 'reverted')
  })
}
