import { expect, test } from 'vitest'
import type { Said } from '../../../../src/chat/answer/read-said.ts'
import { createSegments } from '../../../../src/chat/answer/segments.ts'

const tool = (index: number, text: string, name = ''): Said => ({ kind: 'tool', index, id: '', name, text })
const words = (text: string): Said => ({ kind: 'text', text })

/** The steps of each thing said, in short: `+` opens, `-` closes, a text is told. */
function told(all: readonly Said[]): readonly string[][] {
  const segments = createSegments()
  const short = all.map((said) => segments.take(said))
  return [...short, segments.end()].map((steps) =>
    steps.map((step) =>
      step.type === 'delta' ? step.text : `${step.type === 'open' ? '+' : '-'}${step.segment.kind}`,
    ),
  )
}

test('words are told as they come', () => {
  expect(told([words('A'), words('B')])).toEqual([['+text', 'A'], ['B'], ['-text']])
})

test('a second call begins as soon as the arguments of the first are whole', () => {
  expect(told([tool(0, '{"a":', 'x'), tool(0, '1}'), tool(1, '{}', 'y')])).toEqual([
    ['+tool', '{"a":'],
    ['1}'],
    ['-tool', '+tool', '{}'],
    ['-tool'],
  ])
})

test('a second call that begins too early waits for the first', () => {
  expect(told([tool(0, '{"a":', 'x'), tool(1, '{}', 'y'), tool(0, '1}')])).toEqual([
    ['+tool', '{"a":'],
    [],
    ['1}', '-tool', '+tool', '{}'],
    ['-tool'],
  ])
})

test('a call is opened when its name is known', () => {
  expect(told([tool(0, ''), tool(0, '{}', 'x')])).toEqual([[], ['+tool', '{}'], ['-tool']])
})

test('words after a call wait until it is whole', () => {
  expect(told([tool(0, '{', 'x'), words('A'), tool(0, '}')])).toEqual([
    ['+tool', '{'],
    [],
    ['}', '-tool', '+text', 'A'],
    ['-text'],
  ])
})
