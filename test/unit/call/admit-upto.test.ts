import { expect, test } from 'vitest'
import { admitUpto } from '../../../src/call/admit/admit-upto.ts'
import type { CallDependencies } from '../../../src/call/dependencies.ts'
import type { Admission, PlannedCall } from '../../../src/call/types.ts'
import { BASE_SEPOLIA_USDC } from '../../../src/payment/tokens/assets.ts'
import type { Offer, UptoPayment } from '../../../src/payment/types.ts'
import { hex, NETWORK, payerNamed } from '../../support/calls.ts'

const ONE_USD = 1_000_000n

async function exposureLimitFor(request: { ceilingAtomic: bigint; balanceAtomic: bigint }): Promise<bigint> {
  const { ceilingAtomic, balanceAtomic } = request
  const admissions: Admission[] = []
  const payment: UptoPayment = {
    kind: 'upto',
    scheme: 'upto',
    x402Version: 2,
    network: NETWORK,
    asset: BASE_SEPOLIA_USDC,
    payer: payerNamed('upto'),
    offer: {} as Offer,
    ceilingAtomic,
    feePicoUsd: 0n,
    nonce: 7n,
    permittedAtomic: ceilingAtomic,
    validAfter: 0,
    deadline: 1_900_000_000,
    signature: hex(32, 'signature'),
  }
  const dependencies = {
    store: {
      admit: async (admission: Admission) => {
        admissions.push(admission)
        return { kind: 'admitted' }
      },
    },
    clock: { nowMs: () => 0 },
    mirrorOf: () => ({
      getSpendable: async () => ({ balanceAtomic, permit2AllowanceAtomic: 2n ** 128n }),
    }),
  } as unknown as CallDependencies
  const planned = { candidates: [{}], model: {}, request: {} } as unknown as PlannedCall
  await admitUpto({ planned, payment, freshQuoteNonce: '', dependencies })
  return admissions[0]?.exposureLimitAtomic ?? -1n
}

test('no single call lifts the cap on what a payer may owe: its wallet may be empty when the call ends', async () => {
  expect(await exposureLimitFor({ ceilingAtomic: 50n * ONE_USD, balanceAtomic: 100n * ONE_USD })).toBe(
    ONE_USD,
  )
})

test('a payer with less than the cap may owe what it has', async () => {
  expect(await exposureLimitFor({ ceilingAtomic: 10n, balanceAtomic: 700n })).toBe(700n)
})
