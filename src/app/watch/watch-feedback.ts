import type { FeedbackStore } from '../../call/feedback-ports.ts'
import { createFeedbackWatch, type FeedbackWatch } from '../../call/watch/watch-feedback.ts'
import { LIMITS } from '../../lib/limits.ts'
import { type createLog, logError } from '../../telemetry/log.ts'
import { clock } from '../clock.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { repeat } from './repeat.ts'

export type Feedback = Pick<FeedbackWatch, 'take' | 'sites'> & { readonly close: () => Promise<void> }

/**
 * Answers are looked at as they end; what was seen is written, and what routing asked for is read, by a timer. No call waits for either,
 * and what a crash loses is learned again.
 */
export function watchFeedback({
  store,
  secret,
  log,
}: {
  store: FeedbackStore
  secret: string
  log: ReturnType<typeof createLog>
}): Feedback {
  const watch = createFeedbackWatch({ nowMs: clock.nowMs, secret, store })
  const onError = (error: unknown) => logError({ log, error, fields: { step: 'feedback' } })
  const write = oneAtATime(() => watch.write())
  const stopWriting = repeat({ everyMs: LIMITS.feedbackWriteMs, run: () => write(undefined), onError })
  const stopClearing = repeat({
    everyMs: LIMITS.feedbackPruneMs,
    run: () => store.prune({ nowMs: clock.nowMs() }),
    onError,
  })
  return {
    take(ended) {
      // Whatever is wrong with this look, the call is over and recorded.
      try {
        watch.take(ended)
      } catch (error) {
        onError(error)
      }
    },
    sites: watch.sites,
    close: async () => {
      await Promise.all([stopWriting(), stopClearing()])
      await write(undefined).catch(onError)
    },
  }
}
