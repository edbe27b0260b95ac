import { expect, test } from 'vitest'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { toUpstreamBody } from '../../../src/chat/upstream-body.ts'

const body = (text: string, upstreamModel = 'up', outputCap = 99) =>
  toUpstreamBody({ request: readChatRequest({ body: Buffer.from(text) }), upstreamModel, outputCap })

const MESSAGES = '"messages":[{"role":"user","content":"caf\\u00e9  1.0"}]'

test('changes the model and the cap and leaves the rest as it was written', () => {
  expect(body(`{ "model":"a/b", ${MESSAGES}, "temperature": 1.0, "max_tokens":5 }`)).toBe(
    `{ "model":"up", ${MESSAGES}, "temperature": 1.0, "max_tokens":99 }`,
  )
})

test('one cap goes out, in the caller’s word or in the word that the model’s family needs', () => {
  expect(body(`{"model":"a",${MESSAGES}}`)).toBe(`{"model":"up",${MESSAGES},"max_tokens":99}`)
  expect(body(`{"model":"a",${MESSAGES},"max_completion_tokens":5}`)).toBe(
    `{"model":"up",${MESSAGES},"max_completion_tokens":99}`,
  )
  expect(
    body(`{"max_tokens":5,"max_completion_tokens":5,"max_output_tokens":5,"model":"a",${MESSAGES}}`),
  ).toBe(`{"max_completion_tokens":99,"model":"up",${MESSAGES}}`)
  expect(body(`{"model":"a",${MESSAGES},"max_output_tokens":5}`)).toBe(
    `{"model":"up",${MESSAGES},"max_tokens":99}`,
  )
  expect(body(`{"model":"a",${MESSAGES},"max_tokens":5}`, 'gpt-5-mini')).toBe(
    `{"model":"gpt-5-mini",${MESSAGES},"max_completion_tokens":99}`,
  )
})

test('a streamed call always asks for usage and keeps the caller’s other stream options', () => {
  expect(JSON.parse(body(`{"model":"a",${MESSAGES},"stream":true}`))).toMatchObject({
    stream_options: { include_usage: true },
  })
  const own = `{"model":"a",${MESSAGES},"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false}}`
  expect(JSON.parse(body(own))).toMatchObject({
    stream_options: { include_usage: true, include_obfuscation: false },
  })
  expect(JSON.parse(body(`{"model":"a",${MESSAGES}}`))).not.toHaveProperty('stream_options')
})

test('no field of a router reaches a provider', () => {
  const text = `{"budget":{},"model":"a","provider":{},"models":[],${MESSAGES},"plugins":[],"session_id":"s","continue":"prefix","route":"fallback","usage":{"include":true}}`
  expect(Object.keys(JSON.parse(body(text)) as object)).toEqual(['model', 'messages', 'max_tokens'])
})

test('what OpenAI’s dialect has no word for is taken out, and nothing else is written anew', () => {
  const extended = JSON.stringify([
    { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] },
    { role: 'assistant', content: 'So.', reasoning_details: [{ type: 'reasoning.text', text: 'Hm.' }] },
    { role: 'assistant', content: 'So.', reasoning_content: 'Hm.', refusal: null },
  ])
  expect(JSON.parse(body(`{"model":"a","messages":${extended}}`))).toMatchObject({
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: 'So.' },
      { role: 'assistant', content: 'So.', reasoning_content: 'Hm.', refusal: null },
    ],
  })
  expect(body(`{"model":"a","messages":${extended}}`)).not.toMatch(/cache_control|reasoning_details/)
  const tools = '"tools":[ {"type":"function","function":{"name":"t"}} ]'
  expect(body(`{"model":"a",${MESSAGES},${tools}}`)).toContain(tools)
})
