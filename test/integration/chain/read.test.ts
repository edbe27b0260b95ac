import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createChain } from '../../../src/chain/create-chain.ts'
import { listTransfers } from '../../../src/chain/read/list-transfers.ts'
import { createRpc } from '../../../src/chain/rpc.ts'
import { blocklistUsdc, blocklistUsdt, pauseUsdt, setUsdtFee } from '../../../src/dev/chain/token-owner.ts'
import { BATCH_SETTLEMENT, UPTO_PROXY } from '../../../src/payment/tokens/contracts.ts'
import { maxUint256 } from 'viem'
import type { Address, Hex } from '../../../src/payment/types.ts'
import { openChainWorld, TEN } from './chain-world.ts'
import type { ChainWorld } from './chain-world.ts'
import { depositFunding, exactFunding, newChannel } from './payments.ts'

let world: ChainWorld
beforeAll(async () => {
  world = await openChainWorld()
})
afterEach(() => world.proxy.restore())
afterAll(() => world.close())

const ONE = 1_000_000n
const soon = async () => (await world.now()) + 600
const bytes32 = (value: number): Hex => `0x${value.toString(16).padStart(64, '0')}`

async function payTill(amountAtomic: bigint) {
  const by = await world.newPayer()
  const base = { by, asset: world.usdc, amountAtomic, expiresAt: await soon(), to: world.till }
  const funding = exactFunding({ ...base, method: 'eip3009' })
  return { by, receipt: await world.send({ call: world.chain.calldata.exact(funding) }) }
}

test('a receipt says block, gas and price', async () => {
  const { receipt } = await payTill(5n)
  const block = await world.client.getBlock({ blockNumber: receipt.blockNumber })
  expect(receipt).toMatchObject({ status: 'success', blockHash: block.hash, l1FeeWei: 0n })
  expect(receipt.gasUsed).toBeGreaterThan(40_000n)
  expect(receipt.effectiveGasPriceWei).toBeGreaterThanOrEqual(block.baseFeePerGas ?? 0n)
})

test('a transaction that was reverted has a receipt without transfers', async () => {
  const by = await world.newPayer()
  const base = { by, asset: world.usdc, amountAtomic: 5n, expiresAt: await soon(), to: world.till }
  const call = world.chain.calldata.exact(exactFunding({ ...base, method: 'eip3009' }))
  const lane = world.chain.sender.lanes.signer
  const prepared = await world.chain.sender.prepare({ lane, call })
  if (!prepared.ok) throw new Error(prepared.reason)
  await world.send({ call })
  const nonce = await world.chain.sender.getNonce(lane)
  const { raw, hash } = await world.chain.sender.sign({ lane, nonce, prepared })
  expect(await world.chain.sender.broadcast(raw)).toBe('sent')
  await world.client.waitForTransactionReceipt({ hash })
  const receipt = await world.chain.reader.getReceipt(hash)
  expect(receipt).toMatchObject({ status: 'reverted', transfers: [] })
  expect(receipt?.gasUsed).toBeGreaterThan(0n)
})

test('transfers of tokens that are not ours are not in a receipt', async () => {
  const chain = createChain({ ...world.options, assets: [world.usdt] })
  const by = await world.newPayer()
  const base = { by, asset: world.usdc, amountAtomic: 5n, expiresAt: await soon(), to: world.till }
  const call = world.chain.calldata.exact(exactFunding({ ...base, method: 'eip3009' }))
  const lane = world.chain.sender.lanes.signer
  const prepared = await world.chain.sender.prepare({ lane, call })
  if (!prepared.ok) throw new Error(prepared.reason)
  const nonce = await world.chain.sender.getNonce(lane)
  const { raw, hash } = await world.chain.sender.sign({ lane, nonce, prepared })
  await world.chain.sender.broadcast(raw)
  await world.client.waitForTransactionReceipt({ hash })
  expect((await world.chain.reader.getReceipt(hash))?.transfers).toHaveLength(1)
  expect((await chain.reader.getReceipt(hash))?.transfers).toEqual([])
})

