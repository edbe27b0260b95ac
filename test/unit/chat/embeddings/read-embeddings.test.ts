import { expect, test } from 'vitest'
import { readEmbeddings } from '../../../../src/chat/embeddings/read-embeddings.ts'
import { readEmbeddingsRequest } from '../../../../src/chat/embeddings/read-embeddings-request.ts'
import { inputBound } from '../../../../src/chat/input-bound.ts'
import { toUpstreamBody } from '../../../../src/chat/upstream-body.ts'

const read = (fields: object) =>
  readEmbeddingsRequest({ body: Buffer.from(JSON.stringify({ model: 'v/m', ...fields })) })

test('texts are bounded by their bytes, tokens by their number', () => {
  const overhead = inputBound({ request: read({ input: [1] }) }).boundTokens - 1
  expect(inputBound({ request: read({ input: 'été' }) }).boundTokens).toBe(overhead + 5)
  expect(inputBound({ request: read({ input: [1, 2, 3] }) }).boundTokens).toBe(overhead + 3)
  const two = inputBound({ request: read({ input: ['ab', 'cd'] }) }).boundTokens
  expect(two).toBeGreaterThan(overhead + 4)
})

test('the body goes out as it came, with the provider’s name and without a cap', () => {
  const request = read({ input: 'Hi', dimensions: 3, session_id: 'x' })
  const body = toUpstreamBody({ request, upstreamModel: 'up', outputCap: 0 })
  expect(JSON.parse(body)).toEqual({ model: 'up', input: 'Hi', dimensions: 3 })
})

test('an answer without a list is none; its usage is input alone', () => {
  expect(readEmbeddings('{"data":[]}')).toBeUndefined()
  expect(readEmbeddings('{"error":{"message":"no"}}')).toBeUndefined()
  const usage = { prompt_tokens: 7, total_tokens: 7 }
  expect(readEmbeddings(JSON.stringify({ model: 'm', data: [{}], usage }))?.usage).toMatchObject({
    inputUncached: 7,
    outputText: 0,
  })
})

test.each([[''], [[]], [['a', 1]], [[[]]], [[1.5]], [{}], [null]])('%j is no input', (input) => {
  expect(() => read({ input })).toThrow(/input/)
})
