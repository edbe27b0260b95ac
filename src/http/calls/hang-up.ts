import type { ServerResponse } from 'node:http'
import { LIMITS } from '../../lib/limits.ts'

/** Aborts when the caller goes away or the call has lasted too long; `done` stops listening. */
export function hangUpSignal({ response }: { response: ServerResponse }): {
  readonly signal: AbortSignal
  readonly done: () => void
} {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, LIMITS.callSeconds * 1_000)
  response.on('close', abort)
  if (response.destroyed) abort()
  return {
    signal: controller.signal,
    done() {
      clearTimeout(timer)
      response.off('close', abort)
    },
  }
}
