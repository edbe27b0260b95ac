import { expect, test } from 'vitest'
import { createMeter } from '../../../src/call/serve/meter.ts'
import type { FinishedCall } from '../../../src/call/types.ts'
import { createUsageWatch, type UsageWatch } from '../../../src/call/watch/watch-usage.ts'
import { hasOwnTokenizer } from '../../../src/catalog/own-tokenizer.ts'
import { countTokens } from '../../../src/chat/count-tokens.ts'
import { plainInput } from '../../../src/chat/plain-input.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { NO_USAGE, type Usage } from '../../../src/chat/usage.ts'
import { LIMITS } from '../../../src/lib/limits.ts'

const QUESTION = 'Tell me about the harbour, and about every boat in it. '.repeat(20)
const ANSWER = 'The harbour is quiet tonight, and the boats are all at their moorings. '.repeat(20)

type Story = {
  readonly modelId?: string
  readonly reasons?: boolean | 'unknown'
  readonly fields?: object
  readonly usage: Partial<Usage>
  readonly outcome?: string
  readonly isEstimated?: boolean
  readonly finishReason?: string
  readonly hasReasoning?: boolean
}

/** A call that has ended, as the edge hands it over. */
function ended({
  modelId = 'openai/gpt-4o-mini',
  reasons = false,
  fields = {},
  usage,
  outcome = 'completed',
  isEstimated = false,
  finishReason = 'stop',
  hasReasoning = false,
}: Story): Parameters<UsageWatch['take']>[0] {
  const body = { model: modelId, messages: [{ role: 'user', content: QUESTION }], ...fields }
  const request = readChatRequest({ body: Buffer.from(JSON.stringify(body)) })
  const meter = createMeter({ request })
  for (const text of ANSWER.split(/(?= )/))
    meter.add({ type: 'content', json: '{}', text, ...(hasReasoning ? { hasReasoning } : {}) })
  const call = {
    request,
    model: { id: modelId, reasoning: reasons },
    inputBoundTokens: 2_000,
    outputCap: 2_000,
    capture: {
      endpointId: `acme/${modelId}@local`,
      outcome,
      finishReason,
      usageEstimated: isEstimated,
      usage: { ...NO_USAGE, ...usage },
    },
  } as unknown as FinishedCall
  return { call, delivered: meter.delivered }
}

const honest = async (): Promise<Partial<Usage>> => ({
  inputUncached: (await countTokens(QUESTION)) + 7,
  outputText: await countTokens(ANSWER),
})

/** Subjects of what was found after these calls, counted one after the other. */
async function foundIn(stories: readonly Story[]): Promise<readonly string[]> {
  const watch = createUsageWatch({ nowMs: () => 0 })
  for (const story of stories) {
    watch.take(ended(story))
    await watch.idle()
  }
  return watch.changes().flatMap(({ kind, subject }) => (kind === 'found' ? [subject] : []))
}

test('honest counts are found nowhere, doubled ones in both directions, and nothing of the text is told', async () => {
  const usage = await honest()
  const { inputUncached = 0, outputText = 0 } = usage
  expect(await foundIn(Array.from({ length: 30 }, () => ({ usage })))).toEqual([])
  const watch = createUsageWatch({ nowMs: () => 7 })
  watch.take(ended({ usage: { inputUncached: inputUncached * 2, outputText: outputText * 2 } }))
  await watch.idle()
  const subject = 'acme/openai/gpt-4o-mini@local'
  expect(watch.changes()).toEqual([
    {
      kind: 'found',
      subject: `${subject} input`,
      ours: expect.stringMatching(
        /^\d+ tokens, counted with o200k, the tokenizer of the model; calls so far: 1$/,
      ),
      providers: expect.stringMatching(/^\d+ tokens, 2\.\d\d times as many$/),
      atMs: 7,
    },
    {
      kind: 'found',
      subject: `${subject} output`,
      ours: `${outputText} tokens, counted with o200k, the tokenizer of the model; calls so far: 1`,
      providers: `${outputText * 2} tokens, 2.00 times as many`,
      atMs: 7,
    },
  ])
  expect(JSON.stringify(watch.changes())).not.toContain('harbour')
})

test('a deviation that ends before it is written down is still written down, before its end', async () => {
  const usage = await honest()
  const watch = createUsageWatch({ nowMs: () => 0 })
  watch.take(ended({ usage: { ...usage, outputText: 1_900 } }))
  for (let index = 0; index < LIMITS.usageWindowCalls; index += 1) {
    watch.take(ended({ usage }))
    await watch.idle()
  }
  const outputs = watch.changes().filter(({ subject }) => subject.endsWith(' output'))
  expect(outputs.map(({ kind }) => kind)).toEqual(['found', 'agreed'])
  for (const change of watch.changes()) watch.settle(change)
  expect(watch.changes()).toEqual([])
})

