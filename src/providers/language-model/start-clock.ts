import type { UpstreamTimeouts } from '../openai-compatible.ts'

type Phase = 'content' | 'between' | 'answer'

export type Clock = {
  /** Aborts when the provider is silent for too long, or the caller hangs up. */
  readonly signal: AbortSignal
  /** Which wait was too long, where one was. */
  readonly expiredIn: Phase | undefined
  readonly hasContent: () => void
  readonly pausedWhile: (ready: Promise<void>) => Promise<void>
  readonly stop: () => void
}

/** The clocks of one exchange: they abort it when the provider is silent for too long, and stand still while the caller is waited for. */
export function startClock({
  timeouts: { firstContentMs, betweenChunksMs, answerMs },
  stream,
  signal,
}: {
  timeouts: UpstreamTimeouts
  stream: boolean
  /** The caller's: hanging up ends the exchange as well. */
  signal: AbortSignal
}): Clock {
  const abort = new AbortController()
  const onAbort = () => abort.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  let phase: Phase = stream ? 'content' : 'answer'
  let expiredIn: Phase | undefined
  let timer: NodeJS.Timeout | undefined
  const durations: Readonly<Record<Phase, number>> = {
    content: firstContentMs,
    between: betweenChunksMs,
    answer: answerMs,
  }

  function restart(): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      expiredIn = phase
      abort.abort()
    }, durations[phase])
  }
  restart()

  return {
    signal: abort.signal,
    get expiredIn() {
      return expiredIn
    },
    /** Something that the caller can use has come: from now on the time between chunks counts. */
    hasContent(): void {
      if (phase === 'content') phase = 'between'
      restart()
    },
    async pausedWhile(ready: Promise<void>): Promise<void> {
      clearTimeout(timer)
      await ready
      restart()
    },
    stop(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}
