import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  admitGroup,
  admitVoucher,
  endTurn,
  finishCall,
  takeTurn,
  type AdmissionVerdict,
} from '../../../src/payment/channel.ts'
import type { Address, ChannelState, Voucher } from '../../../src/payment/types.ts'

const PAYER: Address = '0x00000000000000000000000000000000000000a1'
const voucherOf = (maxAtomic: bigint): Voucher => ({ maxAtomic, signature: `0x${maxAtomic.toString(16)}` })

function stateOf(change: Partial<ChannelState> = {}): ChannelState {
  return {
    balanceAtomic: 1_000_000n,
    chargedAtomic: 0n,
    heldAtomic: 0n,
    claimedAtomic: 0n,
    withdrawRequestedAt: 0,
    refundNonce: 0n,
    ...change,
  }
}

function ask({
  state,
  max,
  ...rest
}: { state: ChannelState; max: bigint } & Partial<Parameters<typeof admitVoucher>[0]>) {
  return admitVoucher({
    voucher: voucherOf(max),
    ceilingAtomic: 100n,
    payer: PAYER,
    quoteNonce: 'q1',
    nowMs: 1_000,
    ...rest,
    state,
  })
}

test('the first voucher of a channel is admitted and becomes its highest', () => {
  const verdict = ask({ state: stateOf(), max: 100n })
  expect(verdict).toEqual({ kind: 'admit', state: stateOf({ heldAtomic: 100n, highest: voucherOf(100n) }) })
})

test('the unused part of earlier vouchers covers a parallel call', () => {
  const state = stateOf({ chargedAtomic: 50n, heldAtomic: 100n, highest: voucherOf(300n) })
  expect(ask({ state, max: 150n })).toMatchObject({
    kind: 'admit',
    state: { heldAtomic: 200n, highest: voucherOf(300n) },
  })
})

test('a voucher that is below what was charged meanwhile is stale, whatever the highest covers', () => {
  const state = stateOf({ chargedAtomic: 50n, highest: voucherOf(300n) })
  expect(ask({ state, max: 149n }).kind).toBe('corrective')
  expect(ask({ state, max: 150n }).kind).toBe('admit')
})

test('nothing is admitted beyond the confirmed balance, to the last atomic unit', () => {
  const state = stateOf({ balanceAtomic: 199n, heldAtomic: 100n, highest: voucherOf(100n) })
  expect(ask({ state, max: 500n }).kind).toBe('corrective')
  expect(ask({ state: { ...state, balanceAtomic: 200n }, max: 500n }).kind).toBe('admit')
})

test('a client that falls short gets the turn; its room is kept, others wait, and it is known by either quote', () => {
  const state = stateOf({ heldAtomic: 100n, highest: voucherOf(100n) })
  const first = ask({ state, max: 100n, correctiveQuoteNonce: 'q2' })
  expect(first).toMatchObject({
    kind: 'corrective',
    state: { turn: { payer: PAYER, quoteNonces: ['q1', 'q2'], reservedAtomic: 100n, expiresAtMs: 2_500 } },
  })
  if (first.kind !== 'corrective') throw new Error('unreachable')
  expect(ask({ state: first.state, max: 100n, quoteNonce: 'q9' })).toEqual({ kind: 'wait', untilMs: 2_500 })
  // Somebody whose voucher covers even the reserved room is admitted beside the turn, which stays.
  expect(ask({ state: first.state, max: 300n, quoteNonce: 'q9' })).toMatchObject({
    kind: 'admit',
    state: { turn: { payer: PAYER } },
  })
  expect(ask({ state: first.state, max: 299n, quoteNonce: 'q9' }).kind).toBe('wait')
  for (const quoteNonce of ['q1', 'q2']) {
    const retried = ask({ state: first.state, max: 200n, quoteNonce })
    expect(retried.kind).toBe('admit')
    expect(retried).not.toHaveProperty('state.turn')
  }
})

