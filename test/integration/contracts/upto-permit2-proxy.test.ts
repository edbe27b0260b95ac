import { zeroAddress } from 'viem'
import type { Address, Hex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { UPTO_PROXY, USDC, USDT } from '../../../src/dev/chain/addresses.ts'
import { freshNonce, ONE, openContractWorld, TEN } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'
import { signExact, signUpto } from './signatures.ts'
import type { Permit2Transfer } from './signatures.ts'

let world: ContractWorld
let payer: DevAccount
let facilitator: DevAccount
let stranger: DevAccount

beforeAll(async () => {
  world = await openContractWorld()
  facilitator = await world.newAccount()
  stranger = await world.newAccount()
})
afterAll(() => world.close())

type Witness = { to: Address; facilitator: Address; validAfter: bigint }
type Payment = { permit: Permit2Transfer; witness: Witness; signature: Hex }

async function payment(token: Address = USDC, changes: Partial<Witness> = {}): Promise<Payment> {
  payer = await world.newAccount({ funded: true })
  const to = (await world.newAccount()).address
  const deadline = (await world.now()) + 600n
  const permit = { permitted: { token, amount: ONE }, nonce: freshNonce(), deadline }
  const witness = { to, facilitator: facilitator.address, validAfter: 0n, ...changes }
  return { permit, witness, signature: await signUpto({ by: payer, permit, witness }) }
}

const settle = (it: Payment, amount: bigint, as = facilitator) =>
  world.write({
    as,
    address: UPTO_PROXY,
    contract: 'X402UptoPermit2Proxy',
    call: 'settle',
    args: [it.permit, amount, payer.address, it.witness, it.signature],
  })

for (const [name, token] of [
  ['USDC', USDC],
  ['USDT', USDT],
] as const) {
  test(`the facilitator charges part of the maximum in ${name}, and the rest is not chargeable later`, async () => {
    const it = await payment(token)
    await settle(it, 1_480n)
    expect(await world.balanceOf(token, it.witness.to)).toBe(1_480n)
    await expect(settle(it, 1n)).rejects.toThrow(/InvalidNonce/)
    expect(await world.balanceOf(token, payer.address)).toBe(TEN - 1_480n)
  })
}

test('the whole maximum may be charged, one unit more may not', async () => {
  const it = await payment()
  await expect(settle(it, ONE + 1n)).rejects.toThrow(/AmountExceedsPermitted/)
  const raised = { ...it, permit: { ...it.permit, permitted: { token: USDC, amount: 2n * ONE } } }
  await expect(settle(raised, ONE + 1n)).rejects.toThrow(/InvalidSigner/)
  await settle(it, ONE)
  expect(await world.balanceOf(USDC, it.witness.to)).toBe(ONE)
})

test('nobody but the signed facilitator settles, not even by naming itself', async () => {
  const it = await payment()
  await expect(settle(it, ONE, stranger)).rejects.toThrow(/UnauthorizedFacilitator/)
  const renamed = { ...it, witness: { ...it.witness, facilitator: stranger.address } }
  await expect(settle(renamed, ONE, stranger)).rejects.toThrow(/InvalidSigner/)
  expect(await world.balanceOf(USDC, payer.address)).toBe(TEN)
})

test('the facilitator cannot send the money elsewhere', async () => {
  const it = await payment()
  const redirected = { ...it, witness: { ...it.witness, to: facilitator.address } }
  await expect(settle(redirected, ONE)).rejects.toThrow(/InvalidSigner/)
  expect(await world.balanceOf(USDC, facilitator.address)).toBe(0n)
})

test('too early, too late and to nobody are refused', async () => {
  const early = await payment(USDC, { validAfter: (await world.now()) + 300n })
  await expect(settle(early, ONE)).rejects.toThrow(/PaymentTooEarly/)
  await expect(settle(await payment(USDC, { to: zeroAddress }), ONE)).rejects.toThrow(/InvalidDestination/)
  const it = await payment()
  await world.passTime(601)
  await expect(settle(it, ONE)).rejects.toThrow(/SignatureExpired/)
})

test('a signature for the exact proxy is worth nothing here', async () => {
  const it = await payment()
  const { to, validAfter } = it.witness
  const signature = await signExact({ by: payer, permit: it.permit, witness: { to, validAfter } })
  await expect(settle({ ...it, signature }, ONE)).rejects.toThrow(/InvalidSigner/)
})
