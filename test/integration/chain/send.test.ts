import { keccak256, parseTransaction, recoverTransactionAddress } from 'viem'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createChain } from '../../../src/chain/create-chain.ts'
import { blocklistUsdc, blocklistUsdt, pauseUsdc, pauseUsdt } from '../../../src/dev/chain/token-owner.ts'
import { approvePermit2 } from '../../../src/dev/chain/fund.ts'
import { tokenAbi } from '../../../src/dev/chain/abis.ts'
import { PERMIT2 } from '../../../src/dev/chain/addresses.ts'
import { sendAs } from '../../../src/dev/chain/send-as.ts'
import type { Calldata } from '../../../src/settlement/ports.ts'
import { NETWORK, openChainWorld, TEN } from './chain-world.ts'
import type { ChainWorld } from './chain-world.ts'
import { claimRow, depositFunding, exactFunding, newChannel, uptoSettlement } from './payments.ts'

let world: ChainWorld
beforeAll(async () => {
  world = await openChainWorld()
})
afterEach(() => world.proxy.restore())
afterAll(() => world.close())

const soon = async () => (await world.now()) + 600
const prepare = (call: Calldata) =>
  world.chain.sender.prepare({ lane: world.chain.sender.lanes.signer, call })
const refusal = (reason: string) => ({ ok: false, reason, unknown: false })
const unknown = (reason: string) => ({ ok: false, reason, unknown: true })

type Wish = { amountAtomic?: bigint; expiresAt?: number; validAfter?: number; permittedAtomic?: bigint }

async function exact3009({ amountAtomic = 10n, expiresAt, validAfter = 0 }: Wish = {}) {
  const by = await world.newPayer()
  const expires = expiresAt ?? (await soon())
  const base = { by, asset: world.usdc, amountAtomic, expiresAt: expires, validAfter, to: world.till }
  return { by, call: world.chain.calldata.exact(exactFunding({ ...base, method: 'eip3009' })) }
}

async function uptoUsdt({
  amountAtomic = 10n,
  expiresAt,
  validAfter = 0,
  permittedAtomic = 2n * TEN,
}: Wish = {}) {
  const by = await world.newPayer()
  const expires = expiresAt ?? (await soon())
  const base = { by, asset: world.usdt, amountAtomic, permittedAtomic, expiresAt: expires, validAfter }
  return { by, call: world.chain.calldata.upto(uptoSettlement({ ...base, facilitator: world.signer })) }
}

test('a good call is prepared with gas and fees that fit it', async () => {
  const { call } = await exact3009()
  const prepared = await prepare(call)
  if (!prepared.ok) throw new Error(prepared.reason)
  expect(prepared.call).toBe(call)
  expect(prepared.gasLimit).toBeGreaterThan(60_000n)
  expect(prepared.gasLimit).toBeLessThan(200_000n)
  const { baseFeePerGas } = await world.client.getBlock()
  expect(prepared.maxFeePerGasWei).toBeGreaterThan(baseFeePerGas ?? 0n)
  expect(prepared.maxPriorityFeePerGasWei).toBeLessThanOrEqual(prepared.maxFeePerGasWei)
})

test.each([
  ['eip3009', exact3009],
  ['permit2', uptoUsdt],
] as const)('an authorisation of %s outside its time is refused by name', async (_, payment) => {
  const now = await world.now()
  const late = await payment({ expiresAt: now - 1 })
  expect(await prepare(late.call)).toEqual(refusal('authorization_expired'))
  const early = await payment({ validAfter: now + 500 })
  expect(await prepare(early.call)).toEqual(refusal('authorization_not_yet_valid'))
})

test.each([
  ['eip3009', exact3009],
  ['permit2', uptoUsdt],
] as const)('a nonce of %s is good for one time', async (_, payment) => {
  const { call } = await payment()
  await world.send({ call })
  expect(await prepare(call)).toEqual(refusal('nonce_used'))
})