test("a call beside the turn that ends with a charge does not make the turn's owner give up", () => {
  // Charged 10, held 0, H 30: the owner was told 10 and signs 20; meanwhile another call was charged 5.
  const told = stateOf({ chargedAtomic: 10n, highest: voucherOf(30n) })
  const turn = { payer: PAYER, quoteNonces: ['q1'], reservedAtomic: 10n, nowMs: 1_000 }
  const state = { ...takeTurn({ state: told, ...turn }), chargedAtomic: 15n }
  expect(ask({ state, max: 20n, ceilingAtomic: 10n }).kind).toBe('admit')
  expect(ask({ state: endTurn({ state }), max: 20n, ceilingAtomic: 10n }).kind).toBe('corrective')
})

test('a second failure within the turn ends it, so that the next client is served', () => {
  const state = takeTurn({
    state: stateOf({ heldAtomic: 100n, highest: voucherOf(100n) }),
    payer: PAYER,
    quoteNonces: ['q1'],
    reservedAtomic: 100n,
    nowMs: 1_000,
  })
  const verdict = ask({ state, max: 100n })
  expect(verdict).toEqual({ kind: 'corrective', state: endTurn({ state }) })
})

test("the same quote from another payer is not the turn's owner", () => {
  const state = takeTurn({
    state: stateOf({ heldAtomic: 100n, highest: voucherOf(100n) }),
    payer: '0x00000000000000000000000000000000000000b2',
    quoteNonces: ['q1'],
    reservedAtomic: 100n,
    nowMs: 1_000,
  })
  expect(ask({ state, max: 200n }).kind).toBe('wait')
})

test('a turn expires', () => {
  const turned = ask({ state: stateOf({ heldAtomic: 100n, highest: voucherOf(100n) }), max: 100n })
  if (turned.kind !== 'corrective') throw new Error('unreachable')
  expect(ask({ state: turned.state, max: 100n, quoteNonce: 'q9', nowMs: 2_499 }).kind).toBe('wait')
  const next = ask({ state: turned.state, max: 100n, quoteNonce: 'q9', nowMs: 2_500 })
  expect(next).toMatchObject({ kind: 'corrective', state: { turn: { quoteNonces: ['q9'] } } })
})

test('a deposit that the balance needs takes the turn; one that it does not need is ignored', () => {
  const empty = stateOf({ balanceAtomic: 0n })
  const first = ask({ state: empty, max: 100n, mayDeposit: true })
  expect(first).toMatchObject({
    kind: 'deposit',
    state: { turn: { quoteNonces: ['q1'], expiresAtMs: 121_000 } },
  })
  if (first.kind !== 'deposit') throw new Error('unreachable')
  const second = { max: 100n, quoteNonce: 'q2', mayDeposit: true }
  expect(ask({ state: first.state, ...second })).toEqual({ kind: 'wait', untilMs: 121_000 })
  const funded = { ...first.state, balanceAtomic: 1_000n }
  const served = ask({ state: funded, max: 100n })
  expect(served.kind).toBe('admit')
  if (served.kind !== 'admit') throw new Error('unreachable')
  expect(served.state).not.toHaveProperty('turn')
  expect(ask({ state: served.state, ...second }).kind).toBe('corrective')
})

test('a call ends with its charge booked and its ceiling released', () => {
  const state = stateOf({ chargedAtomic: 10n, heldAtomic: 150n })
  const ended = finishCall({ state, ceilingAtomic: 100n, chargeAtomic: 30n })
  expect(ended).toEqual(stateOf({ chargedAtomic: 40n, heldAtomic: 50n }))
  expect(() => finishCall({ state, ceilingAtomic: 100n, chargeAtomic: 101n })).toThrow(RangeError)
  expect(() => finishCall({ state, ceilingAtomic: 100n, chargeAtomic: -1n })).toThrow(RangeError)
  expect(() => finishCall({ state, ceilingAtomic: 151n, chargeAtomic: 0n })).toThrow(RangeError)
})

