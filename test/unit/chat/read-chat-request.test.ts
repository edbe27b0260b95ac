import { expect, test } from 'vitest'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'

const CANARY = 'canary-7f3a'
const messages = [{ role: 'user', content: CANARY }]
const read = (fields: object) => readChatRequest({ body: Buffer.from(JSON.stringify(fields)) })
const readText = (text: string) => readChatRequest({ body: Buffer.from(text) })

function refusal(run: () => unknown): { code: string; param: string | undefined; message: string } {
  try {
    run()
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error
    expect(JSON.stringify([error.message, error.details, error.stack])).not.toContain(CANARY)
    return { code: error.code, param: error.details.param, message: error.message }
  }
  throw new Error('it was taken')
}

test('reads model, stream, choices, cap and counts', () => {
  const request = read({
    model: 'auto:cost',
    messages,
    stream: true,
    stream_options: { include_usage: true },
    n: 2,
    max_completion_tokens: 50,
    tools: [{ type: 'function', function: { name: 'f' } }],
    budget: { max_cost: '0.10' },
  })
  expect(request).toMatchObject({
    model: 'auto:cost',
    stream: true,
    choices: 2,
    callerOutputCap: 50,
    includeUsage: true,
    messageCount: 1,
    toolCount: 1,
  })
  expect(request.members.map(({ key }) => key)).toContain('budget')
})

test('takes defaults where nothing is said, and null as nothing', () => {
  const request = read({ model: 'a/b', messages, max_tokens: null, temperature: null, stream: null })
  expect(request).toMatchObject({ stream: false, choices: 1, includeUsage: false, toolCount: 0 })
  expect(request).not.toHaveProperty('callerOutputCap')
})

test('a body without a model is told by missing_field before anything else is looked at', () => {
  expect(refusal(() => read({}))).toMatchObject({ code: 'missing_field', param: 'model' })
  expect(refusal(() => read({ nonsense: 1, messages: 3 }))).toMatchObject({ param: 'model' })
  expect(refusal(() => read({ model: 'a/b' }))).toMatchObject({ code: 'missing_field', param: 'messages' })
})

test('refuses what is not one JSON object in UTF-8', () => {
  const invalid = ['', '[]', 'null', '"x"', `{"model":"${CANARY}`, '{"a":1} x', '{"a":NaN}', '\ufeff{}']
  for (const text of invalid) expect(refusal(() => readText(text)).code).toBe('invalid_json')
  const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])
  expect(refusal(() => readChatRequest({ body })).code).toBe('invalid_json')
  const deep = `{"model":"a","messages":${'['.repeat(99)}${']'.repeat(99)}}`
  expect(refusal(() => readText(deep)).code).toBe('invalid_json')
})

test('refuses two readings of one body', () => {
  expect(refusal(() => readText('{"model":"a","max_tokens":1,"max_tokens":9}')).code).toBe('ambiguous_json')
  expect(refusal(() => readText('{"\\u006dodel":"a"}')).code).toBe('ambiguous_json')
})

test.each([
  ['model', { model: 3 }],
  ['model', { model: '' }],
  ['model', { model: 'a b' }],
  ['model', { model: 'x'.repeat(300) }],
  ['messages', { messages: [] }],
  ['messages', { messages: CANARY }],
  ['messages[0]', { messages: [CANARY] }],
  ['messages[1].role', { messages: [...messages, { role: CANARY, content: '' }] }],
  ['messages[0].content', { messages: [{ role: 'user', content: { text: CANARY } }] }],
  ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] }],
  ['messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
  ['stream', { stream: 'yes' }],
  ['n', { n: 0 }],
  ['n', { n: 17 }],
  ['n', { n: 1.5 }],
  ['max_tokens', { max_tokens: -1 }],
  ['max_tokens', { max_tokens: 0 }],
  ['max_tokens', { max_tokens: 1e30 }],
  ['max_tokens', { max_tokens: '10' }],
  ['max_output_tokens', { max_output_tokens: 1.5 }],
  ['temperature', { temperature: 2.1 }],
  ['temperature', { temperature: '1' }],
  ['top_p', { top_p: -0.1 }],
  ['frequency_penalty', { frequency_penalty: 3 }],
  ['top_logprobs', { top_logprobs: 21 }],
  ['seed', { seed: 1e30 }],
  ['tools', { tools: {} }],
  ['tools', { tools: Array.from({ length: 501 }, () => ({ type: 'function' })) }],
  ['tools[0].type', { tools: [{ type: 'web_search' }] }],
  ['stream_options', { stream: true, stream_options: 'x' }],
  ['stream_options.include_usage', { stream: true, stream_options: { include_usage: 'x' } }],
  ['web_search_options', { web_search_options: {} }],
  ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
  ['modalities', { modalities: ['text', 'audio'] }],
  ['service_tier', { service_tier: 'priority' }],
])('names %s when it refuses %j', (param, wrong) => {
  expect(refusal(() => read({ model: 'a/b', messages, ...wrong }))).toMatchObject({
    code: 'invalid_field',
    param,
  })
})

test('a number beyond every range is refused however it is written', () => {
  const text = (value: string) =>
    `{"model":"a","messages":[{"role":"user","content":"x"}],"temperature":${value}}`
  expect(refusal(() => readText(text('1e400'))).param).toBe('temperature')
  expect(refusal(() => readText(text('-1e-1'))).param).toBe('temperature')
  expect(readText(text('1e0')).model).toBe('a')
})

test('refuses caps that differ and takes caps that agree', () => {
  const two = (a: number, b: number) =>
    read({ model: 'a', messages, max_tokens: a, max_completion_tokens: b })
  expect(refusal(() => two(1, 2))).toMatchObject({ code: 'contradicting_options' })
  expect(two(7, 7).callerOutputCap).toBe(7)
})

test('stream_options without stream contradicts', () => {
  const run = () => read({ model: 'a', messages, stream_options: { include_usage: true } })
  expect(refusal(run)).toMatchObject({ code: 'contradicting_options', param: 'stream_options' })
})

test('an unknown field is named with the nearest known one', () => {
  const unknown = refusal(() => read({ model: 'a', messages, temprature: 1 }))
  expect(unknown).toMatchObject({ code: 'unknown_field', param: 'temprature' })
  expect(unknown.message).toContain('temperature')
  const strange = refusal(() => read({ model: 'a', messages, zzzzzzzz: 1 }))
  expect(strange.message).not.toContain('Did you mean')
  const text = refusal(() => read({ model: 'a', messages, [`${CANARY} as a key`]: 1 }))
  expect(text).toMatchObject({ code: 'unknown_field', param: undefined })
})

test('every field of the OpenAI SDK is known', async () => {
  const { readFileSync } = await import('node:fs')
  const types = readFileSync('node_modules/openai/resources/chat/completions/completions.d.ts', 'utf8')
  const body = /interface ChatCompletionCreateParamsBase \{([\s\S]*?)\n\}/.exec(types)?.[1] ?? ''
  const names = [...body.matchAll(/^ {4}(\w+)\??:/gm)].map((match) => match[1] ?? '')
  const { CHAT_FIELDS } = await import('../../../src/chat/fields.ts')
  expect(names.length).toBeGreaterThan(30)
  expect(names.filter((name) => !CHAT_FIELDS.has(name))).toEqual([])
})