test('a balance that does not suffice is named, also where the token says nothing', async () => {
  const usdc = await exact3009({ amountAtomic: TEN + 1n })
  expect(await prepare(usdc.call)).toEqual(refusal('insufficient_balance'))
  const usdt = await uptoUsdt({ amountAtomic: TEN + 1n })
  expect(await prepare(usdt.call)).toEqual(refusal('insufficient_balance'))
  const base = { by: usdt.by, asset: world.usdt, amountAtomic: TEN + 1n, expiresAt: await soon() }
  const exact = exactFunding({ ...base, method: 'permit2', to: world.till })
  expect(await prepare(world.chain.calldata.exact(exact))).toEqual(refusal('insufficient_balance'))
})

test('a revoked Permit2 allowance is named', async () => {
  const { by, call } = await uptoUsdt()
  const approve = { address: world.usdt.address, abi: tokenAbi, functionName: 'approve', args: [PERMIT2, 0n] }
  await sendAs({ rpcUrl: world.rpcUrl, account: by, call: approve })
  expect(await prepare(call)).toEqual(refusal('insufficient_allowance'))
  await approvePermit2({ rpcUrl: world.rpcUrl, privateKey: by.privateKey })
  expect(await prepare(call)).toMatchObject({ ok: true })
})

test('a paused token is named', async () => {
  const { rpcUrl } = world
  const [usdc, usdt] = [await exact3009(), await uptoUsdt()]
  await pauseUsdc({ rpcUrl, paused: true })
  await pauseUsdt({ rpcUrl, paused: true })
  const answers = [await prepare(usdc.call), await prepare(usdt.call)]
  await pauseUsdc({ rpcUrl, paused: false })
  await pauseUsdt({ rpcUrl, paused: false })
  expect(answers).toEqual([refusal('token_paused'), refusal('token_paused')])
})

test('a blocked payer is named', async () => {
  const { rpcUrl } = world
  const [usdc, usdt] = [await exact3009(), await uptoUsdt()]
  await blocklistUsdc({ rpcUrl, address: usdc.by.address, blocked: true })
  await blocklistUsdt({ rpcUrl, address: usdt.by.address, blocked: true })
  expect(await prepare(usdc.call)).toEqual(refusal('address_blocked'))
  expect(await prepare(usdt.call)).toEqual(refusal('address_blocked'))
})

test('deposits say why as well, through the contract and its collector', async () => {
  const by = await world.newPayer()
  for (const asset of [world.usdc, world.usdt]) {
    const channel = newChannel({ by, asset })
    const base = { by, asset, channel, expiresAt: await soon() }
    const tooMuch = depositFunding({ ...base, amountAtomic: TEN + 1n })
    expect(await prepare(world.chain.calldata.deposit(tooMuch))).toEqual(refusal('insufficient_balance'))
    const late = depositFunding({ ...base, amountAtomic: 1n, expiresAt: (await world.now()) - 5 })
    expect(await prepare(world.chain.calldata.deposit(late))).toEqual(refusal('authorization_expired'))
  }
})

test('claims and refunds that the contract would not book are refused by name', async () => {
  const by = await world.newPayer()
  const channel = newChannel({ by, asset: world.usdc })
  const row = claimRow({ by, channel, maxAtomic: 10n, totalClaimedAtomic: 10n })
  expect(await prepare(world.chain.calldata.claim([row]))).toEqual(refusal('claim_exceeds_balance'))
  const refund = { config: channel.config, channelId: channel.id, amountAtomic: 1n, refundNonce: 5n }
  expect(await prepare(world.chain.calldata.channelRefund(refund))).toEqual(refusal('refund_nonce_used'))
  const forged = claimRow({ by: await world.newPayer(), channel, maxAtomic: 10n, totalClaimedAtomic: 10n })
  const funding = depositFunding({
    by,
    asset: world.usdc,
    amountAtomic: 100n,
    expiresAt: await soon(),
    channel,
  })
  await world.send({ call: world.chain.calldata.deposit(funding) })
  expect(await prepare(world.chain.calldata.claim([forged]))).toEqual(refusal('invalid_signature'))
  expect(() => world.chain.calldata.claim([])).toThrow(RangeError)
  expect(() => world.chain.calldata.claim([{ ...row, totalClaimedAtomic: 11n }])).toThrow(RangeError)
})

