import pino, { type Logger } from 'pino'
import type { RecordedCall } from '../call/serve/record.ts'
import { inputTokens } from '../chat/usage.ts'
import { formatUsd } from '../lib/money.ts'
import type { Notice } from '../settlement/notice.ts'

/** One JSON line per event on stderr: stdout belongs to the ready line and to commands. */
export const createLog = ({ level = 'info' }: { level?: string } = {}): Logger =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: false }),
  )

/**
 * One line per finished call. Fields are named one by one: nothing that a caller or a provider wrote can slip in, and errors
 * appear as their code alone.
 */
export function logCall({ log, call }: { log: Logger; call: RecordedCall }): void {
  const { admission, capture } = call
  log.info(
    {
      event: 'call',
      request_id: call.requestId,
      call_id: call.callId,
      model: call.model.id,
      endpoint: capture.endpointId,
      strategy: call.strategy,
      scheme: admission.scheme,
      payer: admission.payer.id.slice(0, 10),
      outcome: capture.outcome,
      input_tokens: inputTokens(capture.usage),
      output_tokens: capture.usage.outputText + capture.usage.reasoning,
      charge: capture.chargeAtomic.toString(),
      charge_usd: formatUsd(capture.chargePicoUsd),
      ttft_ms: capture.firstContentMs,
      total_ms: capture.totalMs,
      error_code: capture.errorCode,
    },
    'call',
  )
}

/** Money on its way met something unusual. What is merely held back is counted, not written: it comes with every pass. */
export function logNotice({ log, notice }: { log: Logger; notice: Notice }): void {
  const level = notice.kind === 'held-back' ? 'debug' : 'warn'
  log[level]({ event: 'settlement', ...notice }, notice.kind)
}

/** An error of our own, by class, code and stack: messages of foreign errors may quote what a caller sent. */
export function logError({
  log,
  error,
  fields = {},
}: {
  log: Logger
  error: unknown
  fields?: Readonly<Record<string, string>>
}): void {
  const known = error instanceof Error ? error : undefined
  const frames = known?.stack
    ?.split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 20)
  const code = known && 'code' in known ? String(known.code) : undefined
  log.error({ event: 'error', name: known?.name ?? typeof error, code, frames, ...fields }, 'error')
}
