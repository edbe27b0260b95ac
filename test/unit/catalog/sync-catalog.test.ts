import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { modelIdOf } from '../../../scripts/catalog/model-names.ts'
import { priceChanges } from '../../../scripts/catalog/price-changes.ts'
import { picoUsdPerToken, priceOn, priceRowOf } from '../../../scripts/catalog/price-rows.ts'
import { kindOf } from '../../../scripts/catalog/sold.ts'

const root = join(import.meta.dirname, '../../..')
const sync = (...parameters: readonly string[]) =>
  spawnSync(process.execPath, ['scripts/sync-catalog.ts', ...parameters], { cwd: root, encoding: 'utf8' })

test('the committed file is what a sync writes', () => {
  const { status, stdout } = sync('--check', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ isCurrent: true, changes: [] })
  expect(status).toBe(0)
})

test('a check of another day fails, and shows the prices that will have changed', () => {
  const { status, stdout } = sync('--check', '--date', '2027-01-01')
  expect(status).toBe(1)
  expect(stdout).toContain('google/gemini-3.6-flash@global  input  0.75 -> 1.5\n')
  expect(stdout).toContain('THE FILE DIFFERS')
  expect(sync('--check').status).toBe(0)
})

test('a day that is none is refused', () => {
  expect(sync('--check', '--date', 'soon').status).toBe(2)
})

test('floats become whole pico-USD, rounded up and never down', () => {
  expect(picoUsdPerToken(0.15)).toBe(150_000)
  expect(picoUsdPerToken(0.1 + 0.2)).toBe(300_000)
  expect(picoUsdPerToken(0.0000001)).toBe(1)
  expect(picoUsdPerToken(0.1234561)).toBe(123_457)
  expect(picoUsdPerToken(600)).toBe(600_000_000)
})

test('of dated prices the one in force counts, of hours the dearest', () => {
  const prices = [
    { prices: { input_mtok: 1 } },
    { constraint: { type: 'start_date' as const, start_date: '2026-06-01' }, prices: { input_mtok: 2 } },
    {
      constraint: { type: 'time_of_date' as const, start_time: '01:00:00Z', end_time: '04:00:00Z' },
      prices: { input_mtok: 1.5, output_mtok: 3 },
    },
  ]
  expect(priceOn({ prices: prices.slice(0, 2), date: '2026-05-31' })).toEqual({ input_mtok: 1 })
  expect(priceOn({ prices: prices.slice(0, 2), date: '2026-06-01' })).toEqual({ input_mtok: 2 })
  expect(priceOn({ prices, date: '2026-05-31' })).toEqual({ input_mtok: 1.5, output_mtok: 3 })
  expect(priceOn({ prices, date: '2026-06-01' })).toEqual({ input_mtok: 2, output_mtok: 3 })
})

test('what is billed by something that is no token has no price', () => {
  const row = (prices: Record<string, number>) => priceRowOf({ offer: { prices }, date: '2026-11-26' })
  expect(row({ input_mtok: 1, output_mtok: 2 })).toEqual({ input: 1_000_000, output: 2_000_000 })
  expect(row({ input_mtok: 1, output_mtok: 2, requests_kcount: 5 })).toBeUndefined()
  expect(row({ audio_hours: 1 })).toBeUndefined()
})

test('names that are known to be one are one; others stay apart', () => {
  const host = { provider: 'host' }
  expect(modelIdOf({ name: 'deepseek-ai/DeepSeek-V3.1', seller: host })).toBe('deepseek/deepseek-chat-v3.1')
  expect(modelIdOf({ name: 'Qwen/Qwen3-32B', seller: host })).toBe('qwen/qwen3-32b')
  expect(modelIdOf({ name: 'Qwen/Qwen3-14B-FP8', seller: host })).toBe('qwen/qwen3-14b-fp8')
  expect(modelIdOf({ name: 'llama-large', seller: host })).toBe('host/llama-large')
  const named = { provider: 'host', names: { 'llama-large': 'meta-llama/llama-large' } }
  expect(modelIdOf({ name: 'llama-large', seller: named })).toBe('meta-llama/llama-large')
  const vendor = { provider: 'anthropic', vendor: 'anthropic' }
  expect(modelIdOf({ name: 'claude-opus-4-5', seller: vendor })).toBe('anthropic/claude-opus-4.5')
  expect(modelIdOf({ name: 'claude-opus-5', seller: vendor })).toBe('anthropic/claude-opus-5')
})

test('what does not chat is left out, and embeddings are known', () => {
  expect(['gpt-4o-mini', 'openai/gpt-oss-120b', 'claude-opus-5'].map(kindOf)).toEqual([
    'chat',
    'chat',
    'chat',
  ])
  expect(['text-embedding-3-small', 'BAAI/bge-m3'].map(kindOf)).toEqual(['embedding', 'embedding'])
  const others = [
    'whisper-1',
    'gpt-image-2',
    'gpt-realtime',
    'claude-2',
    '@cf/baai/bge-reranker-base',
    'davinci',
  ]
  expect(others.map(kindOf)).toEqual(others.map(() => undefined))
})

test('a reviewer sees what came, what went and what changed, in USD per million', () => {
  const row = (id: string, input: number, above?: number) => ({
    id,
    model: 'a/b',
    provider: 'a',
    region: 'global',
    upstream: 'b',
    prices: { input, output: 1, ...(above === undefined ? {} : { tiers: [{ above, input, output: 1 }] }) },
  })
  expect(
    priceChanges({
      before: [row('gone', 1), row('same', 1), row('up', 150_000)],
      after: [row('same', 1), row('up', 200_000, 9), row('came', 1)],
    }),
  ).toEqual([
    { endpoint: 'came', bucket: 'endpoint', old: null, new: 'sold' },
    { endpoint: 'gone', bucket: 'endpoint', old: 'sold', new: null },
    { endpoint: 'up', bucket: 'input', old: '0.15', new: '0.2' },
    { endpoint: 'up', bucket: '>9 input', old: null, new: '0.2' },
    { endpoint: 'up', bucket: '>9 output', old: null, new: '0.000001' },
  ])
})
