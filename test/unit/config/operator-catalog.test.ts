import { expect, test } from 'vitest'
import { readOperatorCatalog } from '../../../src/config/operator-catalog.ts'

const problemsOf = (file: unknown) => {
  const read = readOperatorCatalog(typeof file === 'string' ? file : JSON.stringify(file))
  return 'problems' in read ? read.problems : []
}
const token = {
  network: 'eip155:8453',
  address: `0x${'0A'.repeat(20)}`,
  symbol: 'OWNUSD',
  decimals: 18,
  transfer: 'permit2',
}
const endpoint = { model: 'acme/writer', provider: 'vllm' }

test('prices become pico-USD per token, exactly', () => {
  const prices = {
    input: '0.15',
    output: '0.6',
    cacheWriteHour: '3',
    tiers: [
      { aboveInputTokens: 2_000, input: '9', output: '9' },
      { aboveInputTokens: 1_000, input: '0.000001', output: '1' },
    ],
  }
  const read = readOperatorCatalog(JSON.stringify({ endpoints: [{ ...endpoint, prices }] }))
  if ('problems' in read) throw new Error(read.problems.join())
  expect(read.additions.endpoints[0]?.prices).toEqual({
    inputPicoUsd: 150_000n,
    cacheReadPicoUsd: 150_000n,
    cacheWritePicoUsd: 150_000n,
    cacheWriteHourPicoUsd: 3_000_000n,
    outputPicoUsd: 600_000n,
    tiers: [
      {
        aboveInputTokens: 1_000,
        inputPicoUsd: 1n,
        cacheReadPicoUsd: 1n,
        cacheWritePicoUsd: 1n,
        outputPicoUsd: 1_000_000n,
      },
      {
        aboveInputTokens: 2_000,
        inputPicoUsd: 9_000_000n,
        cacheReadPicoUsd: 9_000_000n,
        cacheWritePicoUsd: 9_000_000n,
        outputPicoUsd: 9_000_000n,
      },
    ],
  })
})

test('a token becomes a row of the table', () => {
  const domain = { name: 'Own', version: '1', isSalted: true }
  const read = readOperatorCatalog(JSON.stringify({ tokens: [token, { ...token, domain }] }))
  if ('problems' in read) throw new Error(read.problems.join())
  const row = { ...token, address: `0x${'0a'.repeat(20)}` }
  expect(read.additions.tokens).toEqual([row, { ...row, eip712: domain }])
})

test('an empty file says nothing', () => {
  expect(readOperatorCatalog('{}')).toEqual({
    additions: {
      models: [],
      endpoints: [],
      margins: { models: {}, providers: {} },
      qualities: {},
      tokens: [],
      aliases: {},
    },
  })
})

test.each([
  [
    'a number for a price',
    { endpoints: [{ ...endpoint, prices: { input: 0.15, output: '1' } }] },
    'endpoints[0].prices.input: must be USD per million tokens as text',
  ],
  [
    'seven decimals',
    { endpoints: [{ ...endpoint, prices: { input: '0.0000001', output: '1' } }] },
    'at most 6 decimals',
  ],
  [
    'a negative price',
    { endpoints: [{ ...endpoint, prices: { input: '-1', output: '1' } }] },
    'endpoints[0].prices.input',
  ],
  ['no output price', { endpoints: [{ ...endpoint, prices: { input: '1' } }] }, 'endpoints[0].prices.output'],
  ['a model without its vendor', { models: [{ id: 'writer' }] }, 'models[0].id: must be vendor/model'],
  [
    'a fact that is neither',
    { models: [{ id: 'a/b', tools: 'yes' }] },
    'models[0].tools: must be true, false or "unknown"',
  ],
  [
    'half a basis point',
    { margins: { models: { 'a/b': 1.5 } } },
    'margins.models.a/b: must be whole basis points',
  ],
  ['a misspelt word', { modles: [] }, 'modles'],
  ['a context of nothing', { models: [{ id: 'a/b', contextTokens: 0 }] }, 'models[0].contextTokens'],
  [
    'a token with five decimals',
    { tokens: [{ ...token, decimals: 5 }] },
    'tokens[0].decimals: must be 6 to 18',
  ],
  ['half an address', { tokens: [{ ...token, address: '0x12' }] }, 'tokens[0].address: must be an address'],
  [
    'a network by its name',
    { tokens: [{ ...token, network: 'base' }] },
    'tokens[0].network: must be a network',
  ],
  [
    'half a domain',
    { tokens: [{ ...token, transfer: 'eip3009', domain: { name: 'Own' } }] },
    'tokens[0].domain.version',
  ],
  [
    'a domain that no client can sign',
    { tokens: [{ ...token, transfer: 'eip3009', domain: { name: 'Own', version: '1', isSalted: true } }] },
    'tokens[0].transfer: must be permit2',
  ],
  ['a list', [], 'the file'],
  ['half a file', '{"models": [', 'is not JSON'],
])('%s is refused with its place', (_name, file, expected) => {
  expect(problemsOf(file).join('\n')).toContain(expected)
})

test('qualities are shares from 0 to 1, over all and by known domains', () => {
  const read = readOperatorCatalog(JSON.stringify({ qualities: { 'a/b': { general: 0.7, code: 0.9 } } }))
  if ('problems' in read) throw new Error(read.problems.join())
  expect(read.additions.qualities).toEqual({ 'a/b': { general: 0.7, code: 0.9 } })
  expect(problemsOf({ qualities: { 'a/b': { general: 70 } } })).toEqual([
    'qualities.a/b.general: must be 0 to 1',
  ])
  expect(problemsOf({ qualities: { 'a/b': { general: 0.7, poetry: 1 } } })).toHaveLength(1)
  expect(problemsOf({ qualities: { 'a/b': { code: 0.7 } } })).toHaveLength(1)
})
