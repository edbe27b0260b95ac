import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_ASSETS } from '@x402/evm'
import { atomicToPicoUsd } from '../../../src/lib/money.ts'
import { BUILT_IN_ASSETS, usdtAsset } from '../../../src/payment/tokens/assets.ts'
import { chooseAssets } from '../../../src/payment/offers/choose-assets.ts'
import { checksumAddress } from '../../../src/payment/hex.ts'
import { v1NameOf } from '../../../src/payment/tokens/networks.ts'
import { tokenSeparator } from '../../../src/payment/signing/token-domain.ts'
import { assetOf, NETWORK_NAMES, TOKENS, type Token } from '../../../src/payment/tokens/tokens.ts'
import type { Asset, Network } from '../../../src/payment/types.ts'
import { makeOffers, makeQuote, TERMS } from './stock-client.ts'

const named = ({ network, symbol }: Token) => ({ name: `${symbol} on ${network}` })
const verified = TOKENS.filter(({ separator }) => separator !== undefined)

test.each(verified.map((token) => ({ ...named(token), token })))(
  'the domain of $name is the one whose separator is on chain',
  ({ token }) => {
    const { eip712, separator } = token
    if (!eip712) throw new Error('A verified row has a domain.')
    expect(tokenSeparator({ asset: token, eip712 }).slice(0, 10)).toBe(separator)
  },
)

test('a wrong version or the other form of a domain has another separator', () => {
  const polygon = TOKENS.find(({ eip712 }) => eip712?.isSalted)
  if (!polygon) throw new Error('Polygon has a token with a salt.')
  for (const eip712 of [
    { name: 'USDT0', version: '1' },
    { name: 'USDT0', version: '2', isSalted: true },
  ] as const) {
    expect(tokenSeparator({ asset: polygon, eip712 }).slice(0, 10)).not.toBe(polygon.separator)
  }
})

test('each row is one token of a network that has a name, and no two are the same', () => {
  const keys = TOKENS.map(({ network, address }) => `${network} ${address}`)
  expect(new Set(keys).size).toBe(TOKENS.length)
  for (const { network, address, decimals, transfer, eip712 } of TOKENS) {
    expect(NETWORK_NAMES[network]).toBeDefined()
    expect(address).toMatch(/^0x[0-9a-f]{40}$/)
    expect(checksumAddress(address)).toMatch(/^0x/)
    expect([6, 18]).toContain(decimals)
    // Clients cannot sign such a domain.
    expect(transfer === 'eip3009' && eip712?.isSalted).toBeFalsy()
  }
  expect(Object.keys(NETWORK_NAMES).toSorted()).toEqual(
    [...new Set(TOKENS.map(({ network }) => network))].toSorted(),
  )
})

test('where stock clients have a default token, the row says the same of it', () => {
  const compared = TOKENS.flatMap((token) => {
    const row = DEFAULT_ASSETS[token.network]?.find(({ asset }) => asset.toLowerCase() === token.address)
    if (row) expect(row).toMatchObject({ decimals: token.decimals, symbol: token.symbol, ...token.eip712 })
    return row ? [token.network] : []
  })
  expect(compared).toEqual([8453, 1, 42_161, 137, 43_114, 84_532, 421_614].map((id) => `eip155:${id}`))
})

test('only rows that were compared are offered without a look at the chain', () => {
  for (const token of TOKENS) {
    expect(assetOf(token).isUnconfirmed).toBe(token.separator === undefined ? true : undefined)
  }
  for (const asset of BUILT_IN_ASSETS) {
    const token = TOKENS.find(
      ({ network, address }) => network === asset.network && address === asset.address,
    )
    expect(token && assetOf(token)).toEqual(asset)
  }
})

test('x402 v1 has names for these networks, and none for the others', () => {
  const names = (Object.keys(NETWORK_NAMES) as Network[]).map((network) => [network, v1NameOf(network)])
  expect(names.filter(([, name]) => name !== undefined)).toEqual([
    ['eip155:8453', 'base'],
    ['eip155:1', 'ethereum'],
    ['eip155:137', 'polygon'],
    ['eip155:43114', 'avalanche'],
    ['eip155:84532', 'base-sepolia'],
    ['eip155:11155111', 'sepolia'],
    ['eip155:80002', 'polygon-amoy'],
    ['eip155:43113', 'avalanche-fuji'],
  ])
})

const symbolsOf = (assets: readonly Asset[]) => assets.map(({ network, symbol }) => `${network}/${symbol}`)
const OWN: Asset = {
  network: 'eip155:8453',
  address: `0x${'0a'.repeat(20)}`,
  symbol: 'OWNUSD',
  decimals: 6,
  transfer: 'permit2',
}

