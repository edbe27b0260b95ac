import type { ProgressToken } from '@modelcontextprotocol/sdk/types.js'
import { LIMITS } from '../../lib/limits.ts'

/** One `notifications/progress`. */
export type Progress = {
  readonly progressToken: ProgressToken
  /** Seconds so far; how many there will be nobody knows. */
  readonly progress: number
  readonly message: string
}

/**
 * Tells a caller that asked for it (`_meta.progressToken`) once a second that its tool still runs, so that it need not take a long answer
 * for none. Text of the answer is not in it: the result comes whole, once it is recorded.
 *
 * @param notify may fail: a caller that has gone is noticed elsewhere.
 */
export async function tellProgress<Result>({
  token,
  notify,
  run,
}: {
  token: ProgressToken | undefined
  notify: (progress: Progress) => Promise<void>
  run: () => Promise<Result>
}): Promise<Result> {
  if (token === undefined) return run()
  let seconds = 0
  const timer = setInterval(() => {
    seconds += LIMITS.mcpProgressMs / 1_000
    const progress = { progressToken: token, progress: seconds, message: `running for ${seconds} s` }
    notify(progress).catch(() => undefined)
  }, LIMITS.mcpProgressMs)
  return run().finally(() => clearInterval(timer))
}

/** Whether a message asks for progress: its answer is then a stream, since one JSON object has no room for it. */
export function wantsProgress(message: unknown): boolean {
  const { params } = Object(message) as { params?: unknown }
  const { _meta: meta } = Object(params) as { _meta?: unknown }
  const { progressToken } = Object(meta) as { progressToken?: unknown }
  return typeof progressToken === 'string' || typeof progressToken === 'number'
}
