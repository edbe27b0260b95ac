import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { serveOptions } from '../../../src/app/options/serve-options.ts'
import { policyOf } from '../../../src/app/options/settlement-policy.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { chapterOf, readPage } from '../docs/pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'serve-options-'))
afterAll(() => rmSync(folder, { recursive: true }))

const key = (digit: string) => `0x${digit.repeat(64)}`
const ENVIRONMENT = {
  TURNPIKE_NETWORKS: 'eip155:8453,eip155:1,eip155:56',
  TURNPIKE_RPC_8453: 'http://127.0.0.1:1',
  TURNPIKE_RPC_1: 'http://127.0.0.1:2',
  TURNPIKE_RPC_56: 'http://127.0.0.1:3',
  TURNPIKE_SETTLEMENT_FEES: 'eip155:8453=0.002,eip155:1=0.5,eip155:56=0.01',
  TURNPIKE_PAY_TO: `0x${'aa'.repeat(20)}`,
  TURNPIKE_SIGNER_KEY: key('1'),
  TURNPIKE_TILL_KEY: key('2'),
  TURNPIKE_RECEIVER_AUTHORIZER_KEY: key('3'),
  OPENAI_API_KEY: 'a key',
}

function optionsOf(more: Readonly<Record<string, string>> = {}) {
  const environment = { ...ENVIRONMENT, ...more }
  return serveOptions({ config: readConfig(environment), environment })
}
const tokensOf = (more?: Readonly<Record<string, string>>) =>
  optionsOf(more).terms.assets.map(({ network, symbol, decimals }) => `${network}/${symbol} ${decimals}`)

test('networks are taken with all their tokens, or with those that are named', () => {
  expect(tokensOf()).toEqual([
    'eip155:8453/USDC 6',
    'eip155:8453/USDT 6',
    'eip155:1/USDC 6',
    'eip155:1/USDT 6',
    'eip155:56/USDC 18',
    'eip155:56/USDT 18',
  ])
  const TURNPIKE_TOKENS =
    'eip155:56/USDT,eip155:8453/USDC,eip155:1/0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
  expect(tokensOf({ TURNPIKE_TOKENS })).toEqual([
    'eip155:56/USDT 18',
    'eip155:8453/USDC 6',
    'eip155:1/USDC 6',
  ])
})

test('a choice that cannot be kept is named together with all else', () => {
  const start = () =>
    optionsOf({ TURNPIKE_TOKENS: 'eip155:8453/EURC,eip155:1/USDC', TURNPIKE_SETTLEMENT_FEES: 'eip155:1=0.5' })
  for (const said of [
    /TURNPIKE_TOKENS: eip155:8453\/EURC is not a token of the table; known there: USDC, USDT/,
    /No token is taken on eip155:56/,
    /TURNPIKE_SETTLEMENT_FEES has no row for eip155:56/,
  ])
    expect(start).toThrow(said)
  expect(() => readConfig({ TURNPIKE_TOKENS: 'base/USDC' })).toThrow(/TURNPIKE_TOKENS is not a list like/)
})

test("the page's own row of a token is taken beside the table", () => {
  const page = chapterOf({ page: readPage('docs/TOKENS.md'), heading: '## A token of your own' })
  const path = join(folder, 'operator.json')
  writeFileSync(path, /```json\n([^]*?)```/.exec(page)?.[1] ?? '')
  const assets = optionsOf({ TURNPIKE_CATALOG_FILE: path }).terms.assets
  expect(assets.filter(({ symbol }) => symbol === 'ACMEUSD')).toEqual([
    {
      network: 'eip155:8453',
      address: '0x00000000000000000000000000000000ac3e05d0',
      symbol: 'ACMEUSD',
      decimals: 6,
      transfer: 'eip3009',
      eip712: { name: 'Acme Dollar', version: '1' },
    },
  ])
})

test('what is worth a refund follows the gas of its own network', () => {
  const { refundAtOncePicoUsd, refundLaterPicoUsd } = policyOf(optionsOf())
  expect(refundAtOncePicoUsd('eip155:8453')).toBe(200_000_000_000n)
  expect(refundLaterPicoUsd('eip155:8453')).toBe(4_000_000_000n)
  expect(refundAtOncePicoUsd('eip155:1')).toBe(50_000_000_000_000n)
})

test('what a unit of gas may cost is said per network, in gwei', () => {
  const { networks } = optionsOf({ TURNPIKE_MAX_GAS_PRICE: 'eip155:56=0.5' })
  const caps = { maxFeePerGasWei: 500_000_000n, maxPriorityFeePerGasWei: 500_000_000n }
  expect(networks.map(({ feeCaps }) => feeCaps)).toEqual([undefined, undefined, caps])
})

test('a facilitator submits for the network that it is named for, with its token', async () => {
  const { networks } = optionsOf({
    TURNPIKE_FACILITATOR_8453: 'https://facilitator.example.com',
    TURNPIKE_FACILITATOR_TOKEN_8453: 'a token',
  })
  const [base, ethereum] = networks
  expect(base?.hosted?.url).toBe('https://facilitator.example.com')
  expect(await base?.hosted?.headersFor?.('/verify')).toEqual({ authorization: 'Bearer a token' })
  expect(ethereum?.hosted).toBeUndefined()
})