test('a receipt of an OP-stack chain tells its data fee', async () => {
  const hash = bytes32(7)
  const quantities = { status: '0x1', blockNumber: '0x10', gasUsed: '0x5208', effectiveGasPrice: '0x3' }
  const result = {
    ...quantities,
    transactionHash: hash,
    blockHash: bytes32(8),
    logs: [],
    l1Fee: '0x2710',
  }
  world.proxy.setOverride(({ method }) => (method === 'eth_getTransactionReceipt' ? { result } : undefined))
  expect(await world.chain.reader.getReceipt(hash)).toMatchObject({ l1FeeWei: 10_000n, gasUsed: 21_000n })
  await expect(world.chain.reader.getReceipt(bytes32(9))).rejects.toThrow(/cannot be used/)
})

test('an unknown transaction has no receipt', async () => {
  expect(await world.chain.reader.getReceipt(bytes32(12_345))).toBeUndefined()
})

test('the head is the newest block, and finality follows the rule', async () => {
  await world.client.mine({ blocks: 5 })
  const block = await world.client.getBlock()
  const { reader } = world.chain
  expect(await reader.getHead()).toEqual({
    number: block.number,
    hash: block.hash,
    timestamp: Number(block.timestamp),
  })
  expect(await reader.getFinalBlock()).toBe(block.number - 2n)
  const deep = createChain({ ...world.options, finality: { kind: 'depth', blocks: 1_000_000 } })
  expect(await deep.reader.getFinalBlock()).toBe(0n)
  const tagged = createChain({ ...world.options, finality: { kind: 'finalized' } })
  const finalized = await world.client.getBlock({ blockTag: 'finalized' })
  expect(await tagged.reader.getFinalBlock()).toBe(finalized.number)
  expect(finalized.number).toBeLessThan(block.number)
})

test('channels are read in the order asked, unknown ones as zeros, a withdrawal with its time', async () => {
  const by = await world.newPayer()
  const channel = newChannel({ by, asset: world.usdc })
  const base = { by, asset: world.usdc, amountAtomic: ONE, expiresAt: await soon() }
  await world.send({ call: world.chain.calldata.deposit(depositFunding({ ...base, channel })) })
  const nothing = { balanceAtomic: 0n, totalClaimedAtomic: 0n, withdrawRequestedAt: 0, refundNonce: 0n }
  const ids = [bytes32(1), channel.id, bytes32(2)]
  const open = { ...nothing, balanceAtomic: ONE }
  expect(await world.chain.reader.readChannels(ids)).toEqual([nothing, open, nothing])

  const hash = await world.client.writeContract({
    account: by,
    address: '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003',
    abi: initiateWithdrawAbi,
    functionName: 'initiateWithdraw',
    args: [channel.config, 400_000n],
  })
  const { blockNumber } = await world.client.waitForTransactionReceipt({ hash })
  const { timestamp } = await world.client.getBlock({ blockNumber })
  const [withdrawing] = await world.chain.reader.readChannels([channel.id])
  expect(withdrawing).toEqual({ ...open, withdrawRequestedAt: Number(timestamp) })
})

const initiateWithdrawAbi = [
  {
    type: 'function',
    name: 'initiateWithdraw',
    stateMutability: 'nonpayable',
    outputs: [],
    inputs: [
      {
        name: 'config',
        type: 'tuple',
        components: [
          { name: 'payer', type: 'address' },
          { name: 'payerAuthorizer', type: 'address' },
          { name: 'receiver', type: 'address' },
          { name: 'receiverAuthorizer', type: 'address' },
          { name: 'token', type: 'address' },
          { name: 'withdrawDelay', type: 'uint40' },
          { name: 'salt', type: 'bytes32' },
        ],
      },
      { name: 'amount', type: 'uint128' },
    ],
  },
] as const

