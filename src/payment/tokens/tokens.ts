import { networkOf } from './networks.ts'
import type { Asset, TokenDomain } from '../types.ts'

/** A row of the table: a token, where its facts were read, and what was compared. */
export type Token = Omit<Asset, 'isUnconfirmed'> & {
  /** Where name, address and domain were read. */
  readonly source: string
  /** ISO date. */
  readonly readOn: string
  /**
   * The first bytes of the `DOMAIN_SEPARATOR()` that is on chain, where it was compared with the row's domain and matched. A row
   * without it is not verified: it is offered once the start has found it on chain as it stands here.
   */
  readonly separator?: `0x${string}`
  readonly note?: string
}

const READ_ON = '2026-11-22'
const X402 = '@x402/evm 2.27.0, DEFAULT_ASSETS'
const CIRCLE = "Circle's package of addresses"
const PUBLIC = 'public repositories'
const ERC7730 = 'registry of ERC-7730'

const COIN: TokenDomain = { name: 'USD Coin', version: '2' }
const SHORT: TokenDomain = { name: 'USDC', version: '2' }
/** With the sign of the tögrög, U+20AE, in place of a T. */
const USDT0: TokenDomain = { name: 'USD₮0', version: '1' }

type Row = Omit<Token, 'network' | 'readOn' | 'decimals'> & { readonly decimals?: number }

/** 6 decimals where the row says nothing. */
const on = (chainId: number, rows: readonly Row[]): readonly Token[] =>
  rows.map((row) => ({ decimals: 6, ...row, network: networkOf(chainId), readOn: READ_ON }))

/** Circle's own token: EIP-3009 everywhere. */
const usdc = (row: Pick<Row, 'address' | 'source'> & Partial<Row>): Row => ({
  symbol: 'USDC',
  transfer: 'eip3009',
  ...row,
})

const NO_DOMAIN_READ = 'Name and version are read from the chain at the start.'

/**
 * Every token that needs no row in the operator's file, in the order in which a network's tokens are offered. Addresses are facts of
 * one network: the same address is another token elsewhere, and one token has several names.
 */
