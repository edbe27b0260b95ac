import { NO_USAGE } from '../../chat/usage.ts'
import { eachRow } from '../../settlement/each-row.ts'
import type { CallStore } from '../ports.ts'
import type { Admission, CallRecord, Capture } from '../types.ts'

/** Calls released in one pass. */
const PASS = 100
const LONGEST_MS = 2 ** 31 - 1

/**
 * Between W1 and W3 a crash leaves a hold without an end: the provider may have worked, the caller may have seen a part. The
 * call is never sent again; its hold is released, so that the payer loses nothing (what the provider bills is our loss).
 *
 * @returns how many calls were released.
 */
export async function recoverCalls({
  store,
  nowMs,
}: {
  store: Pick<CallStore, 'listAbandoned' | 'capture'>
  nowMs: number
}): Promise<number> {
  const abandoned = await store.listAbandoned({ nowMs, limit: PASS })
  await eachRow(abandoned, (call) => store.capture(releaseOf({ call, nowMs })))
  return abandoned.length
}

/** The capture of a call that will never be sent, or never again: it costs its payer nothing. */
export function releaseOf({
  call,
  nowMs,
}: {
  call: Pick<CallRecord, 'callId'> & {
    readonly admission: Pick<Admission, 'endpointId' | 'providerId' | 'atMs'>
  }
  nowMs: number
}): Capture {
  const { admission, callId } = call
  return {
    callId,
    outcome: 'abandoned',
    chargeAtomic: 0n,
    chargePicoUsd: 0n,
    costPicoUsd: 0n,
    usage: NO_USAGE,
    usageEstimated: false,
    endpointId: admission.endpointId,
    providerId: admission.providerId,
    delivered: false,
    // A server may have been down for longer than the column holds; clocks of two instances may differ.
    totalMs: Math.min(Math.max(0, nowMs - admission.atMs), LONGEST_MS),
    atMs: nowMs,
  }
}
