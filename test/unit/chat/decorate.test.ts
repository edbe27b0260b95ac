import { expect, test } from 'vitest'
import { withoutUsage, withTurnpike } from '../../../src/chat/decorate.ts'

const CHUNK = '{"id":"x", "choices":[],"usage":{"prompt_tokens":1 , "completion_tokens":2}}'

test('adds the charge and our member and keeps every other byte', () => {
  const json = withTurnpike({
    json: CHUNK,
    usageCostUsd: '0.000150000001',
    turnpike: { a: '1' },
    keepUsage: true,
  })
  expect(json).toBe(
    '{"id":"x", "choices":[],"usage":{"prompt_tokens":1 , "completion_tokens":2,"cost":0.000150000001},"turnpike":{"a":"1"}}',
  )
})

test('the digits of the cost are written as they are, beyond what a float can hold', () => {
  const usageCostUsd = '12345678901.123456789012'
  expect(withTurnpike({ json: CHUNK, usageCostUsd, turnpike: {}, keepUsage: true })).toContain(
    `"cost":${usageCostUsd}}`,
  )
  for (const wrong of ['', '1e5', '-1', '01', '1.', '"1"', '1,"x":2']) {
    expect(() => withTurnpike({ json: CHUNK, usageCostUsd: wrong, turnpike: {}, keepUsage: true })).toThrow(
      RangeError,
    )
  }
})

test('takes the usage out for a caller who did not ask for it', () => {
  expect(withTurnpike({ json: CHUNK, usageCostUsd: '1', turnpike: {}, keepUsage: false })).toBe(
    '{"id":"x", "choices":[],"turnpike":{}}',
  )
  expect(withoutUsage(CHUNK)).toBe('{"id":"x", "choices":[]}')
  expect(withoutUsage('{"id": 1}')).toBe('{"id": 1}')
})

test('replaces a provider’s own cost and turnpike members, and leaves a null usage', () => {
  const json = '{"usage":{"cost":9},"turnpike":{"charge":"0"}}'
  expect(withTurnpike({ json, usageCostUsd: '1', turnpike: { b: 2 }, keepUsage: true })).toBe(
    '{"usage":{"cost":1},"turnpike":{"b":2}}',
  )
  expect(withTurnpike({ json: '{"usage":null}', usageCostUsd: '1', turnpike: {}, keepUsage: true })).toBe(
    '{"usage":null,"turnpike":{}}',
  )
})

test('survives a provider that repeats or escapes a key', () => {
  const json = '{"\\u0075sage":{"cost":1,"cost":2,"prompt_tokens":3}}'
  const written = withTurnpike({ json, usageCostUsd: '5', turnpike: {}, keepUsage: true })
  expect(JSON.parse(written)).toEqual({ usage: { cost: 5, prompt_tokens: 3 }, turnpike: {} })
})
