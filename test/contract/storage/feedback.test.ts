import { describe, expect, test } from 'vitest'
import type { FeedbackStore, Observation, Word } from '../../../src/call/feedback-ports.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { openMemoryFeedbackStore } from '../../support/memory/feedback-store.ts'
import { ALL_KINDS, useStorage } from './stores.ts'

const AT_MS = 1_800_000_000_000

function useFeedback(kind: (typeof ALL_KINDS)[number]): () => FeedbackStore {
  if (kind === 'memory') {
    const store = openMemoryFeedbackStore()
    return () => store
  }
  const storage = useStorage(kind)
  return () => storage().feedback
}

describe.each(ALL_KINDS)('feedback on %s', (kind) => {
  const store = useFeedback(kind)
  let names = 0
  const newName = (of: string) => `${of}-${(names += 1)}`
  const seen = (over: Partial<Observation> = {}): Observation => ({
    callId: newName('call'),
    kind: 'answer',
    site: 'site-a',
    payer: 'payer-a',
    modelId: 'acme/writer',
    evidence: { good: 1, bad: 0 },
    atMs: AT_MS,
    ...over,
  })
  const word = (callId: string, score: number, over: Partial<Word> = {}): Word => ({
    callId,
    score,
    evidence: { good: 0.6 * score, bad: 0.6 * (1 - score) },
    atMs: AT_MS,
    ...over,
  })
  const countersAt = async (site: string, payer = 'payer-a') => {
    const rows = await store().listSites({ keys: [{ site, payer }], nowMs: AT_MS })
    return rows.flatMap((row) => ('counters' in row ? [row.counters] : []))
  }

  test('what was seen adds up by site, payer and model, and counts once however often it is told', async () => {
    const site = newName('site')
    const first = seen({ site })
    await store().observe([
      first,
      seen({ site, evidence: { good: 0, bad: 1 } }),
      seen({ site, payer: 'other' }),
    ])
    await store().observe([first])
    expect(await countersAt(site)).toEqual([
      { samples: 2, seenGood: 1, seenBad: 1, toldGood: 0, toldBad: 0, atMs: AT_MS },
    ])
    expect(await countersAt(site, 'nobody')).toEqual([])
  })

  test('a repeat is evidence against an answer and no call more', async () => {
    const site = newName('site')
    const answered = seen({ site })
    await store().observe([answered])
    const repeat = seen({ ...answered, kind: 'repeat', evidence: { good: 0, bad: 0.3 } })
    await store().observe([repeat])
    await store().observe([repeat])
    const [counters] = await countersAt(site)
    expect(counters).toMatchObject({ samples: 1, seenGood: 1, seenBad: 0.3 })
  })

  test('sums halve in two weeks, and what is late does not bring the time back', async () => {
    const site = newName('site')
    const later = AT_MS + LIMITS.feedbackHalfLifeMs
    await store().observe([seen({ site }), seen({ site })])
    await store().observe([seen({ site, atMs: later })])
    await store().observe([seen({ site, atMs: AT_MS })])
    const [counters] = await countersAt(site)
    expect(counters?.samples).toBeCloseTo(3, 6)
    expect(counters?.seenGood).toBeCloseTo(3, 6)
    expect(counters?.atMs).toBe(later)
  })

  test('a word counts once, and the later one stands in the place of the former', async () => {
    const site = newName('site')
    const call = seen({ site })
    await store().observe([call])
    expect(await store().putWord(word(call.callId, 0))).toEqual({ isReplaced: false, isCounted: true })
    expect(await countersAt(site)).toMatchObject([{ samples: 1, toldGood: 0, toldBad: 0.6 }])
    expect(await store().putWord(word(call.callId, 1, { reason: 'helpful' }))).toEqual({
      isReplaced: true,
      isCounted: true,
    })
    await store().putWord(word(call.callId, 1, { reason: 'helpful' }))
    const [counters] = await countersAt(site)
    expect(counters?.toldGood).toBeCloseTo(0.6, 9)
    expect(counters?.toldBad).toBeCloseTo(0, 9)
  })

  test('a word that weighs less does not take the place of one that weighs more', async () => {
    const site = newName('site')
    const call = seen({ site })
    await store().observe([call])
    await store().putWord(word(call.callId, 1))
    expect(await store().putWord(word(call.callId, 0, { evidence: { good: 0, bad: 0.3 } }))).toBe(
      'outweighed',
    )
    expect(await countersAt(site)).toMatchObject([{ toldGood: 0.6, toldBad: 0 }])
  })

  test('taking a word back is exact although time has passed', async () => {
    const site = newName('site')
    const call = seen({ site })
    await store().observe([call])
    await store().putWord(word(call.callId, 0))
    await store().observe([seen({ site, atMs: AT_MS + LIMITS.feedbackHalfLifeMs })])
    await store().putWord(word(call.callId, 1))
    const [counters] = await countersAt(site)
    expect(counters?.toldGood).toBeCloseTo(0.3, 9)
    expect(counters?.toldBad).toBeCloseTo(0, 9)
  })

  test('a word that comes before its call was written is counted with it', async () => {
    const site = newName('site')
    const call = seen({ site })
    expect(await store().putWord(word(call.callId, 1))).toEqual({ isReplaced: false, isCounted: false })
    await store().observe([call])
    expect(await countersAt(site)).toMatchObject([{ seenGood: 1, toldGood: 0.6 }])
  })

  test('words at the same moment leave one word behind', async () => {
    const site = newName('site')
    const call = seen({ site })
    const scores = [0, 0.25, 0.5, 0.75, 1]
    await Promise.all([
      store().observe([call]),
      ...scores.map((score) => store().putWord(word(call.callId, score))),
    ])
    await store().putWord(word(call.callId, 1))
    const [counters] = await countersAt(site)
    expect(counters?.toldGood).toBeCloseTo(0.6, 9)
    expect(counters?.toldBad).toBeCloseTo(0, 9)
  })

  test('what payers share is one vote each, of what was seen and not of what was said', async () => {
    const site = newName('site')
    const of = (payer: string, count: number, good: number) =>
      Array.from({ length: count }, () => seen({ site, payer, evidence: { good, bad: 1 - good } }))
    const loud = of('loud', 400, 0)
    await store().observe(loud)
    for (const payer of ['a', 'b', 'c']) await store().observe(of(payer, 5, 1))
    await store().observe(of('too few', 4, 0))
    for (const { callId } of loud.slice(0, 5)) await store().putWord(word(callId, 1))
    const rows = await store().listSites({ keys: [{ site, payer: 'a' }], nowMs: AT_MS })
    const shared = rows.flatMap((row) => ('shared' in row ? [row.shared] : []))
    expect(shared).toEqual([{ payers: 4, share: 0.75 }])
  })

  test('out of date is forgotten, and of one payer what is beyond its share', async () => {
    const [old, fresh] = [newName('site'), newName('site')]
    const nowMs = AT_MS + LIMITS.callSiteKeptMs + 1
    const many = Array.from({ length: LIMITS.callSitesPerPayer + 3 }, (_, index) =>
      seen({ site: `many-${index}`, payer: 'hoarder', atMs: nowMs - 1_000_000 + index }),
    )
    const call = seen({ site: old })
    await store().observe([call, seen({ site: fresh, atMs: nowMs }), ...many])
    await store().prune({ nowMs })
    expect(await countersAt(old)).toEqual([])
    expect(await countersAt(fresh)).toHaveLength(1)
    const keys = many.map(({ site }) => ({ site, payer: 'hoarder' }))
    const kept = await store().listSites({ keys, nowMs })
    const sites = kept.flatMap((row) => ('counters' in row ? [row.site] : []))
    expect(sites).toHaveLength(LIMITS.callSitesPerPayer)
    expect(sites).not.toContain('many-0')
    // Its call is no longer known, so a word finds nothing.
    expect(await store().putWord(word(call.callId, 1))).toMatchObject({ isCounted: false })
  })
})
