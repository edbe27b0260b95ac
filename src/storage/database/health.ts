import { LIMITS } from '../../lib/limits.ts'
import { isConnectionLost, isStorageFull } from './database-errors.ts'

/** The database does not answer: what was asked of it may be done or not. */
class StorageAwayError extends Error {
  override readonly name = 'StorageAwayError'
  readonly code = 'ETIMEDOUT'
}

export type Health = {
  /** True while calls cannot be recorded. Costs nothing to ask. */
  readonly isAway: () => boolean
  /**
   * Takes note of how a statement ends; gives up on it, with an error that says so, as soon as the database is found to hang. It
   * may be executed all the same, as after a broken connection.
   */
  readonly watch: <Result>(answer: Promise<Result>) => Promise<Result>
  /** The same for what is no statement: that it succeeds says nothing of the database. */
  readonly orHang: <Result>(answer: Promise<Result>) => Promise<Result>
  /** A connection broke while nothing was asked, or was not made. */
  readonly broke: (error: unknown) => void
  /** For the regular sign of life: its absence is how a hang is found. */
  readonly withinDeadline: <Result>(answer: Promise<Result>) => Promise<Result>
  readonly close: () => void
}

/**
 * Whether the database can be written to, from what its statements say. A broken connection is a suspicion, settled by asking
 * again at once and then every half second; a full disk is one for some seconds; an answer that does not come is one as well.
 *
 * @param probe a small statement with a time limit of its own.
 * @param answerMs how long a sign of life may take.
 */
export function openHealth({
  probe,
  nowMs = () => performance.now(),
  answerMs = LIMITS.storageAnswerMs,
}: {
  probe: () => Promise<unknown>
  nowMs?: () => number
  answerMs?: number
}): Health {
  const waiting = new Set<(error: StorageAwayError) => void>()
  let isSuspected = false
  let fullUntilMs = 0
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const askUntilAnswered = () => {
    // Any other statement that comes through settles it as well.
    if (!isSuspected || isClosed) return
    void watch(probe())
      .catch(() => {})
      .finally(() => {
        timer = setTimeout(askUntilAnswered, LIMITS.storageProbeMs)
        timer.unref()
      })
  }
  const suspect = () => {
    if (isSuspected || isClosed) return
    isSuspected = true
    askUntilAnswered()
  }
  const failed = (error: unknown) => {
    if (isConnectionLost(error)) suspect()
    if (isStorageFull(error)) fullUntilMs = nowMs() + LIMITS.storageFullMs
  }
  const watch: Health['watch'] = async (answer) => {
    try {
      const result = await orHang(answer)
      isSuspected = false
      return result
    } catch (error) {
      failed(error)
      throw error
    }
  }
  const orHang = <Result>(answer: Promise<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      waiting.add(reject)
      void answer.then(resolve, reject).finally(() => waiting.delete(reject))
    })
  const hang = () => {
    suspect()
    const error = new StorageAwayError('The database does not answer.')
    for (const reject of waiting) reject(error)
    waiting.clear()
  }

  return {
    isAway: () => isSuspected || nowMs() < fullUntilMs,
    watch,
    orHang,
    broke: failed,
    withinDeadline: async (answer) => {
      const stop = afterWaiting(answerMs, hang)
      try {
        return await answer
      } finally {
        stop()
      }
    },
    close: () => {
      isClosed = true
      clearTimeout(timer)
    },
  }
}

const TICKS = 20

/**
 * Calls back when so much time has been waited, in ticks. What a busy process did not look at has not been waited for: after it stood
 * still the answer may lie there unread, and a timer alone would come before it.
 *
 * @returns stops it.
 */
function afterWaiting(waitMs: number, run: () => void): () => void {
  let left = TICKS
  const timer = setInterval(() => {
    left -= 1
    if (left > 0) return
    clearInterval(timer)
    run()
  }, waitMs / TICKS)
  return () => clearInterval(timer)
}
