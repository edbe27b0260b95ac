import type { Upstreams } from '../../../../src/call/ports.ts'
import { NO_USAGE, type Usage } from '../../../../src/chat/usage.ts'
import { TurnpikeError } from '../../../../src/lib/errors/turnpike-error.ts'
import { INPUT_TOKENS } from '../setup.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** What the providers do with one call, and when its caller hangs up. */
export type Fate = {
  /** Providers that fail before any content, in the order of trial. */
  readonly refusals: number
  /** Chunks of content that come. */
  readonly chunks: number
  /** The connection breaks after them, without an end. */
  readonly isCut: boolean
  /** The caller is gone after so many chunks. */
  readonly hangUpAfter: number | undefined
}

/** One time that a provider was given a call. */
export type ProviderRun = {
  readonly callId: string
  readonly endpointId: string
  readonly usage: { current: Usage }
  /** Of the process that gave it. */
  readonly life: Life
}

export const TOKENS_PER_CHUNK = 7

/** Providers that do what the call's fate says; `runs` is what they remember, whoever crashes. */
export function createProvider({
  scheduler,
  life,
  runs,
  fateOf,
  callOf,
}: {
  scheduler: Scheduler
  life: Life
  runs: ProviderRun[]
  fateOf: (requestId: string) => Fate
  callOf: (requestId: string) => string
}): Upstreams {
  return {
    isReachable: () => true,
    dialectOf: () => 'openai',
    prefixAt: () => undefined,
    dispatch: async ({ endpoint, requestId = '', signal, onPart }) => {
      const fate = fateOf(requestId)
      const callId = callOf(requestId)
      const run: ProviderRun = { callId, endpointId: endpoint.id, usage: { current: NO_USAGE }, life }
      await scheduler.enter(life, 'upstream', () => void runs.push(run))
      const tried = runs.filter((one) => one.callId === callId).length
      if (tried <= fate.refusals) throw new TurnpikeError('upstream_error')
      await onPart({ type: 'preamble', json: '{}' })
      for (let chunk = 1; chunk <= fate.chunks; chunk += 1) {
        await scheduler.enter(life, 'part', () => undefined)
        if (signal.aborted) return { outcome: 'aborted', usage: run.usage.current }
        run.usage.current = { ...NO_USAGE, inputUncached: INPUT_TOKENS, outputText: chunk * TOKENS_PER_CHUNK }
        await onPart({ type: 'content', json: '{}', text: 'text' })
      }
      const usage = run.usage.current
      if (signal.aborted) return { outcome: 'aborted', usage }
      if (fate.isCut && fate.chunks === 0) throw new TurnpikeError('upstream_error')
      if (fate.isCut) return { outcome: 'interrupted', usage }
      const end = { ...NO_USAGE, inputUncached: INPUT_TOKENS, outputText: usage.outputText }
      run.usage.current = end
      await onPart({ type: 'finish', json: '{}', reason: 'stop', text: '', usage: end })
      return { outcome: 'completed', usage: end, finishReason: 'stop' }
    },
  }
}
