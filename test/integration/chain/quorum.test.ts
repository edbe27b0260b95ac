import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createChain } from '../../../src/chain/create-chain.ts'
import { createRpc } from '../../../src/chain/rpc.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { Hex } from '../../../src/payment/types.ts'
import { openChainWorld, TEN } from './chain-world.ts'
import type { ChainWorld } from './chain-world.ts'
import { exactFunding } from './payments.ts'
import { openRpcProxy, type RpcProxy } from './rpc-proxy.ts'

let world: ChainWorld
let second: RpcProxy
let chain: ChainWorld['chain']

beforeAll(async () => {
  world = await openChainWorld()
  second = await openRpcProxy(world.rpcUrl)
  chain = createChain({ ...world.options, rpcUrls: [world.proxy.url, second.url], rpcTimeoutMs: 3_000 })
})
afterEach(() => {
  world.proxy.restore()
  second.restore()
})
afterAll(async () => {
  chain.close()
  await second.close()
  await world.close()
})

/** A payment to the till, mined, and so many blocks on top. */
async function mined(): Promise<Hex> {
  const by = await world.newPayer()
  const expiresAt = (await world.now()) + 600
  const base = { by, asset: world.usdc, amountAtomic: 7n, expiresAt, to: world.till }
  await world.send({ call: world.chain.calldata.exact(exactFunding({ ...base, method: 'eip3009' })) })
  const block = await world.client.getBlock()
  await world.client.mine({ blocks: 3 })
  return block.transactions[0] as Hex
}

test('what two RPCs say alike counts', async () => {
  const hash = await mined()
  expect(await chain.reader.getReceipt(hash)).toMatchObject({ status: 'success' })
  expect(await chain.reader.getReceipt(`0x${'12'.repeat(32)}`)).toBeUndefined()
})

test('a receipt that only one RPC knows, or knows otherwise, settles nothing', async () => {
  const hash = await mined()
  const lie = (result: unknown) => (item: { method: string }) =>
    item.method === 'eth_getTransactionReceipt' ? { result } : undefined
  second.setOverride(lie(null))
  await expect(chain.reader.getReceipt(hash)).rejects.toMatchObject({ kind: 'disputed' })
  const honest = await createRpc({ rpcUrls: [world.rpcUrl] }).request('eth_getTransactionReceipt', [hash])
  second.setOverride(lie({ ...(honest as object), logs: [] }))
  await expect(chain.reader.getReceipt(hash)).rejects.toMatchObject({ kind: 'disputed' })
})

test('with one RPC down payments are still seen, and nothing is called final', async () => {
  const hash = await mined()
  second.setMode('drop')
  expect(await chain.reader.getReceipt(hash)).toMatchObject({ status: 'success' })
  expect(await chain.reader.getFinalBlock()).toBe(0n)
  second.restore()
  expect(await chain.reader.getFinalBlock()).toBeGreaterThan(0n)
})

test('final is what the slower of two RPCs calls final', async () => {
  await mined()
  const head = await world.client.getBlockNumber()
  second.setOverride(({ method }) =>
    method === 'eth_blockNumber' ? { result: `0x${(head - 1n).toString(16)}` } : undefined,
  )
  expect(await chain.reader.getFinalBlock()).toBe(head - 3n)
})

test('a payer can spend what the more careful RPC says', async () => {
  const by = await world.newPayer()
  const ask = () => chain.mirror.getSpendable({ asset: world.usdc, payer: by.payer, maxAgeMs: -1 })
  expect((await ask()).balanceAtomic).toBe(TEN)
  const other = await world.newPayer()
  await world.chain.sender.getNonce(world.chain.sender.lanes.signer)
  second.setOverride(({ method }) =>
    method === 'eth_call' ? { error: { code: 3, message: 'x' } } : undefined,
  )
  // One that refuses is no answer; the other's counts.
  expect(
    (await chain.mirror.getSpendable({ asset: world.usdc, payer: other.payer, maxAgeMs: -1 })).balanceAtomic,
  ).toBe(TEN)
})

test('an RPC that was overtaken long ago is not asked; where it is the only one, it is said to be behind', async () => {
  await mined()
  const alone = createChain({ ...world.options, rpcUrls: [second.url] })
  await alone.reader.getFinalBlock()
  second.setOverride(({ method }) => (method === 'eth_blockNumber' ? { result: '0x1' } : undefined))
  await expect(alone.reader.getReceipt(`0x${'34'.repeat(32)}`)).rejects.toMatchObject({ kind: 'behind' })
  alone.close()
})

test('an answer of megabytes is cut and counts as none', async () => {
  const alone = createChain({ ...world.options, rpcUrls: [second.url] })
  second.setOverride(() => ({ result: `0x${'00'.repeat(LIMITS.rpcAnswerBytes)}` }))
  await expect(alone.reader.getHead()).rejects.toMatchObject({ kind: 'unreachable' })
  alone.close()
})

test('an RPC that hangs delays an answer by its patience, not by its time-out', async () => {
  const hash = await mined()
  await chain.reader.getReceipt(hash)
  second.setMode('hang')
  const startedAtMs = performance.now()
  expect(await chain.reader.getReceipt(hash)).toMatchObject({ status: 'success' })
  expect(performance.now() - startedAtMs).toBeLessThan(2_500)
})
