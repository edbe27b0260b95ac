import { expect, test } from 'vitest'
import { createSaidText } from '../../../src/call/serve/said-text.ts'
import { createContinuedParts } from '../../../src/chat/continued-part.ts'
import type { StreamPart } from '../../../src/chat/types.ts'
import { NO_USAGE } from '../../../src/chat/usage.ts'

const part = (delta: object, type: 'content' | 'finish' = 'content'): StreamPart => ({
  type,
  json: JSON.stringify({ id: 'second', model: 'other', choices: [{ index: 0, delta }] }),
  text: '',
  reason: 'stop',
})
const rewriteWith = (tail: string) =>
  createContinuedParts({
    frame: { id: 'first', model: 'one' },
    tail,
    earlier: { ...NO_USAGE, inputUncached: 7, outputText: 5 },
    number: 1,
  })
type Chunk = { choices: { delta: { content?: string } }[]; turnpike?: object; usage?: object; id: string }
const chunkOf = (one: StreamPart | undefined) => JSON.parse(one?.json ?? '{}') as Chunk
const textOf = (tail: string, contents: readonly string[]) => {
  const rewrite = rewriteWith(tail)
  return contents.map((content) => chunkOf(rewrite(part({ content }))).choices[0]?.delta.content).join('')
}

test('the white space that was not sent along does not come twice, however it is cut', () => {
  expect(textOf(' ', [' and', ' so'])).toBe('and so')
  expect(textOf('\n\n', ['\n', '\nNext'])).toBe('Next')
  expect(textOf('\n\n', ['\n', 'Next'])).toBe('Next')
  expect(textOf(' ', ['and'])).toBe('and')
  expect(textOf('', [' and'])).toBe(' and')
})

test('to its reader it is one answer: no second opening, the names of the first chunk, one mark at the seam', () => {
  const rewrite = rewriteWith('')
  expect(rewrite({ type: 'preamble', json: '{}' })).toBeUndefined()
  const [first, second] = [chunkOf(rewrite(part({ content: 'a' }))), chunkOf(rewrite(part({ content: 'b' })))]
  expect(first).toMatchObject({ id: 'first', model: 'one', turnpike: { continuation: 1 } })
  expect(second.id).toBe('first')
  expect(second.turnpike).toBeUndefined()
})

test('the usage tells what all providers counted', () => {
  const json = JSON.stringify({
    id: 'second',
    choices: [],
    usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 },
  })
  const usage = { ...NO_USAGE, inputUncached: 12, outputText: 3 }
  expect(chunkOf(rewriteWith('')({ type: 'usage', json, usage })).usage).toEqual({
    prompt_tokens: 19,
    completion_tokens: 8,
    total_tokens: 27,
  })
})

test.each([
  ['a call of a tool', { tool_calls: [{ index: 0 }] }],
  ['a refusal', { refusal: 'No.' }],
  ['a thought', { reasoning_content: 'Hm.' }],
])('an answer that has %s in it is no plain text to go on from', (_name, delta) => {
  const said = createSaidText()
  said.add(part({ content: 'The tide' }))
  expect(said.text()).toBe('The tide')
  expect(said.frame()).toMatchObject({ id: 'second', model: 'other' })
  said.add(part({ content: '', ...delta }))
  expect(said.text()).toBeUndefined()
})

test('nothing that was said is nothing to go on from', () => {
  const said = createSaidText()
  said.add({ type: 'preamble', json: '{}' })
  expect([said.text(), said.frame()]).toEqual([undefined, undefined])
})
