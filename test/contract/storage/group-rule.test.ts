import { randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AdmitOutcome } from '../../../src/call/types.ts'
import { admitGroup, admitVoucher, finishCall } from '../../../src/payment/channel.ts'
import type { ChannelState } from '../../../src/payment/types.ts'
import type { Books } from '../../support/memory/open-memory-storage.ts'
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

/** Calls that arrive together on one channel: vouchers around what the channel has, with ceilings that may or may not fit. */
const burst = fc.record({
  calls: fc.array(
    fc.record({ ahead: fc.integer({ min: -ONE, max: 6 * ONE }), ceiling: fc.integer({ min: 1, max: ONE }) }),
    { minLength: 1, maxLength: 8 },
  ),
  /** Of the calls that run, in percent: how many end afterwards. */
  ending: fc.integer({ min: 0, max: 100 }),
  pauseMs: fc.integer({ min: 0, max: 2_000 }),
  /** Whether all that was charged is claimed before the next burst. */
  isClaimed: fc.boolean(),
})
const history = fc.record({
  balance: fc.integer({ min: 1, max: 12 * ONE }),
  unclaimedLimit: fc.integer({ min: ONE / 2, max: 10 * ONE }),
  bursts: fc.array(burst, { minLength: 1, maxLength: 4 }),
})
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never
type Burst = History['bursts'][number]

const plain = (over: Partial<Burst>): Burst => ({
  calls: [],
  ending: 100,
  pauseMs: 0,
  isClaimed: false,
  ...over,
})
const ceilings = (count: number, ahead: number) =>
  Array.from({ length: count }, () => ({ ahead, ceiling: ONE }))

/** What chance must not leave out: each way a burst can go, at least once in every run. */
const FIXED: readonly History[] = [
  // Everything fits, twice.
  {
    balance: 12 * ONE,
    unclaimedLimit: 10 * ONE,
    bursts: [plain({ calls: ceilings(5, 5 * ONE) }), plain({ calls: ceilings(3, 4 * ONE) })],
  },
  // The vouchers reach for two of four; a third gets the turn, which is over when the next burst comes.
  {
    balance: 12 * ONE,
    unclaimedLimit: 10 * ONE,
    bursts: [
      plain({ calls: ceilings(4, 2 * ONE), ending: 0 }),
      plain({ calls: ceilings(2, 4 * ONE), ending: 0, pauseMs: 100 }),
      plain({ calls: ceilings(2, 4 * ONE), pauseMs: 1_500 }),
    ],
  },
  // The balance reaches for two of four.
  { balance: 2 * ONE, unclaimedLimit: 10 * ONE, bursts: [plain({ calls: ceilings(4, 6 * ONE) })] },
  // Too much would be unclaimed, until it is claimed. One call that is dearer than the limit is served alone.
  {
    balance: 12 * ONE,
    unclaimedLimit: ONE / 2,
    bursts: [
      plain({ calls: ceilings(1, 6 * ONE) }),
      plain({ calls: ceilings(1, 6 * ONE), isClaimed: true }),
      plain({ calls: ceilings(2, 6 * ONE) }),
    ],
  },
]
/** How many bursts of each are admitted by one statement. */
const FIXED_GROUPS = [2, 1, 0, 1]

