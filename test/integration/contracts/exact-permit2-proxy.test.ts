import { zeroAddress } from 'viem'
import type { Address, Hex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { EXACT_PROXY, PERMIT2, USDC, USDT } from '../../../src/dev/chain/addresses.ts'
import { fundAccount } from '../../../src/dev/chain/fund.ts'
import { setUsdtFee } from '../../../src/dev/chain/token-owner.ts'
import { freshNonce, ONE, openContractWorld, TEN } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'
import { signEip2612, signExact, signUpto, splitSignature } from './signatures.ts'
import type { Permit2Transfer } from './signatures.ts'

let world: ContractWorld
let payer: DevAccount
let relayer: DevAccount

beforeAll(async () => {
  world = await openContractWorld()
  relayer = await world.newAccount()
})
afterAll(() => world.close())

type Witness = { to: Address; validAfter: bigint }

async function payment(token: Address = USDC, witness: Partial<Witness> = {}) {
  payer = await world.newAccount({ funded: true })
  const to = (await world.newAccount()).address
  const deadline = (await world.now()) + 600n
  const permit: Permit2Transfer = { permitted: { token, amount: ONE }, nonce: freshNonce(), deadline }
  const signedWitness = { to, validAfter: 0n, ...witness }
  const signature = await signExact({ by: payer, permit, witness: signedWitness })
  return { permit, witness: signedWitness, signature }
}

const settle = (it: { permit: Permit2Transfer; witness: Witness; signature: Hex }, owner = payer.address) =>
  world.write({
    as: relayer,
    address: EXACT_PROXY,
    contract: 'X402ExactPermit2Proxy',
    call: 'settle',
    args: [it.permit, owner, it.witness, it.signature],
  })

for (const [name, token] of [
  ['USDC', USDC],
  ['USDT', USDT],
] as const) {
  test(`anyone relays the signed amount of ${name} to the signed recipient, once`, async () => {
    const it = await payment(token)
    await settle(it)
    expect(await world.balanceOf(token, it.witness.to)).toBe(ONE)
    await expect(settle(it)).rejects.toThrow(/InvalidNonce/)
    expect(await world.balanceOf(token, payer.address)).toBe(TEN - ONE)
  })
}

test('neither the amount nor the recipient nor the token nor the time can be changed by the relayer', async () => {
  const it = await payment()
  const changed = [
    { ...it, permit: { ...it.permit, permitted: { token: USDC, amount: ONE + 1n } } },
    { ...it, permit: { ...it.permit, permitted: { token: USDC, amount: ONE - 1n } } },
    { ...it, permit: { ...it.permit, permitted: { token: USDT, amount: ONE } } },
    { ...it, permit: { ...it.permit, deadline: it.permit.deadline + 1n } },
    { ...it, permit: { ...it.permit, nonce: freshNonce() } },
    { ...it, witness: { ...it.witness, to: relayer.address } },
    { ...it, witness: { ...it.witness, validAfter: 1n } },
  ]
  for (const forgery of changed) await expect(settle(forgery)).rejects.toThrow(/InvalidSigner/)
  await expect(settle(it, relayer.address)).rejects.toThrow(/InvalidSigner/)
  expect(await world.balanceOf(USDC, relayer.address)).toBe(0n)
  await settle(it)
})

test('too early, too late, to nobody, from nobody and of nothing are refused by name', async () => {
  const early = await payment(USDC, { validAfter: (await world.now()) + 300n })
  await expect(settle(early)).rejects.toThrow(/PaymentTooEarly/)
  await expect(settle(await payment(USDC, { to: zeroAddress }))).rejects.toThrow(/InvalidDestination/)
  const it = await payment()
  await expect(settle(it, zeroAddress)).rejects.toThrow(/InvalidOwner/)
  const nothing = { ...it, permit: { ...it.permit, permitted: { token: USDC, amount: 0n } } }
  await expect(settle(nothing)).rejects.toThrow(/InvalidAmount/)
  await world.passTime(601)
  await expect(settle(it)).rejects.toThrow(/SignatureExpired/)
})

test('a signature for the upto proxy is worth nothing here', async () => {
  const it = await payment()
  const witness = { ...it.witness, facilitator: relayer.address }
  const signature = await signUpto({ by: payer, permit: it.permit, witness })
  await expect(settle({ ...it, signature })).rejects.toThrow(/InvalidSigner/)
})

test("a token's fee comes out of what the recipient gets: the transfer log, not the permit, tells the amount", async () => {
  await setUsdtFee({ rpcUrl: world.rpcUrl, basisPoints: 10n, maximumFeeUsdt: 1n })
  const it = await payment(USDT)
  await settle(it)
  await setUsdtFee({ rpcUrl: world.rpcUrl, basisPoints: 0n, maximumFeeUsdt: 0n })
  expect(await world.balanceOf(USDT, it.witness.to)).toBe(999_000n)
})

test('with a permit of the token no earlier approval is needed, and a permit for another amount is refused', async () => {
  const it = await payment()
  const owner = await world.newAccount()
  await fundAccount({ rpcUrl: world.rpcUrl, address: owner.address, usdc: TEN })
  const signature = await signExact({ by: owner, permit: it.permit, witness: it.witness })
  const allow = {
    owner: owner.address,
    spender: PERMIT2,
    value: ONE,
    nonce: 0n,
    deadline: it.permit.deadline,
  }
  const [v, r, s] = splitSignature(await signEip2612({ by: owner, permit: allow }))
  const settleWithPermit = (value: bigint) =>
    world.write({
      as: relayer,
      address: EXACT_PROXY,
      contract: 'X402ExactPermit2Proxy',
      call: 'settleWithPermit',
      args: [{ value, deadline: allow.deadline, r, s, v }, it.permit, owner.address, it.witness, signature],
    })
  await expect(settle({ ...it, signature }, owner.address)).rejects.toThrow(/TRANSFER_FROM_FAILED/)
  await expect(settleWithPermit(ONE + 1n)).rejects.toThrow(/Permit2612AmountMismatch/)
  await settleWithPermit(ONE)
  expect(await world.balanceOf(USDC, it.witness.to)).toBe(ONE)
})

test('it shows what it was built for: Permit2 and the witness that clients sign', async () => {
  const ask = (call: string) =>
    world.read({ address: EXACT_PROXY, contract: 'X402ExactPermit2Proxy', call, args: [] })
  expect(await ask('PERMIT2')).toBe(PERMIT2)
  expect(await ask('WITNESS_TYPE_STRING')).toContain('Witness(address to,uint256 validAfter)')
})
