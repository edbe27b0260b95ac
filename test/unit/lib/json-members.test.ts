import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { replaceMembers, scanMembers } from '../../../src/lib/json-members.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { threadCpuMs } from '../../support/thread-cpu-ms.ts'

const space = fc.constantFrom('', ' ', '\n\t', '\r\n  ')
const plainKey = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((key) => !/["\\\p{Cc}]/u.test(key))
const jsonText = fc
  .jsonValue({ depthSize: 'small' })
  .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 2)))

/** Objects as text, with any white space between the tokens, and keys that no escape is needed for. */
const objectText = fc
  .tuple(
    fc.uniqueArray(plainKey, { maxLength: 8 }),
    fc.array(jsonText, { minLength: 8, maxLength: 8 }),
    space,
  )
  .map(([keys, values, gap]) => {
    const members = keys.map((key, index) => `${gap}"${key}"${gap}:${gap}${values[index]}${gap}`)
    return `${gap}{${gap}${members.join(',')}}${gap}`
  })

test('finds exactly the members that JSON.parse finds, with their values', () => {
  fc.assert(
    fc.property(objectText, (text) => {
      const members = scanMembers(text)
      const found = members.map(({ key, valueStart, valueEnd }) => [
        key,
        JSON.parse(text.slice(valueStart, valueEnd)),
      ])
      const parsed = Object.entries(JSON.parse(text) as object)
      expect(new Map(found as [string, unknown][])).toEqual(new Map(parsed))
      expect(members.map(({ keyStart, key }) => text.startsWith(`"${key}"`, keyStart))).not.toContain(false)
    }),
    { numRuns: 2_000 },
  )
})

test('splices values as if the object had been parsed, changed and written again', () => {
  const change = fc.dictionary(plainKey, fc.option(jsonText, { nil: undefined }), { maxKeys: 5 })
  fc.assert(
    fc.property(objectText, change, fc.nat(), (text, added, pick) => {
      const members = scanMembers(text)
      const known = members[pick % Math.max(members.length, 1)]
      const replace = { ...added, ...(known ? { [known.key]: pick % 2 ? undefined : '[1]' } : {}) }
      const expected = new Map(Object.entries(JSON.parse(text) as object))
      for (const [key, value] of Object.entries(replace)) {
        if (value === undefined) expected.delete(key)
        else expected.set(key, JSON.parse(value))
      }
      const written = replaceMembers({ text, members, replace })
      expect(new Map(Object.entries(JSON.parse(written) as object))).toEqual(expected)
    }),
    { numRuns: 2_000 },
  )
})

test('keeps every byte that was not replaced', () => {
  const text = ' {"a" : 1.50,\n "model":"x" , "b":"\\u00e9\\"}" } '
  const written = replaceMembers({ text, members: scanMembers(text), replace: { model: '"y"', c: 'true' } })
  expect(written).toBe(' {"a" : 1.50,\n "model":"y" , "b":"\\u00e9\\"}","c":true } ')
})

test('removes the first, a middle, the last and every member with their commas', () => {
  const text = '{"a":1, "b":2, "c":3}'
  const members = scanMembers(text)
  const without = (...keys: string[]) =>
    replaceMembers({ text, members, replace: Object.fromEntries(keys.map((key) => [key, undefined])) })
  expect(without('a')).toBe('{"b":2, "c":3}')
  expect(without('b')).toBe('{"a":1, "c":3}')
  expect(without('c')).toBe('{"a":1, "b":2}')
  expect(without('a', 'b', 'c')).toBe('{}')
})

test('refuses a repeated key and a key written with an escape', () => {
  for (const text of ['{"model":"a","model":"b"}', '{"\\u006dodel":"a"}', '{"a\\"b":1}', '{"x":1, "x" :2}']) {
    expect(() => scanMembers(text)).toThrow(expect.objectContaining({ code: 'ambiguous_json' }))
  }
})

test('takes repeated keys and escapes below the top level and inside strings', () => {
  const text = '{"a":{"b":1,"b":2,"\\u0062":3},"c":"{\\"a\\":1,\\\\","d":["\\\\\\"",{}]}'
  expect(scanMembers(text).map(({ key }) => key)).toEqual(['a', 'c', 'd'])
})

test('refuses nesting beyond the limit and takes nesting up to it', () => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
  expect(scanMembers(nested(LIMITS.jsonDepth))).toHaveLength(1)
  expect(() => scanMembers(nested(LIMITS.jsonDepth + 1))).toThrow(
    expect.objectContaining({ code: 'invalid_json' }),
  )
})

test('ends on any text, valid or not', () => {
  const pieces = fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', ' '))
  fc.assert(
    fc.property(pieces, (parts) => {
      try {
        scanMembers(`{${parts.join('')}`)
      } catch (error) {
        expect(error).toHaveProperty('code')
      }
    }),
    { numRuns: 2_000 },
  )
})

test('reads a long string of backslashes in linear time', () => {
  const text = `{"a":"${'\\\\'.repeat(2_000_000)}"}`
  const startedMs = threadCpuMs()
  expect(scanMembers(text)).toHaveLength(1)
  expect(threadCpuMs() - startedMs).toBeLessThan(500)
})