test('250 channels cost one HTTP request of three calls', async () => {
  const ids = Array.from({ length: 250 }, (_, index) => bytes32(index + 1))
  const { value, httpRequests, methods } = await world.proxy.count(() => world.chain.reader.readChannels(ids))
  expect(value).toHaveLength(250)
  expect({ httpRequests, methods }).toEqual({
    httpRequests: 1,
    methods: ['eth_blockNumber', 'eth_call', 'eth_call', 'eth_call'],
  })
  expect((await world.proxy.count(() => world.chain.reader.readChannels([]))).httpRequests).toBe(0)
})

test('a balance is what it was after the block', async () => {
  const { by, receipt } = await payTill(1_000n)
  const query = { asset: world.usdc.address, owner: by.payer }
  const { reader } = world.chain
  expect(await reader.getBalance({ ...query, blockNumber: receipt.blockNumber - 1n })).toBe(TEN)
  expect(await reader.getBalance({ ...query, blockNumber: receipt.blockNumber })).toBe(TEN - 1_000n)
  const nowhere = { asset: world.till, owner: by.payer }
  await expect(reader.getBalance(nowhere)).rejects.toThrow(/cannot be used/)
})

test('transfers to or from our addresses are listed once each, in the order of the chain', async () => {
  const first = await payTill(11n)
  const second = await payTill(22n)
  const query = {
    fromBlock: first.receipt.blockNumber,
    toBlock: second.receipt.blockNumber,
    addresses: [world.till, first.by.payer],
  }
  const { value: listed, httpRequests } = await world.proxy.count(() =>
    world.chain.reader.listTransfers(query),
  )
  const paid = listed.filter(({ to }) => to === world.till)
  expect(paid).toMatchObject([
    { from: first.by.payer, value: 11n, blockNumber: first.receipt.blockNumber, token: world.usdc.address },
    { from: second.by.payer, value: 22n, blockNumber: second.receipt.blockNumber },
  ])
  expect(httpRequests).toBe(1)
  const strangers = await world.chain.reader.listTransfers({ ...query, addresses: [world.signer] })
  expect(strangers).toEqual([])
})

test('a long range is asked in chunks, and a chunk that is too large in halves', async () => {
  const first = await payTill(33n)
  await world.client.mine({ blocks: 40 })
  const last = await payTill(44n)
  const query = {
    rpc: createRpc({ rpcUrls: [world.proxy.url] }),
    tokens: [world.usdc.address],
    addresses: [world.till],
    fromBlock: first.receipt.blockNumber,
    toBlock: last.receipt.blockNumber,
    blocksPerRequest: 20n,
  }
  const whole = await world.proxy.count(() => listTransfers(query))
  expect(whole.value).toMatchObject([{ value: 33n }, { value: 44n }])
  expect(whole.httpRequests).toBe(Math.ceil(Number(query.toBlock - query.fromBlock + 1n) / 20))
  let refusals = 0
  world.proxy.setOverride(({ method, params }) => {
    if (method !== 'eth_getLogs') return undefined
    const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string }
    if (Number(toBlock) - Number(fromBlock) < 5) return undefined
    refusals += 1
    return { error: { code: -32_005, message: 'query exceeds max block range 5' } }
  })
  expect(await listTransfers(query)).toEqual(whole.value)
  expect(refusals).toBeGreaterThan(0)
})

test('an RPC that is behind may not say that nothing has happened', async () => {
  const { number } = await world.chain.reader.getHead()
  const query = { fromBlock: number, toBlock: number + 5n, addresses: [world.till] }
  await expect(world.chain.reader.listTransfers(query)).rejects.toThrow(/cannot be used/)
})

