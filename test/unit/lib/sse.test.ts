import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSseDecoder, frameEvent, type SseEvent } from '../../../src/lib/sse.ts'

const FOLDER = join(import.meta.dirname, '../../fixtures/streams')
const golden = readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name))] as const)

function decode(chunks: readonly Uint8Array[], maxLineBytes = 1_000_000): SseEvent[] {
  const decoder = createSseDecoder({ maxLineBytes })
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()]
}

const data = (text: string) => decode([Buffer.from(text)]).map((event) => event.data)

test.each(golden)('%s reads the same cut in two at every byte, and byte by byte', (_, bytes) => {
  const whole = decode([bytes])
  expect(whole.length).toBeGreaterThan(1)
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    expect(decode([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole)
  }
  expect(decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole)
})

test.each(golden)('%s reads the same with CR and CRLF, cut at every byte', (_, bytes) => {
  const whole = decode([bytes])
  for (const newline of ['\r', '\r\n']) {
    const other = Buffer.from(bytes.toString().replaceAll('\n', newline))
    for (let cut = 0; cut <= other.length; cut += 1) {
      expect(decode([other.subarray(0, cut), other.subarray(cut)])).toEqual(whole)
    }
  }
})

test('a golden stream gives the JSON of every event and its end mark', () => {
  const [, bytes] = golden.find(([name]) => name === 'openai-text.txt') ?? []
  const events = decode([bytes ?? Buffer.alloc(0)]).map((event) => event.data)
  expect(events).toHaveLength(6)
  expect(JSON.parse(events[2] ?? '')).toMatchObject({ choices: [{ delta: { content: ' aus 東京 🗼' } }] })
  expect(events.at(-1)).toBe('[DONE]')
})

test('joins data lines, takes off one space, ignores comments and unknown fields', () => {
  expect(data('data: a\ndata:b\ndata:  c\n\n')).toEqual(['a\nb\n c'])
  expect(data(': hello\nid: 7\nretry: 10\nfoo: bar\ndata: x\n\n')).toEqual(['x'])
  expect(data('data\n\n')).toEqual([''])
  expect(data('event: only\n\n')).toEqual([])
})

test('names the event, once', () => {
  expect(decode([Buffer.from('event: ping\ndata: 1\n\ndata: 2\n\n')])).toEqual([
    { type: 'ping', data: '1' },
    { type: 'message', data: '2' },
  ])
})

test('takes off a byte order mark at the very start only', () => {
  expect(data('\ufeffdata: a\n\n')).toEqual(['a'])
  expect(data('data: a\n\n\ufeffdata: b\n\n')).toEqual(['a'])
})

test('gives the last event of a stream that ends without a blank line', () => {
  expect(data('data: [DONE]')).toEqual(['[DONE]'])
  expect(data('data: [DONE]\n')).toEqual(['[DONE]'])
})

test('reads back whatever was framed, however it is cut', () => {
  const events = fc.array(fc.json(), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(events, fc.array(fc.nat(200), { maxLength: 6 }), (jsons, cuts) => {
      const bytes = Buffer.from(jsons.map((json) => frameEvent(json)).join(''))
      const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
      const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
      expect(decode(chunks).map((event) => event.data)).toEqual(jsons)
    }),
  )
})

test('refuses a line, and an event of many lines, beyond the limit', () => {
  const feed = (chunk: string, times: number) => () => {
    const decoder = createSseDecoder({ maxLineBytes: 100 })
    for (let count = 0; count < times; count += 1) decoder.push(Buffer.from(chunk))
  }
  expect(feed('data: 12345', 20)).toThrow(RangeError)
  expect(feed(`data: ${'x'.repeat(200)}\n`, 1)).toThrow(RangeError)
  expect(feed('data: 1234567890\n', 20)).toThrow(RangeError)
  expect(feed('data: 1234567890\n\n', 20)).not.toThrow()
})

test('refuses to frame a line break', () => {
  expect(() => frameEvent('{\n}')).toThrow(RangeError)
  expect(() => frameEvent('{\r}')).toThrow(RangeError)
  expect(frameEvent('{"a":"\\n"}')).toBe('data: {"a":"\\n"}\n\n')
})
