import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isUuid, newCallId, uuidV7 } from '../../../src/lib/ids.ts'

test('a UUIDv7 carries its time first and its version', () => {
  const id = uuidV7({ nowMs: 0x0123456789ab, random: new Uint8Array(10).fill(0xff) })
  expect(id).toBe('01234567-89ab-7fff-bfff-ffffffffffff')
  expect(isUuid(id)).toBe(true)
})

test('call ids sort by time and hold 128 random bits', () => {
  const at = (nowMs: number) => newCallId({ nowMs, random: randomBytes(16) })
  const ids = [1, 2, 1_000, Date.now(), Date.now() + 1, 2 ** 47].map(at)
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(Array.from({ length: 1_000 }, () => at(5))).size).toBe(1_000)
  expect(ids[0]).toMatch(/^call_[0-9a-z]{36}$/)
})

test('two call ids that differ in one random bit differ', () => {
  const random = new Uint8Array(16)
  const zero = newCallId({ nowMs: 7, random })
  for (let bit = 0; bit < 128; bit += 1) {
    const flipped = new Uint8Array(16)
    flipped[bit >> 3] = 1 << (bit & 7)
    expect(newCallId({ nowMs: 7, random: flipped })).not.toBe(zero)
  }
})
