import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyRing } from '../../../src/providers/key-ring.ts'
import { readKeys } from '../../../src/providers/read-keys.ts'

const NONE: ReadonlySet<string> = new Set()

test('keys are read with their weights, from commas and lines', () => {
  expect(readKeys(' sk-a*3, sk-b\nsk-c*0 ,')).toEqual([
    { key: 'sk-a', weight: 3 },
    { key: 'sk-b', weight: 1 },
    { key: 'sk-c*0', weight: 1 },
  ])
})

test('over any number of turns each key comes as often as its weight says', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 5 }), (given, rounds) => {
      const keys = given.map((weight, at) => ({ key: `k${at}`, weight }))
      const ring = createKeyRing({ keys, nowMs: () => 0 })
      const total = given.reduce((sum, weight) => sum + weight, 0)
      const taken = Array.from({ length: total * rounds }, () => ring.take(NONE))
      for (const { key, weight } of keys)
        expect(taken.filter((one) => one === key)).toHaveLength(weight * rounds)
    }),
  )
})

test('a refused key rests, longer each time, and comes back with one request; a limited one rests as long as it was told', () => {
  let nowMs = 1
  const ring = createKeyRing({ keys: readKeys('a,b'), nowMs: () => nowMs })
  ring.refuse({ key: 'a', status: 401 })
  expect([ring.take(NONE), ring.take(NONE)]).toEqual(['b', 'b'])
  ring.refuse({ key: 'b', status: 429, retryAfterMs: 2_000 })
  expect(ring.take(NONE)).toBe('b')
  expect(ring.take(new Set(['b']))).toBeUndefined()
  nowMs = 10_002
  const taken = () => [ring.take(NONE), ring.take(NONE), ring.take(NONE), ring.take(NONE)].join('')
  // One request with the key that was refused; the others wait for what it is told.
  expect(taken().split('').toSorted().join('')).toBe('abbb')
  ring.refuse({ key: 'a', status: 401 })
  nowMs += 10_001
  expect(taken()).toBe('bbbb')
  nowMs += 10_001
  expect(taken().split('').toSorted().join('')).toBe('abbb')
  ring.accept('a')
  expect(taken().split('').toSorted().join('')).toBe('aabb')
})