const amount = fc.bigInt({ min: 0n, max: 60n })
test('more than the limit is not charged and held before it is claimed; a dear call is served alone', () => {
  const limited = { unclaimedLimitAtomic: 250n, max: 10_000n }
  const busy = stateOf({ balanceAtomic: 9_000n, chargedAtomic: 100n, heldAtomic: 50n })
  expect(ask({ state: busy, ...limited }).kind).toBe('admit')
  expect(ask({ state: busy, ...limited, ceilingAtomic: 101n })).toEqual({ kind: 'unclaimed', state: busy })
  // Not even with a deposit, which could buy nothing now.
  const poor = { ...busy, balanceAtomic: 150n }
  expect(ask({ state: poor, ...limited, ceilingAtomic: 101n, mayDeposit: true }).kind).toBe('unclaimed')
  const claimed = { ...busy, heldAtomic: 0n, claimedAtomic: 100n }
  expect(ask({ state: claimed, ...limited, ceilingAtomic: 250n }).kind).toBe('admit')
  expect(ask({ state: claimed, ...limited, ceilingAtomic: 5_000n }).kind).toBe('admit')
})

const reachable = fc
  .record({
    charged: amount,
    held: amount,
    above: amount,
    spare: amount,
    turn: fc.option(fc.nat({ max: 2_000 })),
  })
  .map(({ charged, held, above, spare, turn }) => {
    const state = stateOf({
      chargedAtomic: charged,
      heldAtomic: held,
      balanceAtomic: charged + held + spare,
      highest: voucherOf(charged + held + above),
    })
    if (turn === null) return state
    return takeTurn({ state, payer: PAYER, quoteNonces: ['t'], reservedAtomic: 10n, nowMs: turn, forMs: 0 })
  })
const item = fc.record({
  max: fc.bigInt({ min: 0n, max: 200n }),
  ceilingAtomic: fc.bigInt({ min: 1n, max: 30n }),
})

const limit = fc.option(fc.bigInt({ min: 1n, max: 200n }), { nil: undefined })

test('a group is admitted exactly where its calls would be admitted one by one, with the same state', () => {
  let admitted = 0
  fc.assert(
    fc.property(
      reachable,
      fc.array(item, { minLength: 1, maxLength: 5 }),
      limit,
      (state, raw, unclaimedLimitAtomic) => {
        const nowMs = 1_000
        const items = raw.map(({ max, ceilingAtomic }) => ({
          voucher: voucherOf(max),
          ceilingAtomic,
          ...(unclaimedLimitAtomic === undefined ? {} : { unclaimedLimitAtomic }),
        }))
        const hasTurn = (state.turn?.expiresAtMs ?? 0) > nowMs
        let expected: ChannelState | undefined = hasTurn ? undefined : endTurn({ state })
        for (const one of items) {
          if (!expected) break
          const verdict = admitVoucher({ ...one, state: expected, payer: PAYER, quoteNonce: 'q', nowMs })
          expected = verdict.kind === 'admit' ? verdict.state : undefined
        }
        const group = admitGroup({ state, items, nowMs })
        expect(group).toEqual(expected)
        if (group) admitted += 1
      },
    ),
    { numRuns: 2_000 },
  )
  expect(admitted).toBeGreaterThan(50)
})

test('no verdict ever breaks the invariants of the row', () => {
  fc.assert(
    fc.property(
      reachable,
      item,
      fc.boolean(),
      fc.constantFrom('t', 'q'),
      (state, one, mayDeposit, quoteNonce) => {
        const verdict: AdmissionVerdict = ask({
          state,
          max: one.max,
          ceilingAtomic: one.ceilingAtomic,
          mayDeposit,
          quoteNonce,
        })
        if (verdict.kind === 'wait') return
        const after = verdict.state
        const engaged = after.chargedAtomic + after.heldAtomic
        expect(engaged <= (after.highest?.maxAtomic ?? 0n)).toBe(true)
        expect(engaged <= after.balanceAtomic).toBe(true)
        expect((after.highest?.maxAtomic ?? 0n) >= (state.highest?.maxAtomic ?? 0n)).toBe(true)
        if (verdict.kind !== 'admit') expect(after.heldAtomic).toBe(state.heldAtomic)
      },
    ),
    { numRuns: 2_000 },
  )
})
