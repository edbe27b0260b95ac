import { hasOwnTokenizer } from '../../catalog/own-tokenizer.ts'
import { countTokens } from '../../chat/count-tokens.ts'
import { OVERHEAD_TOKENS } from '../../chat/input-bound.ts'
import { plainInput } from '../../chat/plain-input.ts'
import type { Usage } from '../../chat/usage.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { UsageChange } from '../../settlement/reconcile/record-usage.ts'
import { boundOf, type Direction, type OwnCount } from '../serve/judge-usage.ts'
import type { Delivered } from '../serve/meter.ts'
import { plainOutput } from '../serve/plain-output.ts'
import type { FinishedCall } from '../types.ts'
import { createUsageAllowance } from './usage-allowance.ts'
import { changeOf } from './usage-change.ts'
import { createUsageTrack, type UsageTrack } from './usage-track.ts'

export type UsageWatch = {
  /** Looks at a call that has ended: its answer has left, and it is recorded. Returns at once. */
  readonly take: (ended: Ended) => void
  /** When every text that waits has been counted. */
  readonly idle: () => Promise<void>
  /** What is to be written down. */
  readonly changes: () => readonly UsageChange[]
  /** It has been. */
  readonly settle: (change: UsageChange) => void
  /** Somebody has answered for it: the endpoint's counts are learned anew. */
  readonly forget: (subject: string) => void
}

/** One direction of one call, in numbers: what waits for a count must not hold the request as well. */
type Look = {
  readonly subject: string
  readonly track: UsageTrack
  readonly usage: Usage
  readonly boundTokens: number
}

type Ended = { readonly call: FinishedCall; readonly delivered: Delivered }

/** A text that can be counted, and the tokens that may be around it. */
type Countable = { readonly texts: readonly string[]; readonly slackTokens: number }

/**
 * Holds what providers count against what was sent and delivered. Most calls cost a comparison of numbers; a sample, and what looks
 * unusual, is counted by the tokenizer, one text after the other and only after the answer has gone. Texts are held until they are
 * counted and no longer; what is kept is numbers.
 *
 * @param nowMs the clock.
 */
export function createUsageWatch({ nowMs }: { nowMs: () => number }): UsageWatch {
  const tracks = new Map<string, UsageTrack>()
  const changes = new Map<string, UsageChange>()
  const takeChars = createUsageAllowance({ nowMs })
  let last: Promise<void> = Promise.resolve()
  let waiting = 0

  function trackOf({
    subject,
    direction,
    call,
  }: {
    subject: string
    direction: Direction
    call: FinishedCall
  }) {
    const known = tracks.get(subject)
    if (known) return known
    for (const oldest of tracks.keys()) {
      if (tracks.size < LIMITS.usageTracks) break
      tracks.delete(oldest)
    }
    const track = createUsageTrack({ direction, isOwn: hasOwnTokenizer(call.model) })
    tracks.set(subject, track)
    return track
  }

  function note({ subject, track, usage, boundTokens }: Look, own?: OwnCount): void {
    const atMs = nowMs()
    const sighting = track.take({ usage, boundTokens, own, atMs })
    if (!sighting) return
    const agreed = `${subject} agreed`
    // Agreement from before is out of date. Found and then agreed are two things to write down, in this order.
    changes.delete(agreed)
    changes.set(sighting.kind === 'agreed' ? agreed : subject, changeOf({ subject, sighting, atMs }))
  }

  function count(one: Look, { texts, slackTokens }: Countable): void {
    const countOne = async (): Promise<void> => {
      try {
        let tokens = 0
        for (const text of texts) tokens += await countTokens(text)
        note(one, { tokens, slackTokens })
      } catch {
        // What cannot be counted can still be held against its bound.
        note(one)
      } finally {
        waiting -= 1
      }
    }
    waiting += 1
    last = last.then(countOne)
  }

  function look({ call, delivered, direction }: Ended & { direction: Direction }): void {
    const { usage, endpointId } = call.capture
    const subject = `${endpointId} ${direction}`
    const track = trackOf({ subject, direction, call })
    const boundTokens = boundOf({ plan: call, choices: call.request.choices, direction })
    const one = { subject, track, usage, boundTokens }
    const bytes = direction === 'input' ? call.inputBoundTokens : delivered.bytes()
    const isDue = track.isDue({ bytes, usage }) && waiting < LIMITS.usageWaiting
    const countable = isDue ? countableOf({ call, delivered, direction }) : undefined
    if (countable && takeChars(charsOf(countable.texts))) count(one, countable)
    else note(one)
  }

  return {
    take({ call, delivered }) {
      const { outcome, usageEstimated } = call.capture
      if (outcome !== 'completed' || usageEstimated || call.failure) return
      look({ call, delivered, direction: 'input' })
      if (call.request.kind !== 'embedding') look({ call, delivered, direction: 'output' })
    },
    idle: () => last,
    changes: () => [...changes.values()],
    settle(change) {
      for (const [key, waitingOne] of changes) if (waitingOne === change) changes.delete(key)
    },
    forget: (subject) => void tracks.delete(subject),
  }
}

const charsOf = (texts: readonly string[]) => texts.reduce((sum, { length }) => sum + length, 0)

function countableOf({
  call,
  delivered,
  direction,
}: Ended & { direction: Direction }): Countable | undefined {
  if (direction === 'output') {
    const text = plainOutput({ call, delivered })
    return text === undefined ? undefined : { texts: [text], slackTokens: LIMITS.usageOutputSlackTokens }
  }
  const plain = call.capture.usage.audio === 0 ? plainInput(call.request) : undefined
  if (!plain) return undefined
  const { call: aroundCall, message } = OVERHEAD_TOKENS
  return { texts: plain.texts, slackTokens: aroundCall + plain.frames * message }
}