const start = ({ balance }: History): ChannelState => ({
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

type Admission = ReturnType<typeof voucherAdmissionOf>

/** What the rule does with a burst: the fast path for all, else one by one in the order of arrival. */
function ruled(state: ChannelState, calls: readonly Admission[], nowMs: number) {
  const items = calls.map(({ channel, ceilingAtomic }) => {
    if (!channel) throw new Error('Not a channel call.')
    const { voucher, unclaimedLimitAtomic } = channel
    return { voucher, ceilingAtomic, unclaimedLimitAtomic, channel }
  })
  const all = admitGroup({ state, items, nowMs })
  if (all) return { state: all, kinds: calls.map(() => 'admitted'), isGroup: true }
  let next = state
  const kinds = items.map(({ channel, ...item }) => {
    const { payer, quoteNonce, newQuoteNonce: correctiveQuoteNonce } = channel
    const verdict = admitVoucher({ ...item, state: next, payer, quoteNonce, correctiveQuoteNonce, nowMs })
    if (verdict.kind !== 'wait') next = verdict.state
    return verdict.kind === 'admit' ? 'admitted' : verdict.kind
  })
  return { state: next, kinds, isGroup: false }
}

/** One channel's way through its history, beside the rule's. */
function follow({ of, storage, isSerial }: { of: History; storage: Books; isSerial: boolean }) {
  const channel = randomUUID()
  const running: { readonly callId: string; readonly ceilingAtomic: bigint }[] = []
  let state = start(of)
  let nowMs = NOW_MS
  let groups = 0

  const expectState = async () => {
    const stored = await storage.calls.getChannel({ network: NETWORK, channelId: channelNamed(channel) })
    expect(visible(stored, nowMs)).toEqual(visible(state, nowMs))
  }

  async function admit({ calls }: Burst): Promise<void> {
    const base = Number(state.chargedAtomic + state.heldAtomic)
    const admissions = calls.map(({ ahead, ceiling }) =>
      voucherAdmissionOf({
        channel,
        max: BigInt(Math.max(1, base + ahead)),
        ceiling: BigInt(ceiling),
        unclaimedLimitAtomic: BigInt(of.unclaimedLimit),
        atMs: nowMs,
      }),
    )
    const expected = ruled(state, admissions, nowMs)
    const asks = admissions.map((admission) => () => storage.calls.admit(admission))
    const outcomes =
      isSerial && !expected.isGroup ? await inOrder(asks) : await Promise.all(asks.map((ask) => ask()))
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(expected.kinds)
    state = expected.state
    await expectState()
    if (expected.isGroup) groups += 1
    running.push(...admissions.filter((_, index) => expected.kinds[index] === 'admitted'))
  }

  async function end({ ending }: Burst): Promise<void> {
    const ended = running.splice(0, Math.ceil((running.length * ending) / 100))
    for (const { ceilingAtomic } of ended) {
      state = finishCall({ state, ceilingAtomic, chargeAtomic: ceilingAtomic / 2n })
    }
    await Promise.all(
      ended.map(({ callId, ceilingAtomic }) =>
        storage.calls.capture(captureOf(callId, { chargeAtomic: ceilingAtomic / 2n, atMs: nowMs })),
      ),
    )
    await expectState()
  }

  async function claim(): Promise<void> {
    const claimedAtomic = state.chargedAtomic
    const effect = { kind: 'channel-claimed', id: channelNamed(channel), claimedAtomic } as const
    await storage.settlement.commit({ entries: [], effects: [effect] })
    state = { ...state, claimedAtomic }
  }

  return {
    open: () => openChannelWith(storage, channel, BigInt(of.balance)),
    play: async (round: number): Promise<void> => {
      const burstNow = of.bursts[round]
      if (!burstNow) return
      nowMs += burstNow.pauseMs
      await admit(burstNow)
      await end(burstNow)
      if (burstNow.isClaimed) await claim()
    },
    /** Bursts that one statement has admitted. */
    groups: () => groups,
  }
}

async function inOrder(asks: readonly (() => Promise<AdmitOutcome>)[]): Promise<readonly AdmitOutcome[]> {
  const results: AdmitOutcome[] = []
  for (const ask of asks) results.push(await ask())
  return results
}

const ROUNDS = 4

describe.each(ALL_KINDS)('the admission rule of channels on %s', (kind) => {
  const storage = useBooks(kind)
  // A server runs the exact path on several connections, in no promised order: so ask one after the other.
  const isSerial = kind === 'postgres'

  /** Histories side by side: the bursts of all channels meet in one statement, and none may decide about another. */
  async function followAll(histories: readonly History[]): Promise<readonly number[]> {
    const followers = histories.map((of) => follow({ of, storage: storage(), isSerial }))
    await Promise.all(followers.map(({ open }) => open()))
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all(followers.map(({ play }) => play(round)))
    }
    return followers.map(({ groups }) => groups())
  }

  test('each way that a burst can go is gone as the rule says', async () => {
    expect(await followAll(FIXED)).toEqual(FIXED_GROUPS)
  })

  test('a burst that fits is admitted by one statement exactly as by the rule, and any other call by call', async () => {
    const together = fc.array(history, { minLength: 1, maxLength: 8 })
    const property = fc.asyncProperty(together, async (histories) => void (await followAll(histories)))
    await fc.assert(property, { numRuns: 12 })
    expect(await brokenInvariants(storage())).toEqual([])
  })
})
