import type { CallRecord, CallState } from '../../../src/call/types.ts'
import type { Hex } from '../../../src/payment/types.ts'
import type { TransactionRow } from '../../../src/settlement/types.ts'
import type { Tables } from './tables.ts'

export const keyText = (key: Uint8Array) =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex')

type Standing = { readonly state: CallState; readonly transaction?: Hex }

const COVERING = new Set<TransactionRow['state']>(['signed', 'seen', 'final'])

/** The first claim whose total reaches the channel's sum of charges just after the call. */
function claimOf(tables: Tables, channelId: string, charged: bigint): TransactionRow | undefined {
  const covering = [...tables.claims.values()].flatMap((claim) => {
    if (claim.channelId !== channelId || claim.totalClaimed < charged) return []
    const transaction = tables.transactions.get(claim.transactionId)
    return transaction && COVERING.has(transaction.state) ? [{ claim, transaction }] : []
  })
  covering.sort(
    (a, b) =>
      Number(a.claim.totalClaimed - b.claim.totalClaimed) ||
      a.transaction.signedAtMs - b.transaction.signedAtMs,
  )
  return covering[0]?.transaction
}

/** What the view `calls` says: a call's state follows from the rows that exist. */
function standingOf(tables: Tables, callId: string): Standing {
  const admission = tables.admissions.get(callId)
  const capture = tables.captures.get(callId)
  if (!admission || !capture) return { state: 'forwarding' }
  const hashOf = (id: string | undefined) => {
    const hash = id === undefined ? undefined : tables.transactions.get(id)?.hash
    return hash ? { transaction: hash } : {}
  }
  if (admission.scheme === 'exact') {
    const funding = tables.fundings.get(tables.fundingOfKey.get(keyText(admission.paymentKey)) ?? '')
    const state = funding?.state === 'seen' || funding?.state === 'final' ? funding.state : 'captured'
    const adopted = funding?.adopted ? { transaction: funding.adopted.transactionHash } : {}
    return {
      state: capture.chargeAtomic === 0n ? 'released' : state,
      ...adopted,
      ...hashOf(funding?.transactionId),
    }
  }
  if (capture.chargeAtomic === 0n) return { state: 'released' }
  if (admission.scheme === 'upto') {
    const settlement = tables.settlements.get(callId)
    const state = settlement?.state ?? 'due'
    const word = state === 'failed' ? 'written-off' : state === 'due' ? 'captured' : state
    return { state: word, ...hashOf(settlement?.transactionId) }
  }
  if (admission.scheme !== 'batch-settlement') return { state: 'final' }
  const claim = claimOf(tables, admission.channel?.id ?? '', capture.channelCharged ?? 0n)
  return claim ? { state: claim.state as CallState, transaction: claim.hash } : { state: 'captured' }
}

/** The call as the database knows it. */
export function callRecordOf(tables: Tables, callId: string): CallRecord | undefined {
  const row = tables.admissions.get(callId)
  if (!row) return undefined
  const {
    paymentKey: _key,
    holds: _holds,
    channel,
    authorization: _authorization,
    exposureLimitAtomic: _limit,
    instance: _instance,
    ...admission
  } = row
  const stored = tables.captures.get(callId)
  const { channelCharged: _charged, ...capture } = stored ?? {}
  return {
    callId,
    ...standingOf(tables, callId),
    admission,
    ...(channel ? { channelId: channel.id } : {}),
    ...(stored ? { capture: capture as typeof stored } : {}),
  }
}
