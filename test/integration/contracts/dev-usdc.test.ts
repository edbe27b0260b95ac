import { maxUint256 } from 'viem'
import type { Hex } from 'viem'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { USDC } from '../../../src/dev/chain/addresses.ts'
import { fundAccount } from '../../../src/dev/chain/fund.ts'
import { blocklistUsdc, pauseUsdc } from '../../../src/dev/chain/token-owner.ts'
import { freshBytes32, ONE, openContractWorld, TEN } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'
import {
  authorizationArgs,
  mirrorSignature,
  signAuthorization,
  signCancelAuthorization,
  signEip2612,
  splitSignature,
} from './signatures.ts'
import type { Authorization, Eip2612Permit } from './signatures.ts'

let world: ContractWorld
let payer: DevAccount
let payee: DevAccount
let stranger: DevAccount

beforeAll(async () => {
  world = await openContractWorld()
  payer = await world.newAccount({ funded: true })
  payee = await world.newAccount()
  stranger = await world.newAccount()
})
afterEach(async () => {
  await pauseUsdc({ rpcUrl: world.rpcUrl, paused: false })
  for (const { address } of [payer, payee]) {
    await blocklistUsdc({ rpcUrl: world.rpcUrl, address, blocked: false })
  }
})
afterAll(() => world.close())

const send = (as: DevAccount, call: string, args: readonly unknown[]) =>
  world.write({ as, address: USDC, contract: 'DevUsdc', call, args })
const ask = (call: string, args: readonly unknown[] = []) =>
  world.read({ address: USDC, contract: 'DevUsdc', call, args })

async function authorization(changes: Partial<Authorization> = {}): Promise<Authorization> {
  const validBefore = (await world.now()) + 600n
  const base = { from: payer.address, to: payee.address, value: ONE, validAfter: 0n, validBefore }
  return { ...base, nonce: freshBytes32(), ...changes }
}

async function signed(changes: Partial<Authorization> = {}) {
  const it = await authorization(changes)
  const signature = await signAuthorization({
    by: payer,
    kind: 'TransferWithAuthorization',
    authorization: it,
  })
  return { it, signature }
}

const relay = (it: Authorization, signature: Hex) =>
  send(stranger, 'transferWithAuthorization', [...authorizationArgs(it), signature])

test('it introduces itself as the USDC that clients sign for', async () => {
  expect(await Promise.all(['name', 'symbol', 'version', 'decimals'].map((call) => ask(call)))).toEqual([
    'USDC',
    'USDC',
    '2',
    6,
  ])
})

test('an authorisation is carried out by anyone, announced, and good for one time', async () => {
  const { it, signature } = await signed()
  const before = await world.balanceOf(USDC, payee.address)
  const receipt = await relay(it, signature)
  expect(await world.balanceOf(USDC, payee.address)).toBe(before + ONE)
  expect(await ask('authorizationState', [payer.address, it.nonce])).toBe(true)
  const used = await world.client.getContractEvents({
    address: USDC,
    abi: world.abiOf('DevUsdc'),
    eventName: 'AuthorizationUsed',
    fromBlock: receipt.blockNumber,
  })
  expect(used).toMatchObject([{ args: { authorizer: payer.address, nonce: it.nonce } }])
  await expect(relay(it, signature)).rejects.toThrow(/used or canceled/)
  expect(await world.balanceOf(USDC, payee.address)).toBe(before + ONE)
})

test('the older form with v, r and s does the same and shares the nonce', async () => {
  const { it, signature } = await signed()
  const args = [...authorizationArgs(it), ...splitSignature(signature)]
  await send(stranger, 'transferWithAuthorization', args)
  await expect(relay(it, signature)).rejects.toThrow(/used or canceled/)
})

test('an authorisation is refused before its time and after it', async () => {
  const early = await signed({ validAfter: (await world.now()) + 300n })
  await expect(relay(early.it, early.signature)).rejects.toThrow(/not yet valid/)
  const late = await signed()
  await world.passTime(601)
  await expect(relay(late.it, late.signature)).rejects.toThrow(/expired/)
})

test('no field of an authorisation can be changed after it is signed', async () => {
  const { it, signature } = await signed()
  const forgeries: Partial<Authorization>[] = [
    { to: stranger.address },
    { value: ONE + 1n },
    { validAfter: 1n },
    { validBefore: it.validBefore + 1n },
    { nonce: freshBytes32() },
    { from: payee.address },
  ]
  for (const forgery of forgeries) {
    await expect(relay({ ...it, ...forgery }, signature)).rejects.toThrow(/invalid signature/)
  }
  await relay(it, signature)
})

test('a mirrored signature (high s) is refused in both forms', async () => {
  const { it, signature } = await signed()
  const mirrored = mirrorSignature(signature)
  await expect(relay(it, mirrored)).rejects.toThrow(/invalid signature/)
  const args = [...authorizationArgs(it), ...splitSignature(mirrored)]
  await expect(send(stranger, 'transferWithAuthorization', args)).rejects.toThrow(/invalid signature/)
})

