import type { FeedbackStore, Observation, SiteRow, Word } from '../../../src/call/feedback-ports.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { type Counters, decayedTo, decayOver } from '../../../src/routing/feedback/counters.ts'

type Row = { readonly site: string; readonly payer: string; readonly modelId: string; counters: Counters }
type KnownWord = { word: Word; counted: { good: number; bad: number } }

const NOTHING = { samples: 0, seenGood: 0, seenBad: 0, toldGood: 0, toldBad: 0 }

const keyOf = ({ site, payer, modelId }: Pick<Observation, 'site' | 'payer' | 'modelId'>) =>
  `${site} ${payer} ${modelId}`

const weightOf = ({ evidence: { good, bad } }: Word) => good + bad

/** Counters of call sites in memory: it answers as the SQL does. */
export function openMemoryFeedbackStore(): FeedbackStore {
  const rows = new Map<string, Row>()
  const observed = new Map<string, Observation>()
  const words = new Map<string, KnownWord>()

  function countWord(callId: string): boolean {
    const known = words.get(callId)
    const answer = observed.get(`${callId} answer`)
    if (!known || !answer) return answer !== undefined
    const row = rows.get(keyOf(answer))
    const { good, bad } = known.word.evidence
    if (row) {
      const left = decayOver(row.counters.atMs - answer.atMs)
      row.counters = {
        ...row.counters,
        toldGood: Math.max(0, row.counters.toldGood + (good - known.counted.good) * left),
        toldBad: Math.max(0, row.counters.toldBad + (bad - known.counted.bad) * left),
      }
    }
    known.counted = { good, bad }
    return true
  }

  function observeOne(one: Observation): void {
    const name = `${one.callId} ${one.kind}`
    if (observed.has(name)) return
    observed.set(name, one)
    const { site, payer, modelId, atMs } = one
    const known = rows.get(keyOf(one))?.counters ?? { ...NOTHING, atMs }
    const before = decayedTo({ counters: known, nowMs: Math.max(atMs, known.atMs) })
    const counters = {
      ...before,
      samples: before.samples + (one.kind === 'answer' ? 1 : 0),
      seenGood: before.seenGood + one.evidence.good,
      seenBad: before.seenBad + one.evidence.bad,
    }
    rows.set(keyOf(one), { site, payer, modelId, counters })
  }

  function sharedRows(sites: ReadonlySet<string>, nowMs: number): readonly SiteRow[] {
    const voting = [...rows.values()].filter(({ site, counters }) => {
      const { samples, seenGood, seenBad } = decayedTo({ counters, nowMs })
      return sites.has(site) && samples >= 5 && seenGood + seenBad > 0
    })
    const groups = Map.groupBy(voting, ({ site, modelId }) => `${site} ${modelId}`)
    return [...groups.values()].flatMap((group) => {
      const [first] = group
      if (!first) return []
      const sum = group.reduce(
        (all, { counters: { seenGood: good, seenBad: bad } }) => all + good / (good + bad),
        0,
      )
      const shared = { payers: group.length, share: sum / group.length }
      return [{ site: first.site, payer: '', modelId: first.modelId, shared }]
    })
  }

  return {
    observe: async (observations) => {
      for (const one of observations) observeOne(one)
      for (const { callId } of observations) countWord(callId)
    },
    putWord: async (word) => {
      const known = words.get(word.callId)
      if (known && weightOf(known.word) > weightOf(word) + 1e-9) return 'outweighed'
      words.set(word.callId, { word, counted: known?.counted ?? { good: 0, bad: 0 } })
      return { isReplaced: known !== undefined, isCounted: countWord(word.callId) }
    },
    listSites: async ({ keys, nowMs }) => {
      const isAsked = ({ site, payer }: Row) => keys.some((key) => key.site === site && key.payer === payer)
      return [
        ...[...rows.values()].filter(isAsked).map((row) => ({ ...row })),
        ...sharedRows(new Set(keys.map(({ site }) => site)), nowMs),
      ]
    },
    prune: async ({ nowMs }) => {
      for (const [name, { atMs }] of observed)
        if (atMs < nowMs - LIMITS.feedbackWindowMs) observed.delete(name)
      for (const [name, { word }] of words) if (word.atMs < nowMs - LIMITS.feedbackKeptMs) words.delete(name)
      for (const [name, row] of rows) if (row.counters.atMs < nowMs - LIMITS.callSiteKeptMs) rows.delete(name)
      for (const group of Map.groupBy(rows.values(), ({ payer }) => payer).values())
        for (const row of group
          .toSorted((one, other) => other.counters.atMs - one.counters.atMs)
          .slice(LIMITS.callSitesPerPayer))
          rows.delete(keyOf(row))
    },
  }
}
