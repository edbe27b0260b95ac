import type { AnswerFacts, Dialect, Ending } from '../../src/chat/answer/dialect.ts'
import { readStreamEvent } from '../../src/chat/stream-chunk.ts'
import { NO_USAGE } from '../../src/chat/usage.ts'
import { createSseDecoder } from '../../src/lib/sse.ts'

/** An answer of OpenAI's dialect, in the deltas in which a provider might send it. */
export type Delta = Readonly<Record<string, unknown>>

export const ENDING: Ending = {
  usage: { ...NO_USAGE, inputUncached: 5, cacheRead: 3, cacheWrite: 2, outputText: 7, reasoning: 4 },
  usageCostUsd: '0.00015',
  turnpike: { charge: '150' },
}

export type WireEvent = Readonly<Record<string, unknown>> & { readonly type: string }

/** Every event that a dialect writes for these deltas; the names of the frames are those of their types. */
export function eventsOf({
  dialect,
  facts,
  deltas,
  finishReason = 'stop',
}: {
  dialect: Dialect
  facts: AnswerFacts
  deltas: readonly Delta[]
  finishReason?: string
}): readonly WireEvent[] {
  const stream = dialect.openStream(facts)
  const chunks = deltas.map((delta) => ({ model: 'up', choices: [{ index: 0, delta, finish_reason: null }] }))
  const finish = { model: 'up', choices: [{ index: 0, delta: {}, finish_reason: finishReason }] }
  let text = ''
  for (const chunk of [...chunks, finish]) {
    const part = readStreamEvent(JSON.stringify(chunk))
    if (part.type === 'error') throw new Error(part.message)
    text += stream.write(part)
  }
  const { last, end } = stream.finish(ENDING)
  const frames = createSseDecoder({ maxLineBytes: 1_000_000 }).push(Buffer.from(text + last + end))
  return frames.map(({ type, data }) => {
    const event = JSON.parse(data) as WireEvent
    if (event.type !== type) throw new Error(`The frame of ${event.type} is called ${type}.`)
    return event
  })
}

/** The same answer in one piece. */
export function wholeOf({
  dialect,
  facts,
  message,
  finishReason = 'stop',
}: {
  dialect: Dialect
  facts: AnswerFacts
  message: Delta
  finishReason?: string
}): Readonly<Record<string, unknown>> {
  const choices = [{ index: 0, message, finish_reason: finishReason }]
  const json = JSON.stringify({ model: 'up', choices })
  return JSON.parse(dialect.writeWhole({ json, facts, ending: ENDING })) as Readonly<Record<string, unknown>>
}

/** An answer with a signed thought, an encrypted one, text and parallel calls, whole. */
export const RICH_MESSAGE = {
  role: 'assistant',
  content: 'Here — “é” 🌍 it is.',
  reasoning_details: [
    { type: 'reasoning.text', text: 'First this, then that.', signature: 'c2ln' },
    { type: 'reasoning.encrypted', data: 'bG9ja2Vk' },
  ],
  tool_calls: [
    {
      id: 'call_1',
      type: 'function',
      function: { name: 'look', arguments: '{"at":"[}\\"","n":{"a":[1,2]}}' },
    },
    { id: 'call_2', type: 'function', function: { name: 'stop', arguments: '{}' } },
    { id: 'call_3', type: 'function', function: { name: 'look', arguments: '{"at":null}' } },
  ],
} as const

/** Cuts a text at places that a random source chooses, perhaps into single characters. */
function cut(text: string, random: () => number): string[] {
  const pieces: string[] = []
  for (let start = 0; start < text.length;) {
    const length = 1 + Math.floor(random() * 6)
    pieces.push(text.slice(start, start + length))
    start += length
  }
  return pieces
}

/** {@link RICH_MESSAGE} in random pieces; the parallel calls are mixed with one another. */
export function richDeltas(random: () => number): readonly Delta[] {
  const [thought, locked] = RICH_MESSAGE.reasoning_details
  const calls = RICH_MESSAGE.tool_calls.map(({ id, type, function: { name, arguments: json } }, index) => [
    { index, id, type, function: { name, arguments: '' } },
    ...cut(json, random).map((text) => ({ index, function: { arguments: text } })),
  ])
  const mixed: unknown[] = []
  let begun = 0
  while (calls.some((call) => call.length > 0)) {
    // A call begins only after the one before it has: that is its number.
    const open = [...calls.keys()].filter((index) => index <= begun && calls[index]?.length !== 0)
    const index = open[Math.floor(random() * open.length)] ?? 0
    begun = Math.max(begun, index + 1)
    mixed.push(calls[index]?.shift())
  }
  return [
    { role: 'assistant', content: '' },
    ...cut(thought.text, random).map((text) => ({ reasoning_details: [{ type: thought.type, text }] })),
    { reasoning_details: [{ type: thought.type, signature: thought.signature }] },
    { reasoning_details: [locked] },
    ...cut(RICH_MESSAGE.content, random).map((content) => ({ content })),
    ...mixed.map((call) => ({ tool_calls: [call] })),
  ]
}

/** A small seeded source, so that a failing split can be seen again (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