test('only the signer may settle upto, and the till only what it has', async () => {
  const { call } = await uptoUsdt()
  const { lanes, prepare: prepareFrom } = world.chain.sender
  expect(await prepareFrom({ lane: lanes.till, call })).toEqual(refusal('wrong_facilitator'))
  const transfer = world.chain.calldata.transfer({
    asset: world.usdt.address,
    to: world.payTo,
    amountAtomic: 10n ** 15n,
  })
  expect(await prepareFrom({ lane: lanes.till, call: transfer })).toEqual(refusal('insufficient_balance'))
})

test('a lane without ether, and fees above the cap, say nothing about the payment', async () => {
  const { call } = await exact3009()
  const { signer } = world.chain.sender.lanes
  const before = await world.client.getBalance({ address: signer.address })
  await world.client.setBalance({ address: signer.address, value: 1n })
  const poor = await prepare(call)
  await world.client.setBalance({ address: signer.address, value: before })
  expect(poor).toEqual(unknown('lane_without_gas'))

  const feeCaps = { maxFeePerGasWei: 1n, maxPriorityFeePerGasWei: 1n }
  const thrifty = createChain({ ...world.options, feeCaps })
  expect(await thrifty.sender.prepare({ lane: signer, call })).toEqual(unknown('fee_above_cap'))
})

/** Bytes that are signed and never sent. */
async function signedBytes() {
  const { call } = await exact3009()
  const lane = world.chain.sender.lanes.signer
  const prepared = await prepare(call)
  if (!prepared.ok) throw new Error(prepared.reason)
  return { call, lane, raw: (await world.chain.sender.sign({ lane, nonce: 99, prepared })).raw }
}

test.each(['drop', 'html', 'empty'] as const)(
  'an RPC that answers with %s leaves everything unknown',
  async (mode) => {
    const { call, lane, raw } = await signedBytes()
    world.proxy.setMode(mode)
    expect(await prepare(call)).toEqual(unknown('rpc_unreachable'))
    expect(await world.chain.sender.broadcast(raw)).toBe('unknown')
    await expect(world.chain.sender.getNonce(lane)).rejects.toThrow(
      /^eth_getTransactionCount: the RPC did not/,
    )
  },
)

test.each([
  ['eth_call', { result: 'none' }, 'rpc_unusable'],
  ['eth_estimateGas', { result: null }, 'rpc_unusable'],
  ['eth_feeHistory', { result: { baseFeePerGas: [] } }, 'rpc_unusable'],
  ['eth_getBalance', { result: '0xnope' }, 'rpc_unusable'],
  ['eth_call', { error: { code: -32_005, message: 'request limit reached' } }, 'rpc_refused'],
  ['eth_estimateGas', { error: { code: -32_000, message: 'header not found' } }, 'rpc_refused'],
  [
    'eth_estimateGas',
    { error: { code: -32_000, message: 'insufficient funds for gas' } },
    'lane_without_gas',
  ],
])('nonsense or an error of %s is no word on the payment: %j', async (broken, answer, reason) => {
  const { call } = await exact3009()
  world.proxy.setOverride(({ method }) => (method === broken ? answer : undefined))
  expect(await prepare(call)).toEqual(unknown(reason))
})

test('a token that returns false instead of reverting is not believed', async () => {
  const { call } = await exact3009()
  world.proxy.setOverride(({ method }) =>
    method === 'eth_call' ? { result: `0x${'00'.repeat(32)}` } : undefined,
  )
  expect(await prepare(call)).toEqual(refusal('returned_false'))
})

test('an RPC that lies about the hash of a transaction is not believed', async () => {
  const { raw } = await signedBytes()
  world.proxy.setOverride(({ method }) =>
    method === 'eth_sendRawTransaction' ? { result: `0x${'11'.repeat(32)}` } : undefined,
  )
  expect(await world.chain.sender.broadcast(raw)).toBe('unknown')
})

