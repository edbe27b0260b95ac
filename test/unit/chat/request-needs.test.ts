import { expect, test } from 'vitest'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { requestNeeds } from '../../../src/chat/request-needs.ts'

const needsOf = (fields: object, content: unknown = 'hi') =>
  requestNeeds(
    readChatRequest({
      body: Buffer.from(JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }], ...fields })),
    }),
  )
const nothing = {
  tools: false,
  structuredOutput: false,
  images: false,
  audio: false,
  reasoning: false,
  hourCache: false,
}

test('plain text needs nothing', () => {
  expect(needsOf({})).toEqual(nothing)
  expect(needsOf({ response_format: { type: 'text' } }, [{ type: 'text', text: 'hi' }])).toEqual(nothing)
})

test('tools, formats, images and audio are needs', () => {
  const tool = { type: 'function', function: { name: 'f', parameters: {} } }
  expect(needsOf({ tools: [tool] })).toEqual({ ...nothing, tools: true })
  const schema = { type: 'json_schema', json_schema: { name: 'a', schema: {} } }
  expect(needsOf({ response_format: schema })).toEqual({ ...nothing, structuredOutput: true })
  expect(needsOf({ response_format: { type: 'json_object' } })).toEqual({
    ...nothing,
    structuredOutput: true,
  })
  const image = { type: 'image_url', image_url: { url: 'https://example.org/a.png' } }
  expect(needsOf({}, [{ type: 'text', text: 'see' }, image])).toEqual({ ...nothing, images: true })
  const sound = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }
  expect(needsOf({}, [sound])).toEqual({ ...nothing, audio: true })
})

test('a cache of an hour is a need wherever its mark stands', () => {
  const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } }
  const short = { cache_control: { type: 'ephemeral' } }
  const text = { type: 'text', text: 'hi' }
  const tool = { type: 'function', function: { name: 'f', parameters: {} } }
  expect(needsOf({}, [{ ...text, ...mark }])).toEqual({ ...nothing, hourCache: true })
  expect(needsOf({}, [{ ...text, ...short }])).toEqual(nothing)
  expect(needsOf({ tools: [{ ...tool, ...mark }] })).toEqual({ ...nothing, tools: true, hourCache: true })
})

test('thinking that is asked for is a need, and what is left to the model is none', () => {
  for (const effort of ['low', 'medium', 'high', 'xhigh'])
    expect(needsOf({ reasoning_effort: effort })).toEqual({ ...nothing, reasoning: true })
  for (const effort of ['none', 'minimal', null])
    expect(needsOf({ reasoning_effort: effort })).toEqual(nothing)
})
