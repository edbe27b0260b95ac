import { beforeEach, expect, test } from 'vitest'
import { BASE_SEPOLIA_USDC } from '../../../src/payment/tokens/assets.ts'
import type { ExactPayment, Offer } from '../../../src/payment/types.ts'
import { fund } from '../../../src/settlement/fund.ts'
import { sweep } from '../../../src/settlement/sweep.ts'
import { giveCredit, hex, NETWORK, payerNamed } from '../../support/calls.ts'
import { minedTransfer, openScriptedWorld, type ScriptedWorld } from '../../support/scripted-chain.ts'
import { TILL } from '../../support/settlements.ts'

let world: ScriptedWorld
beforeEach(async () => {
  world = await openScriptedWorld()
})

const payment: ExactPayment = {
  kind: 'exact',
  scheme: 'exact',
  method: 'eip3009',
  x402Version: 2,
  network: NETWORK,
  asset: BASE_SEPOLIA_USDC,
  payer: payerNamed('exact'),
  offer: {} as Offer,
  ceilingAtomic: 500n,
  feePicoUsd: 0n,
  valueAtomic: 500n,
  validAfter: 0,
  validBefore: 1_900_000_000,
  nonce: hex(32, 'nonce'),
  signature: '0x01',
}
const fundIt = () => fund({ payment, dependencies: world.dependencies })
const unreachable = () => {
  throw new Error('The chain does not answer.')
}

test('a chain that falls silent after the payment was sent leaves it pending, never to be paid again', async () => {
  world.script.receiptOf = unreachable
  expect((await fundIt()).kind).toBe('pending')
  world.script.receiptOf = () => minedTransfer(TILL.address, 500n)
  await sweep({ dependencies: world.dependencies })
  expect((await fundIt()).kind).toBe('funded')
})

test('a chain that falls silent before anything was signed leaves the reserved payment pending', async () => {
  world.script.nonceOf = unreachable
  expect((await fundIt()).kind).toBe('pending')
  world.script.nonceOf = () => 0
  world.script.receiptOf = () => minedTransfer(TILL.address, 500n)
  for (let pass = 0; pass < 2; pass += 1) await sweep({ dependencies: world.dependencies })
  expect((await fundIt()).kind).toBe('funded')
})

test('a refusal that comes after the sweep has made the payment does not call it failed', async () => {
  world.script.receiptOf = () => minedTransfer(TILL.address, 500n)
  const prepare = world.script.prepare
  world.script.prepare = async () => {
    // The request's own simulation takes so long that the sweep sends the payment meanwhile.
    world.script.prepare = prepare
    world.script.nowMs += 20_000
    for (let pass = 0; pass < 2; pass += 1) await sweep({ dependencies: world.dependencies })
    return { ok: false, reason: 'nonce_used', unknown: false }
  }
  expect((await fundIt()).kind).toBe('funded')
})

test('credit that has just arrived is not sent back before its call is admitted', async () => {
  await giveCredit(world.storage, payment.payer, 500n)
  await sweep({ dependencies: world.dependencies })
  expect(await world.transactions('credit-refund')).toEqual([])
  world.script.nowMs += 30_000
  await sweep({ dependencies: world.dependencies })
  expect(await world.transactions('credit-refund')).toHaveLength(1)
})
