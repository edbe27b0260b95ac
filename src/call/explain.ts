import { formatUsd } from '../lib/money.ts'
import type { CallRecord } from './types.ts'

/** GET /v1/calls/{id} as the holder of the id may see it: state, model and money, no usage and no plan. */
export function explainCall(call: CallRecord) {
  const { admission, capture } = call
  return {
    object: 'call',
    id: call.callId,
    state: call.state,
    model: admission.modelId,
    scheme: admission.scheme,
    network: admission.network,
    asset: admission.asset,
    decimals: admission.decimals,
    ceiling: admission.ceilingAtomic.toString(),
    charge: capture ? capture.chargeAtomic.toString() : null,
    charge_usd: capture ? formatUsd(capture.chargePicoUsd) : null,
    outcome: capture?.outcome ?? null,
    error_code: capture?.errorCode ?? null,
    transaction: call.transaction ?? null,
    created_at: new Date(admission.atMs).toISOString(),
    ended_at: capture ? new Date(capture.atMs).toISOString() : null,
  }
}
