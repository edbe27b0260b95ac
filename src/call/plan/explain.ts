import { formatUsd } from '../../lib/money.ts'
import { storedExplanationFields } from './explanation-fields.ts'
import type { CallRecord } from '../types.ts'

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

/** The same for its signed-in payer: what was used, who answered, and by which prices. */
export function explainOwnCall(call: CallRecord) {
  const { admission, capture } = call
  return {
    ...explainCall(call),
    payer: admission.payer.id,
    key_id: admission.keyId ?? null,
    voucher_ids: admission.voucherIds ?? [],
    usage: capture
      ? {
          input_uncached: capture.usage.inputUncached,
          cache_read: capture.usage.cacheRead,
          cache_write: capture.usage.cacheWrite,
          cache_write_1h: capture.usage.cacheWriteHour,
          output_text: capture.usage.outputText,
          reasoning: capture.usage.reasoning,
          images: capture.usage.images,
          audio: capture.usage.audio,
          is_estimated: capture.usageEstimated,
        }
      : null,
    finish_reason: capture?.finishReason ?? null,
    provider: capture?.providerId ?? admission.providerId,
    endpoint: capture?.endpointId ?? admission.endpointId,
    strategy: admission.strategy,
    reason: admission.decision?.reason ?? null,
    explanation: admission.decision ? storedExplanationFields(admission.decision) : null,
    price_book: admission.priceBook,
    output_cap: admission.outputCap,
    streamed: admission.streamed,
    first_content_ms: capture?.firstContentMs ?? null,
    total_ms: capture?.totalMs ?? null,
  }
}
