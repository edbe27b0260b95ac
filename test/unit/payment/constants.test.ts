import { expect, test } from 'vitest'
import {
  BATCH_SETTLEMENT_ADDRESS,
  DEFAULT_ASSETS,
  ERC3009_DEPOSIT_COLLECTOR_ADDRESS,
  PERMIT2_ADDRESS,
  x402ExactPermit2ProxyAddress,
  x402UptoPermit2ProxyAddress,
} from '@x402/evm'
import { EVM_NETWORK_CHAIN_ID_MAP } from '@x402/evm/v1'
import { baseSepolia } from 'viem/chains'
import { BUILT_IN_ASSETS, DEV_CHAIN_ID, findAsset, usdtAsset } from '../../../src/payment/tokens/assets.ts'
import {
  BATCH_SETTLEMENT,
  EIP3009_COLLECTOR,
  EXACT_PROXY,
  MULTICALL3,
  PERMIT2,
  UPTO_PROXY,
} from '../../../src/payment/tokens/contracts.ts'
import { networkOf, networkOfV1Name, parseNetwork, v1NameOf } from '../../../src/payment/tokens/networks.ts'

test('the contracts are those of the published package', () => {
  expect([PERMIT2, BATCH_SETTLEMENT, EIP3009_COLLECTOR, EXACT_PROXY, UPTO_PROXY]).toEqual(
    [
      PERMIT2_ADDRESS,
      BATCH_SETTLEMENT_ADDRESS,
      ERC3009_DEPOSIT_COLLECTOR_ADDRESS,
      x402ExactPermit2ProxyAddress,
      x402UptoPermit2ProxyAddress,
    ].map((address) => address.toLowerCase()),
  )
  expect(MULTICALL3).toBe(baseSepolia.contracts.multicall3.address.toLowerCase())
})

test('every v1 network name of the published package is known, both ways', () => {
  for (const [name, chainId] of Object.entries(EVM_NETWORK_CHAIN_ID_MAP)) {
    expect(networkOfV1Name(name)).toBe(networkOf(chainId))
    expect(v1NameOf(networkOf(chainId))).toBe(name)
  }
  expect(networkOfV1Name('constructor')).toBeUndefined()
  expect(v1NameOf('eip155:999999')).toBeUndefined()
})

test('the built-in tokens are default assets of stock clients, with the same domain', () => {
  for (const asset of BUILT_IN_ASSETS) {
    const published = DEFAULT_ASSETS[asset.network]?.find((row) => row.asset.toLowerCase() === asset.address)
    expect(published).toMatchObject({ ...asset.eip712, decimals: asset.decimals, symbol: asset.symbol })
  }
  expect(BUILT_IN_ASSETS[0]?.network).toBe(networkOf(DEV_CHAIN_ID))
})

test('tokens are found by network and address', () => {
  const usdt = usdtAsset({
    network: 'eip155:84532',
    address: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    decimals: 6,
  })
  const assets = [...BUILT_IN_ASSETS, usdt]
  expect(findAsset({ assets, network: usdt.network, address: usdt.address })).toBe(usdt)
  expect(findAsset({ assets, network: 'eip155:8453', address: usdt.address })).toBeUndefined()
})

test.each(['eip155:0', 'eip155:01', 'eip155:', 'solana:1', 'eip155:1 ', 'EIP155:1', 1, undefined])(
  '%j is not a network',
  (value) => {
    expect(parseNetwork(value)).toBeUndefined()
  },
)
