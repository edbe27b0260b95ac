import { LIMITS } from '../../lib/limits.ts'
import {
  type CallSite,
  type CallSiteView,
  type SiteAdjustment,
  UNKNOWN_SITE,
} from '../../routing/feedback/call-site-view.ts'
import { type Counters, decayedTo } from '../../routing/feedback/counters.ts'
import { SEEN_WEIGHTS, seenEvidence } from '../../routing/feedback/signals.ts'
import { type SharedShare, siteAdjustment } from '../../routing/feedback/site-adjustment.ts'
import type { FeedbackStore, Observation, SiteRow } from '../feedback-ports.ts'
import type { Delivered } from '../serve/meter.ts'
import { observeAnswer } from './observe-answer.ts'
import { callSiteOf, joinSiteKey, payerKeyOf, splitSiteKey } from '../plan/site-key.ts'
import type { FinishedCall } from '../types.ts'

export type FeedbackWatch = {
  /** Looks at a call that has ended: its answer has left, and it is recorded. Returns at once. */
  readonly take: (ended: { readonly call: FinishedCall; readonly delivered: Delivered }) => void
  /** What routing may ask. A site that was never asked for is read by the next {@link write}. */
  readonly sites: CallSiteView
  /** Writes what was seen, and reads what was asked for. */
  readonly write: () => Promise<void>
}

/** What an instance has in mind of one site of one payer: worked out when it is read, since a choice asks for each of its models. */
type Site = { readonly adjustments: CallSite; readonly readAtMs: number }

/** The last answer to a request, for who asks the same again. */
type Answered = Pick<Observation, 'callId' | 'site' | 'payer' | 'modelId' | 'atMs'>

/** A request that is asked again and again is a program that polls, not one that is not served: only the first time counts. */
type Asked = { readonly answered: Answered; readonly isRepeat: boolean }

/** The endpoint that answered says which model did: not always the one of the plan's head. */
const modelOf = ({ candidates, model, capture }: FinishedCall): string =>
  candidates.find(({ id }) => id === capture.endpointId)?.modelId ?? model.id

function keepWithin<Key>(map: Map<Key, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}

/**
 * Learns from calls without keeping any of their text: signals of the answer, and whether the same payer asks the same again. Texts are
 * looked at after the answer has gone; what leaves this function is numbers under keyed names.
 *
 * @param nowMs the clock.
 * @param secret the server's key.
 */
export function createFeedbackWatch({
  nowMs,
  secret,
  store,
}: {
  nowMs: () => number
  secret: string
  store: FeedbackStore
}): FeedbackWatch {
  const sites = new Map<string, Site>()
  const wanted = new Set<string>()
  const asked = new Map<string, Asked>()
  let waiting: Observation[] = []

  function want(siteKey: string): void {
    if (wanted.size < LIMITS.groupSize) wanted.add(siteKey)
  }

  function noteRepeat(call: FinishedCall, answered: Answered): void {
    const key = `${answered.payer} ${call.requestHash}`
    const before = asked.get(key)
    // Equal requests side by side are a choice among several answers; one that came after the answer asks again.
    const sinceMs = before ? call.receivedAtMs - before.answered.atMs : -1
    const isRepeat = sinceMs >= 0 && sinceMs <= LIMITS.repeatWindowMs
    asked.delete(key)
    asked.set(key, { answered, isRepeat })
    keepWithin(asked, LIMITS.repeatsInMind)
    if (!before || !isRepeat || before.isRepeat) return
    waiting.push({
      ...before.answered,
      kind: 'repeat',
      evidence: SEEN_WEIGHTS.repeated,
      atMs: answered.atMs,
    })
  }

  async function read(): Promise<void> {
    const keys = [...wanted]
    wanted.clear()
    if (keys.length === 0) return
    const atMs = nowMs()
    const rows = await store.listSites({ keys: keys.map(splitSiteKey), nowMs: atMs })
    for (const siteKey of keys) {
      sites.delete(siteKey)
      sites.set(siteKey, siteOf({ rows, siteKey, readAtMs: atMs }))
    }
    keepWithin(sites, LIMITS.callSitesInMind)
  }

  return {
    take({ call, delivered }) {
      const { admission, capture } = call
      if (call.feedback === 'off' || admission.scheme === 'free' || waiting.length >= LIMITS.feedbackWaiting)
        return
      const signals = observeAnswer({ call, delivered })
      if (signals.length === 0) return
      const answered = {
        callId: call.callId,
        site: callSiteOf({ request: call.request, secret }),
        payer: payerKeyOf({ payer: admission.payer, secret }),
        modelId: modelOf(call),
        atMs: capture.atMs,
      }
      waiting.push({ ...answered, kind: 'answer', evidence: seenEvidence(signals) })
      noteRepeat(call, answered)
    },
    sites: {
      of(siteKey) {
        const site = sites.get(siteKey)
        if (!site || nowMs() - site.readAtMs > LIMITS.callSiteFreshMs) want(siteKey)
        return site?.adjustments ?? UNKNOWN_SITE
      },
    },
    async write() {
      // What comes meanwhile is the next write's, so that this one ends.
      for (let left = waiting.length; left > 0; left -= LIMITS.groupSize) {
        const batch = waiting.slice(0, Math.min(left, LIMITS.groupSize))
        await store.observe(batch)
        waiting = waiting.slice(batch.length)
        for (const { site, payer } of batch) {
          const siteKey = joinSiteKey({ site, payer })
          if (sites.has(siteKey)) want(siteKey)
        }
      }
      await read()
    },
  }
}

function siteOf({
  rows,
  siteKey,
  readAtMs,
}: {
  rows: readonly SiteRow[]
  siteKey: string
  readAtMs: number
}): Site {
  const { site, payer } = splitSiteKey(siteKey)
  const own = new Map<string, Counters>()
  const shared = new Map<string, SharedShare>()
  for (const row of rows) {
    if (row.site !== site) continue
    if ('shared' in row) shared.set(row.modelId, row.shared)
    else if (row.payer === payer) own.set(row.modelId, decayedTo({ counters: row.counters, nowMs: readAtMs }))
  }
  const adjustments = new Map<string, SiteAdjustment>()
  for (const modelId of new Set([...own.keys(), ...shared.keys()])) {
    const others = [...own].flatMap(([id, counters]) => (id === modelId ? [] : [counters]))
    adjustments.set(modelId, siteAdjustment({ own: own.get(modelId), others, shared: shared.get(modelId) }))
  }
  return { adjustments, readAtMs }
}
