import { expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { UptoPayment } from '../../../src/payment/types.ts'
import type { Prepared } from '../../../src/settlement/ports.ts'
import { createPermitSponsor } from '../../../src/settlement/sponsored/sponsor-permit.ts'

const DAY_MS = 86_400_000
const GOOD = { ok: true } as Prepared
const paymentOf = (payer: string): UptoPayment =>
  ({
    kind: 'upto',
    network: 'eip155:84532',
    payer,
    asset: { address: '0x00' },
    nonce: 1n,
    permittedAtomic: 1n,
  }) as never

function sponsorOf({ perDay, answer = () => GOOD }: { perDay: number; answer?: () => Prepared }) {
  const clock = { nowMs: 0 }
  const chain = {
    sender: { lanes: { signer: {} }, prepare: () => Promise.resolve(answer()) },
    calldata: { upto: () => ({ to: '0x', data: '0x' }) },
  }
  const dependencies = { chainOf: () => chain, clock: { nowMs: () => clock.nowMs } }
  const sponsor = createPermitSponsor({ perDay, dependencies: dependencies as never })
  return { clock, ask: (payer = 'a') => sponsor(paymentOf(payer)) }
}

test('a day has so many and no more, also for many at once, and a new day has them again', async () => {
  const { clock, ask } = sponsorOf({ perDay: 3 })
  const kinds = (await Promise.all(['a', 'b', 'c', 'd'].map(ask))).map(({ kind }) => kind)
  expect(kinds).toEqual(['sponsored', 'sponsored', 'sponsored', 'refused'])
  clock.nowMs = DAY_MS - 1
  expect(await ask()).toEqual({ kind: 'refused', reason: 'sponsored_enough_today' })
  clock.nowMs = DAY_MS
  expect(await ask()).toEqual({ kind: 'sponsored' })
})

test('one payer has a part of them', async () => {
  const { ask } = sponsorOf({ perDay: 1_000 })
  for (let count = 0; count < LIMITS.sponsoredPerPayer; count += 1)
    expect(await ask('a')).toEqual({ kind: 'sponsored' })
  expect(await ask('a')).toEqual({ kind: 'refused', reason: 'sponsored_enough_for_payer' })
  expect(await ask('b')).toEqual({ kind: 'sponsored' })
})

test('what the chain would refuse, or cannot be asked about, is not counted', async () => {
  const answers: Prepared[] = [
    { ok: false, reason: 'reverted', unknown: false },
    { ok: false, reason: 'rpc_unreachable', unknown: true },
    GOOD,
  ]
  const { ask } = sponsorOf({ perDay: 1, answer: () => answers.shift() ?? GOOD })
  expect(await ask()).toEqual({ kind: 'refused', reason: 'reverted' })
  expect(await ask()).toEqual({ kind: 'unknown' })
  expect(await ask()).toEqual({ kind: 'sponsored' })
  expect(await ask()).toMatchObject({ kind: 'refused' })
})
