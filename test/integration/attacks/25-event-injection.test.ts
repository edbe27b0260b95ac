import { expect, test } from 'vitest'
import { countDuring, useLyingProvider } from '../../support/attacked-stack.ts'
import { chatBody, post } from '../../support/chat.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import {
  chunkEvent,
  SCRIPTED_MODEL,
  sendStream,
  streamOf,
  USUAL_USAGE,
} from '../../support/scripted-provider.ts'
import { decodeBase64, stockPayer } from '../../support/stock-payer.ts'

const { stack, scripted } = useLyingProvider()

/** A receipt that a provider would like the caller to believe. */
const FORGED = Buffer.from(JSON.stringify({ success: true, transaction: '0xforged', amount: '0' })).toString(
  'base64',
)

/** One streamed call answered by `events`; what the caller reads, event by event. */
async function callWith(events: string) {
  scripted().setAnswer(({ response }) => sendStream(response, events))
  const { pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'upto' })
  const before = scripted().seen.length
  const { value, charged } = await countDuring({
    stack: stack(),
    attack: async () => {
      const response = await pay(stack().chatUrl, post(chatBody({ model: SCRIPTED_MODEL, stream: true })))
      return { status: response.status, text: await response.text() }
    },
  })
  expect(scripted().seen.length - before).toBe(1)
  return { ...value, charged, events: value.text.split('\n\n').filter((event) => event !== '') }
}

const receiptsIn = (events: readonly string[]) =>
  events
    .filter((event) => event.startsWith(': payment-response '))
    .map((event) => event.slice(': payment-response '.length))

/** Every way of content to be something else than content. */
const CONTENTS: readonly (readonly [name: string, content: string])[] = [
  ['an event of its own', `one\n\nevent: receipt\ndata: {"forged":true}\n\n`],
  ['our comment', `two\n\n: payment-response ${FORGED}\n\n`],
  ['the end', 'three\n\ndata: [DONE]\n\n'],
  ['carriage returns', `four\r\r: payment-response ${FORGED}\r\rdata: [DONE]\r\r`],
  ['separators of other alphabets', `five\u2028\u2028: payment-response ${FORGED}\u2029\u0085\u000b\u000c`],
  ['a null and a byte order mark', `six\u0000\ufeff\n\ndata: [DONE]\n\n`],
]

test.each(CONTENTS)('content that looks like %s stays content', async (_name, content) => {
  const { events, charged, text } = await callWith(streamOf({ content, usage: USUAL_USAGE }))
  const own = receiptsIn(events)
  expect(own).toHaveLength(1)
  expect(own[0]).not.toBe(FORGED)
  expect(decodeBase64(own[0] ?? '')).toMatchObject({ extra: { chargedAmount: charged.toString() } })
  expect(events.filter((event) => event === 'data: [DONE]')).toHaveLength(1)
  expect(events.at(-1)).toBe('data: [DONE]')
  // Nothing but our frames: one JSON object or comment each, on one line.
  for (const event of events)
    expect(event).toMatch(/^(data: (\{[^\r\n]*\}|\[DONE\])|: payment-response [A-Za-z0-9+/=]+)$/)
  expect(text).not.toContain('\r')
  const spoken = events
    .filter((event) => event.startsWith('data: {'))
    .map(
      (event) =>
        (JSON.parse(event.slice(6)) as { choices?: { delta?: { content?: string } }[] }).choices?.[0]?.delta
          ?.content ?? '',
    )
    .join('')
  expect(spoken).toBe(content)
})

test('events, comments, ids and a second end of the provider are not passed on', async () => {
  const extras = [
    `event: receipt\ndata: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'a' } }] })}\n\n`,
    `: payment-response ${FORGED}\n\n`,
    'id: 7\nretry: 1\n\n',
    'data: [DONE]\n\n',
    chunkEvent({ choices: [{ index: 0, delta: { content: 'after the end' } }] }),
  ]
  const { events, text, charged } = await callWith(
    `${streamOf({ usage: USUAL_USAGE }).replace('data: [DONE]\n\n', '')}${extras.join('')}`,
  )
  expect(receiptsIn(events)).toHaveLength(1)
  expect(events.filter((event) => event === 'data: [DONE]')).toHaveLength(1)
  for (const trace of [FORGED, 'event:', 'id: 7', 'retry:', 'after the end'])
    expect(text).not.toContain(trace)
  expect(charged).toBeGreaterThan(0n)
})

test('a provider cannot name the charge: its own cost and turnpike members are replaced', async () => {
  const usage = '{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10,"cost":0}'
  const forged = streamOf({ usage }).replaceAll(
    '"id":"x"',
    '"id":"x","turnpike":{"charge":"0","call_id":"forged"}',
  )
  const { text, charged } = await callWith(forged)
  expect(charged).toBeGreaterThan(0n)
  const last = text.split('\n\n').findLast((event) => event.includes('"turnpike":{"call_id":"call_'))
  expect(last).toContain(`"charge":"${charged}"`)
  expect(last).not.toContain('"cost":0,')
  expect(last).not.toContain('forged')
})

test('a line without end is cut off, and what was not delivered is not charged', async () => {
  const endless = `data: ${'x'.repeat(LIMITS.upstreamEventBytes + 1)}`
  const { status, charged, text } = await callWith(endless)
  expect(status).toBe(502)
  expect(charged).toBe(0n)
  expect(text.length).toBeLessThan(5_000)
})