test.each(['drop', 'html', 'empty'] as const)(
  'every read throws where the RPC answers with %s',
  async (mode) => {
    const { reader, permit2Allowance, checkTokens, mirror } = world.chain
    const query = { asset: world.usdc.address, owner: world.payTo }
    world.proxy.setMode(mode)
    const reads = [
      () => reader.getHead(),
      () => reader.getFinalBlock(),
      () => reader.getReceipt(bytes32(1)),
      () => reader.readChannels([bytes32(1)]),
      () => reader.getBalance(query),
      () => reader.listTransfers({ fromBlock: 1n, toBlock: 2n, addresses: [world.till] }),
      () => permit2Allowance(query),
      () => checkTokens(),
      () => mirror.getSpendable({ asset: world.usdc, payer: world.payTo, maxAgeMs: 0 }),
    ]
    for (const read of reads) await expect(read()).rejects.toThrow(/: the RPC did not answer/)
  },
)

test('nonsense in an answer is an error, never a number', async () => {
  const { reader } = world.chain
  for (const result of ['', '0x', 'nonsense', 7, null, {}, [], `0x${'f'.repeat(80)}`]) {
    world.proxy.setOverride(() => ({ result }))
    await expect(reader.getHead()).rejects.toThrow(/cannot be used/)
    await expect(reader.getFinalBlock()).rejects.toThrow(/cannot be used/)
    await expect(reader.readChannels([bytes32(1)])).rejects.toThrow(/cannot be used/)
    await expect(reader.getBalance({ asset: world.usdc.address, owner: world.till })).rejects.toThrow()
    await expect(world.chain.sender.getNonce(world.chain.sender.lanes.till)).rejects.toThrow(/cannot be used/)
  }
})

test('the mirror asks once for all who come at once, and again only by age', async () => {
  const { payer } = await world.newPayer()
  const { mirror } = world.chain
  const ask = (maxAgeMs: number) => mirror.getSpendable({ asset: world.usdt, payer, maxAgeMs })
  const crowd = await world.proxy.count(() => Promise.all(Array.from({ length: 50 }, () => ask(60_000))))
  expect(crowd.methods).toEqual(['eth_blockNumber', 'eth_call'])
  expect(crowd.value[49]).toEqual({ balanceAtomic: TEN, permit2AllowanceAtomic: maxUint256 })
  expect((await world.proxy.count(() => ask(60_000))).httpRequests).toBe(0)
  expect((await world.proxy.count(() => ask(-1))).httpRequests).toBe(1)
  expect(await world.chain.permit2Allowance({ asset: world.usdt.address, owner: payer })).toBe(maxUint256)
})

test('the mirror forgets a read that failed', async () => {
  const { payer } = await world.newPayer()
  const query = { asset: world.usdc, payer, maxAgeMs: 60_000 }
  world.proxy.setMode('drop')
  await expect(world.chain.mirror.getSpendable(query)).rejects.toThrow()
  world.proxy.restore()
  expect(await world.chain.mirror.getSpendable(query)).toMatchObject({ balanceAtomic: TEN })
})

test('the tokens of the table are what they say they are', async () => {
  const { value, httpRequests } = await world.proxy.count(() => world.chain.checkTokens())
  expect(value).toEqual([
    { asset: world.usdc, ok: true },
    { asset: world.usdt, ok: true },
  ])
  expect(httpRequests).toBe(1)
})

test('a wrong row of the table is found, and the answer says how to mend it', async () => {
  const { usdc, usdt, till } = world
  const checks = await world.chain.checkTokens({
    assets: [
      { ...usdc, decimals: 18 },
      { ...usdc, eip712: { name: 'USD Coin', version: '2' } },
      { ...usdc, eip712: { name: 'USDC', version: '2', isSalted: true } },
      { ...usdt, transfer: 'eip3009' },
      { ...usdt, address: till },
      { ...usdt, address: '0xca11bde05977b3631167028862be2a173976ca11' },
      { ...usdt, eip712: { name: 'Tether USD', version: '1' } },
    ],
  })
  expect(checks.map((check) => (check.ok ? 'ok' : `${check.problem} ${check.fix}`))).toEqual([
    expect.stringMatching(/has 6 decimals; the table says 18.*to 6/),
    expect.stringMatching(/not name "USD Coin", version "2".*says name "USDC" and version "2"/),
    expect.stringMatching(/not name "USDC", version "2", salted/),
    expect.stringMatching(/no EIP-712 domain.*states none that fits/),
    expect.stringMatching(/no contract/),
    expect.stringMatching(/does not say its decimals/),
    expect.stringMatching(/The EIP-712 domain of USDT.*leave its domain out/),
  ])
})

