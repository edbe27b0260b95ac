import * as fc from 'fast-check'
import { chatBody, MODEL } from '../../../support/chat.ts'

const words = fc.integer({ min: 0, max: 6 }).map((size) => 'harbour '.repeat(4 ** size + 1))
const model = fc.constantFrom(
  'auto',
  'auto:cost',
  MODEL,
  'anthropic/claude-opus-4.1',
  'openai/o1-pro',
  'xai/grok-4-0709',
)
const cap = fc.integer({ min: 1, max: 8_000 })
const stream = fc.boolean()

/** What is asked of each path, at random: sizes, models and caps of every order. */
export const BODIES: Readonly<Record<string, fc.Arbitrary<object>>> = {
  '/v1/chat/completions': fc.record(
    {
      model,
      messages: words.map((content) => [{ role: 'user', content }]),
      max_tokens: cap,
      n: fc.integer({ min: 1, max: 3 }),
      stream,
      temperature: fc.constantFrom(0, 1),
    },
    { requiredKeys: ['model', 'messages'] },
  ),
  '/v1/messages': fc.record(
    {
      model,
      messages: words.map((content) => [{ role: 'user', content }]),
      max_tokens: cap,
      system: words,
      stream,
    },
    { requiredKeys: ['model', 'messages', 'max_tokens'] },
  ),
  '/v1/responses': fc.record(
    { model, input: words, max_output_tokens: cap, instructions: words, stream },
    { requiredKeys: ['model', 'input'] },
  ),
  '/v1/embeddings': fc.record(
    {
      model: fc.constantFrom('auto', 'openai/text-embedding-3-small', 'openai/text-embedding-3-large'),
      input: fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 5 }), fc.constant([1, 2, 3])),
      dimensions: fc.integer({ min: 1, max: 512 }),
    },
    { requiredKeys: ['model', 'input'] },
  ),
}
export const PATHS = Object.keys(BODIES)

/** What each path refuses. */
export const BAD: Readonly<Record<string, readonly string[]>> = {
  '/v1/chat/completions': [
    '{',
    '[]',
    chatBody({ model: 'nobody/nothing' }),
    chatBody({ temprature: 1 }),
    chatBody({ max_completion_tokens: 3 }),
    chatBody({ model: 'openai/text-embedding-3-small' }),
    chatBody({ model: 'perplexity/sonar' }),
  ],
  '/v1/messages': ['{', '{"model":"auto"}', '{"model":"auto","messages":[],"max_tokens":5}'],
  '/v1/responses': ['null', '{"model":"auto","input":"a","store":true}', '{"model":"auto","max_tokens":5}'],
  '/v1/embeddings': [
    '{"model":"auto"}',
    '{"model":"openai/gpt-5","input":"a"}',
    '{"model":"auto","input":""}',
  ],
}
