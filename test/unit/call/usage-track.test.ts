import { expect, test } from 'vitest'
import type { Direction } from '../../../src/call/serve/judge-usage.ts'
import { createUsageAllowance } from '../../../src/call/watch/usage-allowance.ts'
import { createUsageTrack, type UsageTrack } from '../../../src/call/watch/usage-track.ts'
import { NO_USAGE } from '../../../src/chat/usage.ts'
import { LIMITS } from '../../../src/lib/limits.ts'

const OWN_TOKENS = 100

function call(track: UsageTrack, reported: number, more: { counted?: boolean; atMs?: number } = {}) {
  const { counted = true, atMs = 0 } = more
  const usage = { ...NO_USAGE, outputText: reported }
  const own = counted ? { tokens: OWN_TOKENS, slackTokens: LIMITS.usageOutputSlackTokens } : undefined
  return track.take({ usage, boundTokens: 1_000, own, atMs })
}
const calls = (track: UsageTrack, count: number, reported: number) =>
  Array.from({ length: count }, (_, index) => call(track, reported, { atMs: index }))
const newTrack = (isOwn: boolean, direction: Direction = 'output') => createUsageTrack({ direction, isOwn })

test('with the own tokenizer the first call that deviates is found, and later ones add to its sums', () => {
  const track = newTrack(true)
  expect(call(track, 100)).toBeUndefined()
  const found = { kind: 'found', basis: 'tokenizer' }
  expect(call(track, 200)).toMatchObject({ ...found, calls: 1, expectedTokens: 100, reportedTokens: 200 })
  expect(call(track, 100)).toBeUndefined()
  expect(call(track, 300)).toMatchObject({ ...found, calls: 2, expectedTokens: 200, reportedTokens: 500 })
})

test('a window of agreement says since when, and the sums begin anew', () => {
  const track = newTrack(true)
  call(track, 200)
  const sightings = calls(track, LIMITS.usageWindowCalls, 100)
  expect(sightings.slice(0, -1).every((sighting) => sighting === undefined)).toBe(true)
  expect(sightings.at(-1)).toEqual({ kind: 'agreed', sinceMs: 0 })
  expect(call(track, 200)).toMatchObject({ kind: 'found', calls: 1 })
})

test('elsewhere the endpoint’s own ratio is the measure, once it is known, and one odd text is no finding', () => {
  const track = newTrack(false)
  // It counts 1.3 tokens for each of ours, and does so from the first call on.
  expect(calls(track, 20, 130).filter((sighting) => sighting?.kind === 'found')).toEqual([])
  expect(call(track, 260)).toBeUndefined()
  expect(call(track, 260)).toBeUndefined()
  expect(call(track, 260)).toMatchObject({ kind: 'found', basis: 'ratio', calls: 3, expectedTokens: 390 })
})

test('a ratio is no measure before it has been learned, and what deviates is not learned from', () => {
  const track = newTrack(false)
  expect(calls(track, LIMITS.usageRatioCalls - 1, 100).filter(Boolean)).toEqual([])
  call(track, 100)
  const found = calls(track, 400, 200).filter((sighting) => sighting?.kind === 'found')
  expect(found).toHaveLength(400 - LIMITS.usageRatioFindingCalls + 1)
  expect(found.at(-1)).toMatchObject({ expectedTokens: 400 * OWN_TOKENS, providerPerOwn: 1 })
})

test('one call above the bound is found without a count, and keeping to the bound again is agreement', () => {
  const track = newTrack(false)
  expect(call(track, 1_001, { counted: false })).toMatchObject({ kind: 'found', basis: 'bound', calls: 1 })
  const later = Array.from({ length: LIMITS.usageWindowCalls }, () => call(track, 100, { counted: false }))
  expect(later.at(-1)).toMatchObject({ kind: 'agreed' })
})

test('the first calls are counted, then one of many, then whatever is unusual or in doubt', () => {
  const track = newTrack(true)
  const isDue = (bytes: number, tokens = 100) =>
    track.isDue({ bytes, usage: { ...NO_USAGE, outputText: tokens } })
  for (let index = 0; index < LIMITS.usageWindowCalls; index += 1) {
    expect(isDue(400)).toBe(true)
    call(track, 100)
  }
  const rounds = Array.from({ length: LIMITS.usageCountedEvery * 4 }, () => isDue(400))
  expect(rounds.filter(Boolean)).toHaveLength(4)
  expect(isDue(400, 200)).toBe(true)
  expect(isDue(400)).toBe(false)
  call(track, 200)
  expect(isDue(400)).toBe(true)
})

test('only so much text is counted at once and in a second', () => {
  let nowMs = 0
  const take = createUsageAllowance({ nowMs: () => nowMs })
  expect(take(LIMITS.usageCountChars + 1)).toBe(false)
  const atOnce = LIMITS.usageCharsAtOnce / LIMITS.usageCountChars
  const takeAll = () => Array.from({ length: 100 }, () => take(LIMITS.usageCountChars)).filter(Boolean).length
  expect(takeAll()).toBe(atOnce)
  nowMs += 1_000
  expect(takeAll()).toBe(LIMITS.usageCharsPerSecond / LIMITS.usageCountChars)
  nowMs += 3_600_000
  expect(takeAll()).toBe(atOnce)
})