test.each<[string, Omit<Story, 'usage'>]>([
  ['was cut short', { outcome: 'interrupted' }],
  ['was left by its caller', { outcome: 'aborted' }],
  ['the provider did not count', { isEstimated: true }],
])('a call that %s is not judged', async (_name, story) => {
  expect(await foundIn([{ ...story, usage: { inputUncached: 90_000, outputText: 90_000 } }])).toEqual([])
})

const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } }
const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }

test.each<[string, Partial<Story>]>([
  ['several choices', { fields: { n: 2 } }],
  ['tool calls', { finishReason: 'tool_calls' }],
  ['visible reasoning', { hasReasoning: true }],
  ['drafts', { fields: { prediction: { type: 'content', content: 'x' } } }],
  ['hidden reasoning', { modelId: 'xai/grok-4', reasons: true }],
])('the output of an answer with %s is only held against its cap', async (_name, story) => {
  const usage = { ...(await honest()), outputText: 1_900 }
  const many = Array.from({ length: 20 }, () => ({ ...story, usage }))
  expect((await foundIn(many)).filter((subject) => subject.endsWith('output'))).toEqual([])
  const above = await foundIn([{ ...story, usage: { ...usage, outputText: 9_000 } }])
  expect(above).toEqual([expect.stringMatching(/ output$/)])
})

test.each<[string, object]>([
  ['tools', { tools: [tool] }],
  ['a schema', { response_format: { type: 'json_object' } }],
  ['pictures', { messages: [{ role: 'user', content: [{ type: 'text', text: QUESTION }, picture] }] }],
  ['tool results', { messages: [{ role: 'tool', tool_call_id: 'x', content: QUESTION }] }],
])('the input of a call with %s is only held against its bound', async (_name, fields) => {
  const usage = { ...(await honest()), inputUncached: 1_900 }
  expect(await foundIn([{ fields, usage }])).toEqual([])
  expect(await foundIn([{ fields, usage: { ...usage, inputUncached: 2_001 } }])).toEqual([
    'acme/openai/gpt-4o-mini@local input',
  ])
})

test('text in parts is text, and options that say nothing to the model do not hide it', () => {
  const body = {
    model: 'a',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one ' },
          { type: 'text', text: 'two' },
        ],
      },
    ],
    temperature: 1,
    max_tokens: 5,
  }
  const request = readChatRequest({ body: Buffer.from(JSON.stringify(body)) })
  expect(plainInput(request)).toEqual({ texts: ['one two'], frames: 1 })
})

test('an endpoint of another vocabulary is measured by itself', async () => {
  const usage = await honest()
  const story = { modelId: 'anthropic/claude-sonnet-4.5', reasons: 'unknown' } as const
  const { outputText = 0 } = usage
  const usual = Array.from({ length: 20 }, () => ({
    ...story,
    usage: { ...usage, outputText: Math.round(outputText * 1.2) },
  }))
  expect(await foundIn(usual)).toEqual([])
  const inflated = { ...story, usage: { ...usage, outputText: outputText * 2 } }
  expect(await foundIn([...usual, inflated])).toEqual([])
  expect(await foundIn([...usual, inflated, inflated, inflated])).toEqual([
    'acme/anthropic/claude-sonnet-4.5@local output',
  ])
})

test('what somebody has answered for is learned anew', async () => {
  const usage = await honest()
  const watch = createUsageWatch({ nowMs: () => 0 })
  const story = { modelId: 'acme/writer', usage: { ...usage, outputText: 2 * (usage.outputText ?? 0) } }
  const take = async (one: Story, times: number) => {
    for (let index = 0; index < times; index += 1) watch.take(ended(one))
    await watch.idle()
  }
  await take({ ...story, usage }, 10)
  await take(story, 3)
  const [found] = watch.changes()
  expect(found).toMatchObject({ kind: 'found' })
  if (found) watch.settle(found)
  watch.forget(found?.subject ?? '')
  await take(story, 15)
  expect(watch.changes().filter(({ kind }) => kind === 'found')).toEqual([])
})

test('our count is the model’s own for OpenAI’s closed models since gpt-4o, and for no other', () => {
  const own = [
    'gpt-4o',
    'gpt-4o-mini-2024-07-18',
    'gpt-4.1-nano',
    'gpt-5',
    'gpt-5.3-codex',
    'gpt-6-sol',
    'o1',
    'o4-mini',
  ]
  const others = [
    'openai/gpt-4',
    'openai/gpt-4-turbo',
    'openai/gpt-3.5-turbo',
    'openai/text-embedding-3-small',
    'openai/gpt-oss-120b',
    'openai/gpt-4o-search-preview',
    'openai/o3-deep-research',
    'anthropic/claude-sonnet-4.5',
    'acme/openai/gpt-4o',
  ]
  expect(own.filter((name) => !hasOwnTokenizer({ id: `openai/${name}` }))).toEqual([])
  expect(others.filter((id) => hasOwnTokenizer({ id }))).toEqual([])
})