export const TOKENS: readonly Token[] = [
  ...on(8453, [
    usdc({
      address: '0x833589fcd6edb6e08f4c7c32d4f71b54bda02913',
      eip712: COIN,
      separator: '0x02fa7265',
      source: X402,
    }),
    {
      address: '0xfde4c96c8593536e31f229ea8f37b2ada2699bb2',
      symbol: 'USDT',
      transfer: 'permit2',
      source: PUBLIC,
      note: 'Bridged. It has no domain of its own.',
    },
  ]),
  ...on(1, [
    usdc({
      address: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
      eip712: COIN,
      separator: '0x06c37168',
      source: X402,
    }),
    {
      address: '0xdac17f958d2ee523a2206206994597c13d831ec7',
      symbol: 'USDT',
      transfer: 'permit2',
      source: PUBLIC,
      note: 'Its transfers return nothing; its issuer can switch on a fee, a pause and blocks.',
    },
  ]),
  ...on(42_161, [
    usdc({
      address: '0xaf88d065e77c8cc2239327c5edb3a432268e5831',
      eip712: COIN,
      separator: '0x08d11903',
      source: X402,
    }),
    {
      address: '0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9',
      symbol: 'USDT0',
      transfer: 'eip3009',
      eip712: USDT0,
      separator: '0x566af68f',
      source: PUBLIC,
      note: 'It has no version().',
    },
  ]),
  ...on(10, [
    usdc({
      address: '0x0b2c639c533813f4aa9d7837caf62653d097ff85',
      eip712: COIN,
      separator: '0x26d9c34b',
      source: PUBLIC,
    }),
    {
      address: '0x01bff41798a0bcf287b996046ca68b395dbc1071',
      symbol: 'USDT0',
      transfer: 'eip3009',
      eip712: USDT0,
      source: PUBLIC,
      note: 'Not the older USDT at 0x94b008aa00579c1307b0ef2c499ad98a8ce58e58, which has no domain.',
    },
  ]),
  ...on(137, [
    usdc({
      address: '0x3c499c542cef5e3811e1192ce70d8cc03d5c3359',
      eip712: COIN,
      separator: '0xcaa2ce1a',
      source: X402,
    }),
    {
      address: '0xc2132d05d31c914a87c6611c10748aeb04b58e8f',
      symbol: 'USDT0',
      transfer: 'permit2',
      eip712: { name: 'USDT0', version: '1', isSalted: true },
      separator: '0x7b43b7de',
      source: PUBLIC,
      note: 'Its issuer can change the name of its domain: then the start says so.',
    },
  ]),
  ...on(43_114, [
    usdc({
      address: '0xb97ef9ef8734c71904d8002f8b6bc66dd9c48a6e',
      eip712: COIN,
      separator: '0xbbea2003',
      source: X402,
    }),
    {
      address: '0x9702230a8ea53601f5cd2dc00fdbc13d4df4a8c7',
      symbol: 'USDT',
      transfer: 'permit2',
      eip712: { name: 'TetherToken', version: '1' },
      source: ERC7730,
      note: 'That registry has been wrong about another chain.',
    },
  ]),
  ...on(56, [
    {
      address: '0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d',
      symbol: 'USDC',
      decimals: 18,
      transfer: 'permit2',
      source: PUBLIC,
      note: "Binance-Peg, not Circle's.",
    },
    {
      address: '0x55d398326f99059ff775485246999027b3197955',
      symbol: 'USDT',
      decimals: 18,
      transfer: 'permit2',
      source: PUBLIC,
      note: 'BSC-USD.',
    },
  ]),
  ...on(84_532, [
    usdc({
      address: '0x036cbd53842c5426634e7929541ec2318f3dcf7e',
      eip712: SHORT,
      separator: '0x71f17a3b',
      source: X402,
    }),
  ]),
  ...on(11_155_111, [
    usdc({
      address: '0x1c7d4b196cb0c7b01d743fbc6116a902379c7238',
      source: CIRCLE,
      note: NO_DOMAIN_READ,
    }),
  ]),
  ...on(421_614, [
    usdc({ address: '0x75faf114eafb1bdbe2f0316df893fd58ce46aa4d', eip712: COIN, source: X402 }),
  ]),
  ...on(11_155_420, [
    usdc({
      address: '0x5fd84259d66cd46123540766be93dfe6d43130d7',
      source: CIRCLE,
      note: NO_DOMAIN_READ,
    }),
  ]),
  ...on(80_002, [
    usdc({
      address: '0x41e94eb019c0762f9bfcf9fb1e58725bfb0e7582',
      eip712: SHORT,
      separator: '0x5cddc983',
      source: PUBLIC,
    }),
  ]),
  ...on(43_113, [
    usdc({
      address: '0x5425890298aed601595a70ab815c96711a31bc65',
      source: CIRCLE,
      note: NO_DOMAIN_READ,
    }),
  ]),
]

/** The networks of the table, as people call them. */
export const NETWORK_NAMES: Readonly<Record<Asset['network'], string>> = {
  'eip155:8453': 'Base',
  'eip155:1': 'Ethereum',
  'eip155:42161': 'Arbitrum One',
  'eip155:10': 'OP Mainnet',
  'eip155:137': 'Polygon',
  'eip155:43114': 'Avalanche',
  'eip155:56': 'BNB Smart Chain',
  'eip155:84532': 'Base Sepolia',
  'eip155:11155111': 'Sepolia',
  'eip155:421614': 'Arbitrum Sepolia',
  'eip155:11155420': 'OP Sepolia',
  'eip155:80002': 'Polygon Amoy',
  'eip155:43113': 'Avalanche Fuji',
}

/** A row as it is offered: without the papers of its facts, and unconfirmed where nothing was compared. */
export function assetOf({
  source: _source,
  readOn: _readOn,
  separator,
  note: _note,
  ...asset
}: Token): Asset {
  return separator === undefined ? { ...asset, isUnconfirmed: true } : asset
}
