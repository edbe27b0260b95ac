import { expect, test } from 'vitest'
import { unsupportedFields } from '../../../src/chat/dialect-limits.ts'

test('what a dialect cannot honour is named; what changes nothing is not', () => {
  const fields = {
    model: 'm',
    n: 2,
    seed: 7,
    logprobs: true,
    frequency_penalty: 0,
    user: 'u',
    metadata: {},
    top_k: 5,
  }
  expect(unsupportedFields({ fields, dialect: 'anthropic' })).toEqual(['n', 'logprobs', 'seed'])
  expect(unsupportedFields({ fields, dialect: 'google' })).toEqual(['n', 'logprobs'])
  expect(unsupportedFields({ fields, dialect: 'openai' })).toEqual(['top_k'])
  expect(unsupportedFields({ fields: { model: 'm', n: 1, logit_bias: {} }, dialect: 'google' })).toEqual([])
})
