import type { RecordedCall } from '../../call/serve/record.ts'
import { savingsFields } from '../../call/plan/explanation-fields.ts'
import type { AdmittedCall } from '../../call/types.ts'
import { SIMULATED_PROVIDER } from '../../catalog/simulated.ts'
import type { Ending } from '../../chat/answer/dialect.ts'
import { formatUsd, maxBigint } from '../../lib/money.ts'
import { receiptHeader } from '../answer.ts'

/** Headers that say where a call went; every answer after money was taken forbids the SDK's own retry. */
export function callHeaders(call: AdmittedCall): Record<string, string> {
  return {
    'x-call-id': call.callId,
    'x-turnpike-model': call.model.id,
    'x-turnpike-provider': call.admission.providerId,
    'x-turnpike-strategy': call.strategy,
    ...(call.payment ? { 'x-should-retry': 'false' } : {}),
    ...(call.clampedFrom === undefined ? {} : { 'x-turnpike-clamped': String(call.outputCap) }),
    ...runHeaders(call),
    ...exceededHeaders(call),
  }
}

/** What its run has left in USD beside what this call may cost at most. */
function runHeaders({ run, ceilingPicoUsd, admission }: AdmittedCall): Record<string, string> {
  if (!run) return {}
  const left = run.limit - run.spent - run.held - ceilingPicoUsd - admission.feePicoUsd
  return { 'x-turnpike-run-remaining': formatUsd(maxBigint(0n, left)) }
}

/** Which soft budgets it goes beyond: level, id and budget of each. */
function exceededHeaders({ exceeded = [] }: AdmittedCall): Record<string, string> {
  if (exceeded.length === 0) return {}
  const named = exceeded.map(({ level, levelId, budgetId }) => `${level} ${levelId} ${budgetId}`)
  return { 'x-turnpike-budget-exceeded': named.join(', ') }
}

/** The same once it has ended: another provider than the first may have answered. */
export const recordedHeaders = (recorded: RecordedCall) => ({
  ...callHeaders(recorded),
  'x-turnpike-provider': recorded.capture.providerId,
  ...receiptHeader({ receipt: recorded.receipt, x402Version: recorded.payment?.x402Version ?? 2 }),
})

/** What the end of an answer tells: the usage, what was charged for it out of what ceiling, and why the call went there. */
export function endingOf(recorded: RecordedCall): Ending {
  const { capture, admission, savings } = recorded
  const usageCostUsd = formatUsd(capture.chargePicoUsd)
  return {
    usage: capture.usage,
    usageCostUsd,
    turnpike: {
      call_id: recorded.callId,
      charge: capture.chargeAtomic.toString(),
      ceiling: admission.ceilingAtomic.toString(),
      asset: admission.asset,
      network: admission.network,
      decimals: admission.decimals,
      charge_usd: usageCostUsd,
      output_cap: recorded.outputCap,
      model: recorded.model.id,
      strategy: recorded.strategy,
      reason: recorded.reason,
      ...(recorded.continuations === undefined ? {} : { continuations: recorded.continuations }),
      ...(savings ? { savings: savingsFields(savings) } : {}),
      ...(capture.usageEstimated ? { usage_estimated: true } : {}),
      ...(capture.providerId === SIMULATED_PROVIDER ? { simulated: true } : {}),
    },
  }
}
