import { eip3009ABI, erc20AllowanceAbi, x402ExactPermit2ProxyABI, x402UptoPermit2ProxyABI } from '@x402/evm'
import { toEventSelector, toFunctionSelector } from 'viem'
import type { Abi, AbiFunction } from 'viem'
import { expect, test } from 'vitest'
import {
  batchSettlementAbi,
  eip3009Abi,
  eip3009BytesAbi,
  erc20Abi,
  exactProxyAbi,
  uptoProxyAbi,
} from '../../../src/chain/abi.ts'
import { TRANSFER_TOPIC } from '../../../src/chain/read/transfer-logs.ts'

const functionsOf = (abi: Abi): readonly AbiFunction[] => abi.filter((item) => item.type === 'function')
const selectorsOf = (abi: Abi) => functionsOf(abi).map((item) => toFunctionSelector(item))

test.each([
  ['exact proxy', exactProxyAbi, x402ExactPermit2ProxyABI],
  ['upto proxy', uptoProxyAbi, x402UptoPermit2ProxyABI],
  ['EIP-3009 by (v, r, s)', eip3009Abi, eip3009ABI],
  ['EIP-3009 by bytes', eip3009BytesAbi, eip3009ABI],
  ['allowance', erc20Abi.filter(({ name }) => name === 'allowance'), erc20AllowanceAbi],
] as readonly [string, Abi, Abi][])('our ABI of the %s is in the published one', (_, own, published) => {
  expect(selectorsOf(own).length).toBeGreaterThan(0)
  expect(selectorsOf(published)).toEqual(expect.arrayContaining(selectorsOf(own)))
})

/** Of the batch contract the package exports no ABI; test/integration compares what its facilitator sends. */
test('the selectors of the batch contract are those on chain', () => {
  const named = functionsOf(batchSettlementAbi).map((item) => [item.name, toFunctionSelector(item)])
  expect(Object.fromEntries(named)).toMatchInlineSnapshot(`
    {
      "channels": "0x7a7ebd7b",
      "claimWithSignature": "0xe43ce1f2",
      "deposit": "0x140f1e75",
      "multicall": "0xac9650d8",
      "pendingWithdrawals": "0xb7f06ebe",
      "refundNonce": "0xf0dc792e",
      "refundWithSignature": "0xb77433e9",
      "settle": "0x9db32a8f",
    }
  `)
})

test('the topic of a transfer is the hash of its event', () => {
  expect(TRANSFER_TOPIC).toBe(toEventSelector('Transfer(address,address,uint256)'))
})
