import { expect, test } from 'vitest'
import { isGood, mergeResults } from '../../harness/merge-results.ts'
import type { PartResult } from '../../harness/part.ts'

const finished = (name: string, result: Partial<PartResult>) => ({
  name,
  seconds: 1,
  result: { violations: [], ...result },
})

test('the figures of the parts are added up, and a figure that no part has is zero', () => {
  const report = mergeResults([
    finished('race', { calls: 10, crashPoints: { admitted: 1 }, ledgerEqualsChain: true }),
    finished('crash', { calls: 5, kills: { server: 3 }, crashPoints: { admitted: 2, signed: 1 } }),
  ])
  expect(report).toMatchObject({
    calls: 15,
    kills: { server: 3, queue: 0, chain: 0 },
    crashPoints: { admitted: 3, signed: 1 },
    lost: 0,
    ledgerEqualsChain: true,
    histories: 0,
  })
})

test('a ledger that nobody compared is not called equal', () => {
  expect(mergeResults([finished('race', {})]).ledgerEqualsChain).toBe(false)
})

test.each<Partial<PartResult>>([
  { violations: ['seed 1'] },
  { lost: 1 },
  { doubleCharged: 1 },
  { chargedVoid: 1 },
  { duplicateUpstream: 1 },
  { ledgerEqualsChain: false },
  { mutants: { caught: 1, total: 2 } },
])('a part with %j has failed', (result) => {
  expect(isGood([finished('good', {}), finished('bad', result)])).toBe(false)
})

test('what was paid and not delivered is stated, not judged', () => {
  expect(isGood([finished('crash', { paidNotDelivered: 3, mutants: { caught: 2, total: 2 } })])).toBe(true)
})