test('without a choice all tokens of the networks are taken, in the order of the networks, and the own ones last', () => {
  const { assets, problems } = chooseAssets({
    networks: ['eip155:137', 'eip155:8453'],
    own: [OWN, { ...OWN, network: 'eip155:1' }],
    chosen: undefined,
  })
  expect(symbolsOf(assets)).toEqual([
    'eip155:137/USDC',
    'eip155:137/USDT0',
    'eip155:8453/USDC',
    'eip155:8453/USDT',
    'eip155:8453/OWNUSD',
  ])
  expect(problems).toEqual([])
})

test('a choice names tokens by symbol or address, in its own order, and has to be right', () => {
  const choose = (...tokens: readonly string[]) =>
    chooseAssets({
      networks: ['eip155:8453', 'eip155:10'],
      own: [OWN],
      chosen: tokens.map((token) => ({ network: 'eip155:8453', token })),
    })
  const usdt = TOKENS.find(({ network, symbol }) => network === 'eip155:8453' && symbol === 'USDT')
  const { assets } = choose(checksumAddress(usdt?.address ?? '0x'), 'OWNUSD', 'USDC', 'USDC')
  expect(symbolsOf(assets)).toEqual(['eip155:8453/USDT', 'eip155:8453/OWNUSD', 'eip155:8453/USDC'])
  // Named, so that a start that cannot confirm it says so and stops.
  expect(assets[0]?.isUnconfirmed).toBeUndefined()
  expect(choose('EURC').problems).toEqual([
    "eip155:8453/EURC is not a token of the table; known there: USDC, USDT, OWNUSD. Add a row to the operator's file.",
  ])
  const elsewhere = [{ network: 'eip155:1', token: 'USDC' }] as const
  expect(chooseAssets({ networks: ['eip155:10'], own: [], chosen: elsewhere }).problems).toEqual([
    'eip155:1/USDC: eip155:1 is not a network that is taken.',
  ])
  const twice = { ...OWN, address: `0x${'0b'.repeat(20)}`, symbol: 'OWNUSD' } as const
  const both = chooseAssets({
    networks: ['eip155:8453'],
    own: [OWN, twice],
    chosen: [{ network: 'eip155:8453', token: 'OWNUSD' }],
  })
  expect(both.problems).toEqual(['eip155:8453/OWNUSD names 2 tokens: use an address.'])
})

test("a row of the operator's file stands in the place of the table's", () => {
  const polygon = TOKENS.find(({ eip712 }) => eip712?.isSalted)
  if (!polygon) throw new Error('Polygon has a token with a salt.')
  const { address, network, decimals } = polygon
  const renamed: Asset = { address, network, decimals, symbol: 'USDT0', transfer: 'permit2' }
  const { assets } = chooseAssets({ networks: [network], own: [renamed], chosen: undefined })
  expect(assets).toHaveLength(2)
  expect(assets[1]).toBe(renamed)
})

test('offers in 6 and in 18 decimals are the same dollars, rounded up once each', () => {
  const narrow = usdtAsset({
    network: TERMS.assets[0]?.network ?? 'eip155:1',
    address: `0x${'06'.repeat(20)}`,
    decimals: 6,
  })
  const wide = { ...narrow, address: `0x${'18'.repeat(20)}`, decimals: 18 } as const
  const terms = { ...TERMS, assets: [narrow, wide] }
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 10n ** 20n }), (ceilingPicoUsd) => {
      const offers = makeOffers({ quote: makeQuote({ ceilingPicoUsd }), terms })
      const feeOf = (scheme: string) =>
        terms.settlementFees.find((fee) => fee.scheme === scheme)?.feePicoUsd ?? 0n
      for (const { scheme, asset: address, amount, extra } of offers) {
        const { decimals } = address.toLowerCase() === wide.address ? wide : narrow
        const dear = ceilingPicoUsd + feeOf(scheme)
        const offered = atomicToPicoUsd({ amountAtomic: BigInt(amount), decimals })
        // Never below the price, and above it by less than one unit: a millionth of a dollar, or nothing at all.
        expect(offered).toBeGreaterThanOrEqual(dear)
        expect(offered - dear).toBeLessThan(decimals === 18 ? 1n : 10n ** 6n)
        if (scheme === 'batch-settlement')
          expect(BigInt(String(extra['minDeposit']))).toBeGreaterThanOrEqual(BigInt(amount))
      }
    }),
    { numRuns: 200 },
  )
})