test('a row without the domain that payers sign takes the one that the token itself states', async () => {
  const { eip712: _, ...plain } = world.usdc
  expect(await world.chain.checkTokens({ assets: [plain] })).toEqual([{ asset: world.usdc, ok: true }])
})

test('what issuers switch on is a state of the token, and passes', async () => {
  const { rpcUrl, payTo, till } = world
  const states = async () => (await world.chain.readSuspensions()).map(({ reason }) => reason)
  expect(await states()).toEqual([undefined, undefined])
  const block = (address: Address, blocked: boolean) => blocklistUsdt({ rpcUrl, address, blocked })
  const switches: readonly (readonly [string, (on: boolean) => Promise<unknown>])[] = [
    [
      'fee_on_transfer',
      (on) => setUsdtFee({ rpcUrl, basisPoints: on ? 10n : 0n, maximumFeeUsdt: on ? 5n : 0n }),
    ],
    ['paused', (paused) => pauseUsdt({ rpcUrl, paused })],
    ['pay_to_blocked', (on) => block(payTo, on)],
    ['till_blocked', (on) => block(till, on)],
    ['channel_contract_blocked', (on) => block(BATCH_SETTLEMENT, on)],
  ]
  for (const [reason, turn] of switches) {
    await turn(true)
    expect(await states()).toEqual([undefined, reason])
    await turn(false)
    expect(await states()).toEqual([undefined, undefined])
  }
  await blocklistUsdc({ rpcUrl, address: payTo, blocked: true })
  expect(await states()).toEqual(['pay_to_blocked', undefined])
  await blocklistUsdc({ rpcUrl, address: payTo, blocked: false })
  const { value, httpRequests } = await world.proxy.count(() => world.chain.readSuspensions())
  expect({ tokens: value.length, httpRequests }).toEqual({ tokens: 2, httpRequests: 1 })
})

test('contracts of x402 that are not on the chain are named', async () => {
  expect(await world.chain.listMissingContracts()).toEqual([])
  const code = await world.client.getCode({ address: UPTO_PROXY })
  await world.client.setCode({ address: UPTO_PROXY, bytecode: '0x' })
  expect(await world.chain.listMissingContracts()).toEqual([UPTO_PROXY])
  await world.client.setCode({ address: UPTO_PROXY, bytecode: code ?? '0x' })
})

test('every small question is one request, with the height of the RPC where money depends on it', async () => {
  const { reader, sender, permit2Allowance } = world.chain
  const query = { asset: world.usdc.address, owner: world.payTo }
  const height = 'eth_blockNumber'
  const questions: [string[], () => Promise<unknown>][] = [
    [[height, 'eth_getTransactionReceipt'], () => reader.getReceipt(bytes32(3))],
    [['eth_getBlockByNumber'], () => reader.getHead()],
    [[height, height], () => reader.getFinalBlock()],
    [['eth_call'], () => reader.getBalance(query)],
    [['eth_call'], () => permit2Allowance(query)],
    [['eth_getTransactionCount'], () => sender.getNonce(sender.lanes.till)],
  ]
  for (const [methods, ask] of questions) {
    const { methods: asked, httpRequests } = await world.proxy.count(ask)
    expect({ asked, httpRequests }).toEqual({ asked: methods, httpRequests: 1 })
  }
})

test('after close nothing is asked any more', async () => {
  const chain = createChain(world.options)
  const waiting = chain.reader.getHead()
  chain.close()
  await expect(waiting).rejects.toThrow()
  const { httpRequests } = await world.proxy.count(() => chain.reader.getHead().catch(() => undefined))
  expect(httpRequests).toBe(0)
})
