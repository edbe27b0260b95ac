import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { admitVoucher, finishCall } from '../../../src/payment/channel.ts'
import type { Address, ChannelState } from '../../../src/payment/types.ts'

/**
 * A model of stock clients on one channel: all calls share one number S and sign S + ceiling. S follows a receipt only
 * where the server's sum agrees, and follows a corrective 402 wherever it is at most the proven voucher.
 */
const PAYER: Address = '0x00000000000000000000000000000000000000a1'

type Call = {
  readonly nonce: string
  readonly ceilingAtomic: bigint
  readonly isLost: boolean
  max?: bigint
  correctives: number
  phase: 'unsigned' | 'sent' | 'held' | 'done' | 'gone'
}

type Step = { readonly pick: number; readonly chargeShare: number; readonly ms: number }

function runWorld({ calls, steps, balanceAtomic }: { calls: Call[]; steps: Step[]; balanceAtomic: bigint }) {
  let stored = 0n
  let nowMs = 0
  let largestNeed = 0n
  const largestCeiling = calls.reduce(
    (most, { ceilingAtomic }) => (ceilingAtomic > most ? ceilingAtomic : most),
    0n,
  )
  const used = new Map<string, { charges: number; chargeAtomic: bigint; ceilingAtomic: bigint }>()
  let state: ChannelState = {
    balanceAtomic,
    chargedAtomic: 0n,
    heldAtomic: 0n,
    claimedAtomic: 0n,
    withdrawRequestedAt: 0,
    refundNonce: 0n,
  }

  function write(next: ChannelState): void {
    state = next
    const highest = state.highest?.maxAtomic ?? 0n
    const engaged = state.heldAtomic + (state.turn?.reservedAtomic ?? 0n)
    if (engaged > largestNeed) largestNeed = engaged
    // I1 and I2.
    expect(state.chargedAtomic + state.heldAtomic <= highest).toBe(true)
    expect(state.chargedAtomic + state.heldAtomic <= state.balanceAtomic).toBe(true)
    // I5, with one ceiling to spare: a client that is ahead of the server may sign for a dearer call than ever before.
    expect(highest - state.chargedAtomic <= largestNeed + largestCeiling).toBe(true)
    // I6: a turn belongs to a call that was corrected, and ends.
    if (state.turn) expect(state.turn.expiresAtMs <= nowMs + LIMITS.turnMs).toBe(true)
  }

  function arrive(call: Call): void {
    // A used quote never comes to the rule: the unique key of the admission stands before it.
    if (used.has(call.nonce)) return
    const verdict = admitVoucher({
      state,
      voucher: { maxAtomic: call.max ?? 0n, signature: '0x' },
      ceilingAtomic: call.ceilingAtomic,
      payer: PAYER,
      quoteNonce: call.nonce,
      nowMs,
    })
    if (verdict.kind === 'wait') return
    if (verdict.kind === 'deposit') throw new Error('nobody deposits here')
    write(verdict.state)
    if (verdict.kind === 'admit') {
      call.phase = 'held'
      used.set(call.nonce, { charges: 0, chargeAtomic: 0n, ceilingAtomic: call.ceilingAtomic })
      return
    }
    call.correctives += 1
    const reported = state.chargedAtomic + state.heldAtomic
    if (call.isLost || call.correctives > 1) call.phase = 'gone'
    else {
      if (reported <= (state.highest?.maxAtomic ?? 0n)) stored = reported
      call.phase = 'unsigned'
    }
  }

  function finish({ call, chargeShare }: { call: Call; chargeShare: number }): void {
    const chargeAtomic = (call.ceilingAtomic * BigInt(chargeShare)) / 100n
    write(finishCall({ state, ceilingAtomic: call.ceilingAtomic, chargeAtomic }))
    const entry = used.get(call.nonce)
    if (!entry) throw new Error('a call ended that was never admitted')
    used.set(call.nonce, {
      ...entry,
      charges: entry.charges + 1,
      chargeAtomic: entry.chargeAtomic + chargeAtomic,
    })
    if (stored + chargeAtomic === state.chargedAtomic) stored = state.chargedAtomic
    call.phase = 'done'
  }

  function advance({ call, chargeShare }: { call: Call; chargeShare: number }): void {
    if (call.phase === 'unsigned') {
      call.max = stored + call.ceilingAtomic
      call.phase = 'sent'
    } else if (call.phase === 'sent') arrive(call)
    else if (call.phase === 'held') finish({ call, chargeShare })
    // A replay of what was already served.
    else arrive(call)
  }

  for (const { pick, chargeShare, ms } of steps) {
    nowMs += ms
    const call = calls[pick % calls.length]
    if (call) advance({ call, chargeShare })
  }
  // Let everything come to its end. A corrected client comes back within its turn; one that is lost lets it expire.
  for (let round = 0; round < calls.length * 8; round += 1) {
    for (const call of calls) {
      if (call.phase === 'unsigned') advance({ call, chargeShare: 50 })
      if (call.phase === 'sent' || call.phase === 'held') advance({ call, chargeShare: 50 })
    }
    nowMs += LIMITS.turnMs / 2
  }
  return { state, used: [...used.values()] }
}

const ceiling = fc.bigInt({ min: 1n, max: 50n })
const callsOf = (ceilings: fc.Arbitrary<bigint>, isLost: fc.Arbitrary<boolean>) =>
  fc
    .array(fc.record({ ceilingAtomic: ceilings, isLost }), { minLength: 1, maxLength: 12 })
    .map((raw) =>
      raw.map((call, index): Call => ({ ...call, nonce: `q${index}`, correctives: 0, phase: 'unsigned' })),
    )
const steps = fc.array(
  fc.record({ pick: fc.nat({ max: 11 }), chargeShare: fc.nat({ max: 100 }), ms: fc.nat({ max: 20 }) }),
  { maxLength: 80 },
)

test('under any order, charges, lost clients and replays the row stays covered and every quote is charged once', () => {
  fc.assert(
    fc.property(
      callsOf(ceiling, fc.boolean()),
      steps,
      fc.bigInt({ min: 0n, max: 600n }),
      (calls, order, balance) => {
        const { state, used } = runWorld({ calls, steps: order, balanceAtomic: balance })
        expect(state.heldAtomic).toBe(0n)
        // I4: one quote, at most one charge, at most its ceiling; and the channel's sum is the sum of these.
        for (const entry of used) {
          expect(entry.charges).toBe(1)
          expect(entry.chargeAtomic <= entry.ceilingAtomic).toBe(true)
        }
        expect(used.reduce((sum, entry) => sum + entry.chargeAtomic, 0n)).toBe(state.chargedAtomic)
        expect(calls.every(({ phase }) => phase === 'done' || phase === 'gone')).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})

test('clients that start together are all served, whatever they are charged and in whatever order they end', () => {
  const step = fc.record({
    pick: fc.nat({ max: 1_000 }),
    chargeShare: fc.nat({ max: 100 }),
    ms: fc.constant(1),
  })
  const together = fc.noShrink(fc.array(step, { minLength: 300, maxLength: 300 }))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), together, (count, order) => {
      const calls = Array.from({ length: count }, (_, index): Call => ({
        nonce: `q${index}`,
        ceilingAtomic: 10n,
        isLost: false,
        correctives: 0,
        phase: 'unsigned',
      }))
      runWorld({ calls, steps: order, balanceAtomic: 10_000n })
      expect(calls.map(({ phase }) => phase)).toEqual(calls.map(() => 'done'))
    }),
    { numRuns: 400 },
  )
})
