import { countTokens } from '../../chat/count-tokens.ts'
import type { ChatRequest, StreamPart, UpstreamEnd } from '../../chat/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import { NO_USAGE, type Usage } from '../../chat/usage.ts'
import { usualInput } from '../../chat/usual-input.ts'

/** What was handed on of one answer: for whoever judges its count after its end, and lets go of it then. */
export type Delivered = {
  readonly bytes: () => number
  readonly text: () => string
  /** Whether the text holds reasoning. */
  readonly hasReasoning: () => boolean
  /** The JSON of its events, where it is short enough to be looked at as a whole. */
  readonly events: () => readonly string[] | undefined
}

/** What has been handed on of one answer. Holds the text in memory while the call runs, in case the provider never counts it. */
export type Meter = {
  readonly delivered: Delivered
  readonly add: (part: StreamPart) => void
  readonly hasContent: () => boolean
  /** What a provider usually counts of the input. Counted when it is first asked for, and kept: it takes longer than a request waits for. */
  readonly inputTokens: () => Promise<number>
  /** The provider's usage, or our own count of what was delivered where it said nothing. */
  readonly read: (
    end: UpstreamEnd | undefined,
  ) => Promise<{ readonly usage: Usage; readonly isEstimated: boolean }>
}

/** Zeros beside an answer are a provider that did not count: nobody bills nothing for something. */
const isNothing = (usage: Usage) => Object.values(usage).every((count) => count === 0)

function keepInput(request: ChatRequest): Meter['inputTokens'] {
  let counted: Promise<number> | undefined
  return async () => (counted ??= usualInput({ request }))
}

export function createMeter({
  request,
  inputTokens = keepInput(request),
}: {
  request: ChatRequest
  inputTokens?: Meter['inputTokens']
}): Meter {
  const delivered: string[] = []
  let reported: Usage | undefined
  let hasContent = false
  let hasReasoning = false
  let events: string[] | undefined = []
  let eventChars = 0

  function keep(json: string): void {
    eventChars += json.length
    if (eventChars > LIMITS.checkedAnswerChars) events = undefined
    events?.push(json)
  }

  return {
    delivered: {
      bytes: () => delivered.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
      text: () => delivered.join(''),
      hasReasoning: () => hasReasoning,
      events: () => events,
    },
    add(part) {
      if (part.type === 'content' || part.type === 'finish') {
        delivered.push(part.text)
        keep(part.json)
        hasContent = true
        hasReasoning ||= part.hasReasoning === true
      }
      if (part.type === 'usage' || part.type === 'finish') reported = part.usage ?? reported
    },
    hasContent: () => hasContent,
    inputTokens,
    async read(end) {
      const usage = end?.usage ?? reported
      if (usage && !(hasContent && isNothing(usage))) return { usage, isEstimated: false }
      if (!hasContent) return { usage: NO_USAGE, isEstimated: false }
      const outputText = await countTokens(delivered.join(''))
      const inputUncached = await inputTokens()
      return { usage: { ...NO_USAGE, inputUncached, outputText }, isEstimated: true }
    },
  }
}
