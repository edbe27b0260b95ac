import { expect, test } from 'vitest'
import { admitExact } from '../../../src/call/admit/admit-exact.ts'
import type { CallDependencies } from '../../../src/call/dependencies.ts'
import type { Capture, PlannedCall } from '../../../src/call/types.ts'
import { BASE_SEPOLIA_USDC } from '../../../src/payment/tokens/assets.ts'
import type { ExactPayment } from '../../../src/payment/types.ts'
import { hex, NETWORK, payerNamed } from '../../support/calls.ts'

const payment = {
  kind: 'exact',
  method: 'eip3009',
  scheme: 'exact',
  network: NETWORK,
  asset: BASE_SEPOLIA_USDC,
  payer: payerNamed('a'),
  ceilingAtomic: 500n,
  nonce: hex(32, 'nonce'),
} as unknown as ExactPayment
const transaction = hex(32, 'transaction')
const planned = { candidates: [{}], model: {}, request: {} } as unknown as PlannedCall

test('a database that fails after the payment was settled says pending, keeps the SDK from paying again, and releases the hold that was perhaps made', async () => {
  const releases: Capture[] = []
  const dependencies = {
    fund: async () => ({ kind: 'funded', transaction }),
    reach: () => undefined,
    clock: { nowMs: () => 0, sleep: async () => undefined, sleepAside: async () => undefined },
    store: {
      admit: () => Promise.reject(new Error('Connection terminated')),
      // The statement that broke off is executed late: at the third look the hold is there.
      capture: async (release: Capture) => {
        releases.push(release)
        if (releases.length < 3) throw new RangeError('There is no call to capture.')
      },
    },
  } as unknown as CallDependencies
  await expect(admitExact({ planned, payment, freshQuoteNonce: '', dependencies })).rejects.toMatchObject({
    code: 'settlement_pending',
    details: { headers: { 'x-should-retry': 'false' }, extra: { transaction } },
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(releases).toHaveLength(3)
  expect(releases[2]).toMatchObject({ outcome: 'abandoned', chargeAtomic: 0n, delivered: false })
})

test('a payment that was made for a top-up buys no call', async () => {
  let admitted = 0
  const dependencies = {
    fund: async () => ({ kind: 'funded', transaction, isRepeat: true, isTopUp: true }),
    reach: () => undefined,
    clock: { nowMs: () => 0 },
    store: { admit: async () => ({ kind: 'admitted', callId: (admitted += 1) }) },
  } as unknown as CallDependencies
  await expect(admitExact({ planned, payment, freshQuoteNonce: '', dependencies })).rejects.toMatchObject({
    code: 'payment_already_used',
  })
  expect(admitted).toBe(0)
})
