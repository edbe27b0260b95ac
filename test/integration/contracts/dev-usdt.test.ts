import type { Address } from 'viem'
import { encodeFunctionData, maxUint256 } from 'viem'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { devAccounts } from '../../../src/dev/accounts.ts'
import { USDT } from '../../../src/dev/chain/addresses.ts'
import { blocklistUsdt, pauseUsdt, setUsdtFee } from '../../../src/dev/chain/token-owner.ts'
import { ONE, openContractWorld, TEN } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'

let world: ContractWorld
let payer: DevAccount
let payee: Address

beforeAll(async () => {
  world = await openContractWorld()
})
afterEach(async () => {
  await setUsdtFee({ rpcUrl: world.rpcUrl, basisPoints: 0n, maximumFeeUsdt: 0n })
  await pauseUsdt({ rpcUrl: world.rpcUrl, paused: false })
})
afterAll(() => world.close())

async function people() {
  payer = await world.newAccount({ funded: true })
  payee = (await world.newAccount()).address
}

const send = (as: DevAccount, call: string, args: readonly unknown[]) =>
  world.write({ as, address: USDT, contract: 'DevUsdt', call, args })

test('transfer, transferFrom and approve answer with nothing at all', async () => {
  await people()
  const spender = await world.newAccount()
  await send(payer, 'approve', [spender.address, maxUint256])
  const calls = [
    [payer, 'transfer', [payee, 1n]],
    [payer, 'approve', [payee, 1n]],
    [spender, 'transferFrom', [payer.address, payee, 1n]],
  ] as const
  for (const [as, functionName, args] of calls) {
    const data = encodeFunctionData({ abi: world.abiOf('DevUsdt'), functionName, args })
    expect(await world.client.call({ account: as, to: USDT, data })).toEqual({ data: undefined })
  }
})

test('an allowance changes only by way of zero', async () => {
  await people()
  await send(payer, 'approve', [payee, 5n])
  await expect(send(payer, 'approve', [payee, 6n])).rejects.toThrow(/reverted/)
  await send(payer, 'approve', [payee, 0n])
  await send(payer, 'approve', [payee, 6n])
})

test('an allowance is used up, except the greatest', async () => {
  await people()
  const spender = await world.newAccount()
  const allowance = () =>
    world.read({
      address: USDT,
      contract: 'DevUsdt',
      call: 'allowance',
      args: [payer.address, spender.address],
    })
  await send(payer, 'approve', [spender.address, ONE])
  await send(spender, 'transferFrom', [payer.address, payee, ONE])
  expect(await allowance()).toBe(0n)
  await expect(send(spender, 'transferFrom', [payer.address, payee, 1n])).rejects.toThrow(/reverted/)
  await send(payer, 'approve', [spender.address, maxUint256])
  await send(spender, 'transferFrom', [payer.address, payee, ONE])
  expect(await allowance()).toBe(maxUint256)
})

test('a fee is taken from what arrives, up to its cap, and goes to the owner', async () => {
  await people()
  const owner = devAccounts.tokenOwner.address
  await setUsdtFee({ rpcUrl: world.rpcUrl, basisPoints: 10n, maximumFeeUsdt: 1n })
  const before = await world.balanceOf(USDT, owner)
  await send(payer, 'transfer', [payee, ONE])
  expect(await world.balanceOf(USDT, payee)).toBe(999_000n)
  expect(await world.balanceOf(USDT, payer.address)).toBe(TEN - ONE)
  expect(await world.balanceOf(USDT, owner)).toBe(before + 1_000n)

  await setUsdtFee({ rpcUrl: world.rpcUrl, basisPoints: 19n, maximumFeeUsdt: 0n })
  await send(payer, 'transfer', [payee, ONE])
  expect(await world.balanceOf(USDT, payee)).toBe(1_999_000n)
})

test('the fee has an upper limit that even the owner cannot pass', async () => {
  const dear = setUsdtFee({ rpcUrl: world.rpcUrl, basisPoints: 20n, maximumFeeUsdt: 1n })
  await expect(dear).rejects.toThrow(/reverted/)
})

test('a blocked address cannot pay but can still be paid', async () => {
  await people()
  await blocklistUsdt({ rpcUrl: world.rpcUrl, address: payer.address, blocked: true })
  await expect(send(payer, 'transfer', [payee, 1n])).rejects.toThrow(/reverted/)
  await blocklistUsdt({ rpcUrl: world.rpcUrl, address: payer.address, blocked: false })
  await blocklistUsdt({ rpcUrl: world.rpcUrl, address: payee, blocked: true })
  await send(payer, 'transfer', [payee, 1n])
  expect(await world.balanceOf(USDT, payee)).toBe(1n)
})

test('nothing moves while the token is paused, and more than the balance never', async () => {
  await people()
  await expect(send(payer, 'transfer', [payee, TEN + 1n])).rejects.toThrow(/reverted/)
  await pauseUsdt({ rpcUrl: world.rpcUrl, paused: true })
  await expect(send(payer, 'transfer', [payee, 1n])).rejects.toThrow(/reverted/)
})

test('only the owner issues, and nobody becomes owner by initialising again', async () => {
  await people()
  await expect(send(payer, 'issue', [1n])).rejects.toThrow(/reverted/)
  await expect(send(payer, 'setParams', [1n, 1n])).rejects.toThrow(/reverted/)
  await expect(send(payer, 'initialize', [payer.address])).rejects.toThrow(/reverted/)
})
