import { encodeFunctionResult } from 'viem'
import { expect, test } from 'vitest'
import { multicall3Abi } from '../../../src/chain/abi.ts'
import { createPayerMirror } from '../../../src/chain/read/payer-mirror.ts'
import type { Rpc } from '../../../src/chain/rpc.ts'
import { BASE_SEPOLIA_USDC as asset } from '../../../src/payment/tokens/assets.ts'
import type { Address } from '../../../src/payment/types.ts'

const payerOf = (index: number): Address => `0x${index.toString(16).padStart(40, '0')}`
const word = (value: bigint) =>
  ({ success: true, returnData: `0x${value.toString(16).padStart(64, '0')}` }) as const

/** An RPC whose every answer tells how many came before it. */
function countingRpc() {
  let asked = 0
  const request: Rpc['request'] = () => {
    asked += 1
    const result = [word(BigInt(asked)), word(9n)]
    return Promise.resolve(encodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', result }))
  }
  const consult: Rpc['consult'] = async (read) => [await read({ request })]
  return { rpc: { request, each: [{ request }], consult, close: () => {} } satisfies Rpc, asked: () => asked }
}

test('an answer is good until its age, which counts from the question', async () => {
  const { rpc, asked } = countingRpc()
  let nowMs = 1_000
  const mirror = createPayerMirror({ rpc, nowMs: () => nowMs })
  const ask = () => mirror.getSpendable({ asset, payer: payerOf(1), maxAgeMs: 500 })
  expect((await ask()).balanceAtomic).toBe(1n)
  nowMs = 1_500
  expect((await ask()).balanceAtomic).toBe(1n)
  nowMs = 1_501
  expect(await ask()).toEqual({ balanceAtomic: 2n, permit2AllowanceAtomic: 9n })
  expect(asked()).toBe(2)
})

test('the payer asked for longest ago is forgotten first', async () => {
  const { rpc, asked } = countingRpc()
  const mirror = createPayerMirror({ rpc, remembered: 2, nowMs: () => 0 })
  const ask = (index: number) => mirror.getSpendable({ asset, payer: payerOf(index), maxAgeMs: 10 })
  for (const index of [1, 2, 1, 3]) await ask(index)
  expect(asked()).toBe(3)
  await ask(1)
  expect(asked()).toBe(3)
  await ask(2)
  expect(asked()).toBe(4)
})