test('to receive by authorisation one must be the payee, and a transfer signature does not do', async () => {
  const it = await authorization()
  const signature = await signAuthorization({
    by: payer,
    kind: 'ReceiveWithAuthorization',
    authorization: it,
  })
  const args = [...authorizationArgs(it), signature]
  await expect(send(stranger, 'receiveWithAuthorization', args)).rejects.toThrow(/caller must be the payee/)
  await expect(relay(it, signature)).rejects.toThrow(/invalid signature/)
  await send(payee, 'receiveWithAuthorization', args)
  await expect(send(payee, 'receiveWithAuthorization', args)).rejects.toThrow(/used or canceled/)
})

test('a cancelled authorisation cannot be used, and a used one cannot be cancelled', async () => {
  const { it, signature } = await signed()
  const cancel = (by: DevAccount, nonce: Hex) =>
    signCancelAuthorization({ by, authorizer: payer.address, nonce }).then((proof) =>
      send(stranger, 'cancelAuthorization', [payer.address, nonce, proof]),
    )
  await expect(cancel(stranger, it.nonce)).rejects.toThrow(/invalid signature/)
  await cancel(payer, it.nonce)
  await expect(relay(it, signature)).rejects.toThrow(/used or canceled/)

  const used = await signed()
  await relay(used.it, used.signature)
  await expect(cancel(payer, used.it.nonce)).rejects.toThrow(/used or canceled/)
})

test('nothing moves while the token is paused, and the same authorisation works afterwards', async () => {
  const { it, signature } = await signed()
  await pauseUsdc({ rpcUrl: world.rpcUrl, paused: true })
  await expect(relay(it, signature)).rejects.toThrow(/paused/)
  await expect(send(payer, 'transfer', [payee.address, 1n])).rejects.toThrow(/paused/)
  await expect(send(payer, 'approve', [payee.address, 1n])).rejects.toThrow(/paused/)
  await pauseUsdc({ rpcUrl: world.rpcUrl, paused: false })
  await relay(it, signature)
})

test('a blocked address neither pays nor is paid', async () => {
  const { it, signature } = await signed()
  for (const { address } of [payer, payee]) {
    await blocklistUsdc({ rpcUrl: world.rpcUrl, address, blocked: true })
    expect(await ask('isBlacklisted', [address])).toBe(true)
    await expect(relay(it, signature)).rejects.toThrow(/blacklisted/)
    await blocklistUsdc({ rpcUrl: world.rpcUrl, address, blocked: false })
  }
  await relay(it, signature)
})

test('more than the balance is refused', async () => {
  const { it, signature } = await signed({ value: 1_000n * ONE })
  await expect(relay(it, signature)).rejects.toThrow(/exceeds balance/)
  expect(await ask('authorizationState', [payer.address, it.nonce])).toBe(false)
})

test('a permit gives an allowance once and not after its deadline', async () => {
  const nonce = (await ask('nonces', [payer.address])) as bigint
  const permit: Eip2612Permit = {
    owner: payer.address,
    spender: stranger.address,
    value: 5n,
    nonce,
    deadline: (await world.now()) + 60n,
  }
  const by = payer
  const submit = async (it: Eip2612Permit, signature: Hex) =>
    send(stranger, 'permit', [it.owner, it.spender, it.value, it.deadline, ...splitSignature(signature)])
  const signature = await signEip2612({ by, permit })
  await expect(submit(permit, mirrorSignature(signature))).rejects.toThrow(/invalid signature/)
  await expect(submit({ ...permit, value: maxUint256 }, signature)).rejects.toThrow(/invalid signature/)
  await submit(permit, signature)
  expect(await ask('allowance', [payer.address, stranger.address])).toBe(5n)
  await expect(submit(permit, signature)).rejects.toThrow(/invalid signature/)
  const old = { ...permit, nonce: nonce + 1n, deadline: (await world.now()) - 1n }
  await expect(submit(old, await signEip2612({ by, permit: old }))).rejects.toThrow(/permit is expired/)
  await send(stranger, 'transferFrom', [payer.address, payee.address, 5n])
  await expect(send(stranger, 'transferFrom', [payer.address, payee.address, 1n])).rejects.toThrow(
    /allowance/,
  )
})

test('a contract wallet pays by its own judgement of the signature (ERC-1271)', async () => {
  const wallet = await world.deploy('ContractWallet', [payer.address])
  await fundAccount({ rpcUrl: world.rpcUrl, address: wallet, usdc: TEN })
  const kind = 'TransferWithAuthorization'
  const it = await authorization({ from: wallet })
  const forged = await signAuthorization({ by: stranger, kind, authorization: it })
  await expect(relay(it, forged)).rejects.toThrow(/invalid signature/)
  await relay(it, await signAuthorization({ by: payer, kind, authorization: it }))
  expect(await world.balanceOf(USDC, wallet)).toBe(TEN - ONE)
})

test('only the owner mints, pauses and blocks, and nobody becomes owner by initialising again', async () => {
  for (const [call, args] of [
    ['mint', [stranger.address, 1n]],
    ['pause', []],
    ['blacklist', [payer.address]],
  ] as const) {
    await expect(send(stranger, call, args)).rejects.toThrow(/not the owner/)
  }
  await expect(send(stranger, 'initialize', [stranger.address])).rejects.toThrow(/already initialized/)
})
