import { expect, test } from 'vitest'
import { satisfiesSchema } from '../../../src/chat/satisfies-schema.ts'

const PERSON = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 3 },
    age: { type: ['integer', 'null'], minimum: 0 },
    kind: { enum: ['a', 'b'] },
    friends: { type: 'array', items: { $ref: '#' }, maxItems: 2 },
    home: { $ref: '#/$defs/place' },
  },
  required: ['name'],
  additionalProperties: false,
  $defs: { place: { anyOf: [{ type: 'string' }, { type: 'object', required: ['city'] }] } },
}

test.each([
  [{ name: 'Ada' }, true],
  [{ name: 'Ada', age: null, kind: 'b', home: { city: 'x' }, friends: [{ name: 'Bo' }] }, true],
  [{ name: '🦊🦊🦊' }, true],
  [{}, false],
  [[], false],
  [{ name: 1 }, false],
  [{ name: 'Adam' }, false],
  [{ name: 'Ada', age: 1.5 }, false],
  [{ name: 'Ada', age: -1 }, false],
  [{ name: 'Ada', kind: 'c' }, false],
  [{ name: 'Ada', more: 1 }, false],
  [{ name: 'Ada', home: {} }, false],
  [{ name: 'Ada', friends: [{ name: 'Bo', friends: [{}] }] }, false],
  [{ name: 'Ada', friends: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }, false],
])('%j is of the schema: %s', (value, expected) => {
  expect(satisfiesSchema({ value, schema: PERSON })).toBe(expected)
})

test('what is not understood is taken as met: patterns, formats, objects in enums, unknown references', () => {
  const schema = {
    properties: {
      a: { type: 'string', pattern: '^(a+)+$', format: 'email' },
      b: { enum: [{ y: 1, x: 2 }] },
      c: { $ref: 'https://elsewhere.example/schema' },
      d: { type: 'telephone' },
    },
    patternProperties: { '^x-': {} },
    additionalProperties: false,
  }
  const value = { a: `${'a'.repeat(40)}!`, b: { x: 2, y: 1 }, c: 1, d: 2, 'x-more': 3 }
  expect(satisfiesSchema({ value, schema })).toBe(true)
  for (const odd of [undefined, null, 7, 'text', []])
    expect(satisfiesSchema({ value, schema: odd })).toBe(true)
  expect(satisfiesSchema({ value, schema: false })).toBe(false)
})

test('a schema that is written to cost much, or to go round in circles, is given up on', () => {
  const deep = { $ref: '#' }
  expect(satisfiesSchema({ value: 1, schema: deep })).toBeUndefined()
  const wide = { items: { anyOf: Array.from({ length: 500 }, () => ({ type: 'string' })) } }
  expect(satisfiesSchema({ value: Array.from({ length: 500 }, () => 1), schema: wide })).toBe(false)
  const fork = { anyOf: [{ allOf: [{ $ref: '#' }, { $ref: '#' }] }, { $ref: '#' }] }
  expect(satisfiesSchema({ value: 1, schema: fork })).toBeUndefined()
  const listed = { items: { enum: Array.from({ length: 10_000 }, (_, index) => index) } }
  expect(satisfiesSchema({ value: [1, 2, 3, 4], schema: listed })).toBeUndefined()
})
