import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admitGroup, admitVoucher, finishCall } from '../../../src/payment/channel.ts'
import type { ChannelState } from '../../../src/payment/types.ts'
import {
  captureOf,
  channelNamed,
  NETWORK,
  NOW_MS,
  openChannelWith,
  voucherAdmissionOf,
} from '../../support/calls.ts'
import { ALL_KINDS, brokenInvariants, useBooks } from './stores.ts'

const ONE = 100

/** A burst on one channel: vouchers around what the channel has, with ceilings that may or may not fit. */
const burst = fc.array(
  fc.record({ ahead: fc.integer({ min: -ONE, max: 6 * ONE }), ceiling: fc.integer({ min: 1, max: ONE }) }),
  { minLength: 1, maxLength: 8 },
)
const history = fc.record({
  balance: fc.integer({ min: 0, max: 12 * ONE }),
  bursts: fc.array(fc.tuple(burst, fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 2000 })), {
    minLength: 1,
    maxLength: 4,
  }),
})

const start = (balance: number): ChannelState => ({
  balanceAtomic: BigInt(balance),
  chargedAtomic: 0n,
  heldAtomic: 0n,
  claimedAtomic: 0n,
  withdrawRequestedAt: 0,
  refundNonce: 0n,
})

/** A turn that has expired means nothing; the group statement clears it, the rule leaves it. */
const visible = (state: ChannelState | undefined, nowMs: number) => {
  if (!state) return undefined
  const { turn, ...rest } = state
  return turn && turn.expiresAtMs > nowMs ? state : rest
}

/** What the rule does with a burst: the fast path for all, else one by one in the order of arrival. */
function ruled(state: ChannelState, calls: readonly ReturnType<typeof voucherAdmissionOf>[], nowMs: number) {
  const items = calls.map(({ channel, ceilingAtomic }) => {
    if (!channel) throw new Error('Not a channel call.')
    return { voucher: channel.voucher, ceilingAtomic, channel }
  })
  const all = admitGroup({ state, items, nowMs })
  if (all) return { state: all, kinds: calls.map(() => 'admitted') }
  let next = state
  const kinds = items.map(({ voucher, ceilingAtomic, channel }) => {
    const { payer, quoteNonce, newQuoteNonce: correctiveQuoteNonce } = channel
    const rule = { state: next, voucher, ceilingAtomic, payer, quoteNonce, correctiveQuoteNonce, nowMs }
    const verdict = admitVoucher(rule)
    if (verdict.kind !== 'wait') next = verdict.state
    return verdict.kind === 'admit' ? 'admitted' : verdict.kind
  })
  return { state: next, kinds }
}

describe.each(ALL_KINDS)('the admission rule of channels on %s', (kind) => {
  const storage = useBooks(kind)

  test('a burst that fits is admitted by one statement exactly as by the rule, and any other call by call', async () => {
    let groups = 0
    const property = fc.asyncProperty(history, async ({ balance, bursts }) => {
      const channel = randomUUID()
      const query = { network: NETWORK, channelId: channelNamed(channel) }
      if (balance > 0) await openChannelWith(storage(), channel, BigInt(balance))
      else await openChannelWith(storage(), channel, 1n)
      let state = start(Math.max(1, balance))
      let nowMs = NOW_MS
      const running: { callId: string; ceilingAtomic: bigint }[] = []
      for (const [calls, share, pauseMs] of bursts) {
        nowMs += pauseMs
        const base = Number(state.chargedAtomic + state.heldAtomic)
        const admissions = calls.map(({ ahead, ceiling }) =>
          voucherAdmissionOf({
            channel,
            max: BigInt(Math.max(1, base + ahead)),
            ceiling: BigInt(ceiling),
            atMs: nowMs,
          }),
        )
        const expected = ruled(state, admissions, nowMs)
        if (admitGroup({ state, items: [], nowMs }) && expected.kinds.every((word) => word === 'admitted'))
          groups += 1
        const outcomes =
          expected.kinds.every((word) => word === 'admitted') || kind !== 'postgres'
            ? await Promise.all(admissions.map((admission) => storage().calls.admit(admission)))
            : // A server runs the exact path on several connections, in no promised order: so ask one after the other.
              await inOrder(admissions.map((admission) => () => storage().calls.admit(admission)))
        expect(outcomes.map((outcome) => outcome.kind)).toEqual(expected.kinds)
        expect(visible(await storage().calls.getChannel(query), nowMs)).toEqual(
          visible(expected.state, nowMs),
        )
        state = expected.state
        for (const [index, admission] of admissions.entries()) {
          if (expected.kinds[index] === 'admitted') running.push(admission)
        }
        const ending = running.splice(0, Math.ceil((running.length * share) / 100))
        for (const { ceilingAtomic } of ending) {
          state = finishCall({ state, ceilingAtomic, chargeAtomic: ceilingAtomic / 2n })
        }
        await Promise.all(
          ending.map(({ callId, ceilingAtomic }) =>
            storage().calls.capture(captureOf(callId, { chargeAtomic: ceilingAtomic / 2n, atMs: nowMs })),
          ),
        )
        expect(visible(await storage().calls.getChannel(query), nowMs)).toEqual(visible(state, nowMs))
      }
    })
    await fc.assert(property, { numRuns: 60 })
    expect(groups).toBeGreaterThan(20)
    expect(await brokenInvariants(storage())).toEqual([])
  })
})

async function inOrder<Result>(asks: readonly (() => Promise<Result>)[]): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const ask of asks) results.push(await ask())
  return results
}