test('signing asks nobody, is the same every time, and knows only its own lanes', async () => {
  const { call } = await exact3009()
  const { signer, till } = world.chain.sender.lanes
  const prepared = await prepare(call)
  if (!prepared.ok) throw new Error(prepared.reason)
  const request = { lane: till, nonce: 7, prepared }
  const { value: signed, httpRequests } = await world.proxy.count(() => world.chain.sender.sign(request))
  expect(httpRequests).toBe(0)
  expect(await world.chain.sender.sign(request)).toEqual(signed)
  expect(signed.hash).toBe(keccak256(signed.raw))
  expect(parseTransaction(signed.raw)).toMatchObject({
    chainId: 84_532,
    nonce: 7,
    to: call.to,
    type: 'eip1559',
  })
  const from = await recoverTransactionAddress({ serializedTransaction: signed.raw as `0x02${string}` })
  expect(from.toLowerCase()).toBe(till.address)
  const stranger = { ...signer, address: world.payTo }
  await expect(world.chain.sender.sign({ ...request, lane: stranger })).rejects.toThrow(/no key/)
  const elsewhere = { ...signer, network: 'eip155:8453' } as const
  await expect(world.chain.sender.sign({ ...request, lane: elsewhere })).rejects.toThrow(/no key/)
})

test('the same bytes may be sent again: known while they wait, nonce-too-low once they are mined', async () => {
  const { call } = await exact3009()
  const lane = world.chain.sender.lanes.signer
  const prepared = await prepare(call)
  if (!prepared.ok) throw new Error(prepared.reason)
  const nonce = await world.chain.sender.getNonce(lane)
  const { raw, hash } = await world.chain.sender.sign({ lane, nonce, prepared })
  await world.client.setAutomine(false)
  expect(await world.chain.sender.broadcast(raw)).toBe('sent')
  expect(await world.chain.sender.broadcast(raw)).toBe('known')
  expect(await world.chain.reader.getReceipt(hash)).toBeUndefined()
  expect(await world.chain.sender.getNonce(lane)).toBe(nonce)

  const cheaper = { ...prepared, gasLimit: prepared.gasLimit + 1n }
  const replacement = await world.chain.sender.sign({ lane, nonce, prepared: cheaper })
  expect(await world.chain.sender.broadcast(replacement.raw)).toBe('underpriced')

  await world.client.mine({ blocks: 1 })
  await world.client.setAutomine(true)
  expect(await world.chain.sender.broadcast(raw)).toBe('nonce-too-low')
  expect(await world.chain.sender.broadcast(replacement.raw)).toBe('nonce-too-low')
  expect(await world.chain.sender.getNonce(lane)).toBe(nonce + 1)
})

test('a second RPC answers where the first is down, and the better word counts', async () => {
  const dead = 'http://127.0.0.1:9'
  const chain = createChain({ ...world.options, rpcUrls: [dead, world.proxy.url, dead] })
  const lane = chain.sender.lanes.signer
  const { call } = await exact3009()
  const prepared = await chain.sender.prepare({ lane, call })
  if (!prepared.ok) throw new Error(prepared.reason)
  const nonce = await chain.sender.getNonce(lane)
  const { raw, hash } = await chain.sender.sign({ lane, nonce, prepared })
  expect(await chain.sender.broadcast(raw)).toBe('sent')
  await world.client.waitForTransactionReceipt({ hash })
  expect(await chain.sender.broadcast(raw)).toBe('nonce-too-low')
  expect(await chain.sender.prepare({ lane, call })).toEqual(refusal('nonce_used'))
})

test('no error names the RPC, whose address may hold a key', async () => {
  const chain = createChain({
    ...world.options,
    network: NETWORK,
    rpcUrls: ['http://127.0.0.1:9/secret-key'],
  })
  const error: unknown = await chain.reader.getHead().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Error)
  const { inspect } = await import('node:util')
  expect(inspect(error, { depth: 10 })).not.toMatch(/secret-key|127\.0\.0\.1/)
})

test('preparing costs one HTTP request of four, and one more for a token that refuses without a word', async () => {
  const good = await exact3009()
  const first = await world.proxy.count(() => prepare(good.call))
  expect(first.httpRequests).toBe(1)
  expect(first.methods).toEqual(['eth_call', 'eth_estimateGas', 'eth_feeHistory', 'eth_getBalance'])
  const bad = await uptoUsdt({ amountAtomic: TEN + 1n })
  const second = await world.proxy.count(() => prepare(bad.call))
  expect(second.httpRequests).toBe(2)
  expect(second.methods.filter((method) => method === 'eth_call')).toHaveLength(2)
})
