import { expect, test } from 'vitest'
import { admitGroup, admitVoucher } from '../../../src/payment/channel.ts'
import { buildCorrective } from '../../../src/payment/offers/corrective.ts'
import type { ChannelState, Offer, Voucher } from '../../../src/payment/types.ts'

const TOKEN = '0x036cbd53842c5426634e7929541ec2318f3dcf7e'
const voucher = (maxAtomic: bigint): Voucher => ({ maxAtomic, signature: '0x' })

/** A call of 100 was charged 30; the claim for it has put the voucher over 100 on chain. */
const claimed: ChannelState = {
  balanceAtomic: 1_000n,
  chargedAtomic: 30n,
  heldAtomic: 0n,
  claimedAtomic: 30n,
  publishedAtomic: 100n,
  highest: voucher(100n),
  withdrawRequestedAt: 0,
  refundNonce: 0n,
}

const ask = (state: ChannelState, maxAtomic: bigint, ceilingAtomic: bigint, quoteNonce = 'q') =>
  admitVoucher({ state, voucher: voucher(maxAtomic), ceilingAtomic, payer: '0x1', quoteNonce, nowMs: 0 })

test('a voucher that a claim has published buys nothing, though it would cover a call', () => {
  expect(ask(claimed, 100n, 70n).kind).toBe('corrective')
  expect(ask({ ...claimed, publishedAtomic: 0n }, 100n, 70n).kind).toBe('admit')
  const items = [{ voucher: voucher(100n), ceilingAtomic: 70n }]
  expect(admitGroup({ state: claimed, items, nowMs: 0 })).toBeUndefined()
})

test("not even inside the payer's own turn", () => {
  const turn = { payer: '0x1', quoteNonces: ['q'], reservedAtomic: 70n, expiresAtMs: 1 } as const
  expect(ask({ ...claimed, turn }, 100n, 70n).kind).toBe('corrective')
})

test('the next voucher of a client that goes on by itself is above the published one', () => {
  expect(ask(claimed, 30n + 100n, 100n).kind).toBe('admit')
})

test('a corrective 402 lets a client go on above what is public, as far as its own voucher proves it', () => {
  const offer = {
    scheme: 'batch-settlement',
    network: 'eip155:84532',
    asset: TOKEN,
    extra: {},
  } as unknown as Offer
  const channel = { channelId: '0xab', network: 'eip155:84532', token: TOKEN } as const
  const stateOf = (state: ChannelState) =>
    buildCorrective({ offers: [offer], channel, state }).offers[0]?.extra['channelState']
  expect(stateOf(claimed)).toMatchObject({
    chargedCumulativeAmount: '100',
    charged: '30',
    held: '0',
    published: '100',
  })
  expect(stateOf({ ...claimed, chargedAtomic: 120n })).toMatchObject({ chargedCumulativeAmount: '120' })
  expect(ask(claimed, 100n + 70n, 70n).kind).toBe('admit')
})
