import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { admit } from '../../../src/governance/budgets/admit.ts'
import { stepHold, takeHold } from '../../../src/governance/budgets/hold.ts'
import { findFault, type Rules, runBudgets, worldBudgets, worldSteps } from './budget-world.ts'

const RULES: Rules = { admit, takeHold, stepHold }

test('in any order of calls, ends, replays, expiries and changed limits no hard limit is passed and nothing stays held', () => {
  const sum = { admitted: 0, clamped: 0, waited: 0, refused: 0, late: 0, excess: 0 }
  fc.assert(
    fc.property(worldBudgets, worldSteps, (budgets, steps) => {
      const { faults, seen } = runBudgets({ rules: RULES, budgets, steps })
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += seen[name]
      expect(faults).toEqual([])
    }),
    { numRuns: 800, endOnFailure: false },
  )
  // Every way through the rules was gone, so that silence means something.
  for (const [name, times] of Object.entries(sum)) expect([name, times > 50]).toEqual([name, true])
})

/** Bugs as they have been in other routers, each in one place of the rules. */
const BUGS: readonly (readonly [string, Partial<Rules>, string])[] = [
  [
    'what is held is not looked at (charge afterwards)',
    {
      admit: ({ scopes, ...asked }) =>
        admit({ ...asked, scopes: scopes.map((scope) => ({ ...scope, held: 0n })) }),
    },
    'allowed',
  ],
  [
    'a capture that comes twice is spent twice',
    {
      stepHold: ({ hold, event }) =>
        stepHold({ event, hold: event.kind === 'capture' ? { ...hold, state: 'dispatched' } : hold }),
    },
    'a second capture changed something',
  ],
  [
    'a hold shrinks to what is left and the call runs anyway',
    {
      admit: (asked) => {
        const verdict = admit(asked)
        if (verdict.kind !== 'refused' && verdict.kind !== 'waits') return verdict
        return { kind: 'admitted', amounts: asked.least ?? asked.amounts, exceeded: [] }
      },
    },
    'allowed',
  ],
  [
    'a call is refused though only holds are in its way',
    {
      admit: (asked) => {
        const verdict = admit(asked)
        const [binding] = verdict.kind === 'waits' ? verdict.blockedBy : []
        return binding ? { kind: 'refused', binding, also: [] } : verdict
      },
    },
    'without holds it would fit',
  ],
  [
    'a release gives nothing back',
    {
      stepHold: (given) => {
        const step = stepHold(given)
        return given.event.kind === 'release' ? { ...step, changes: [] } : step
      },
    },
    'not the sum of open holds',
  ],
  [
    'the late end of an expired call is spent though its room was given away',
    {
      stepHold: (given) => {
        const step = stepHold(given)
        const late = given.hold.state === 'expired' && step.excess
        if (!late) return step
        const [counter] = given.hold.counters
        return counter
          ? { ...step, changes: [{ ...counter, heldBy: 0n, spentBy: late.chargePicoUsd }] }
          : step
      },
    },
    'allowed',
  ],
  [
    'the widest violated limit is named instead of the narrowest',
    {
      admit: (asked) => {
        const verdict = admit(asked)
        const widest = verdict.kind === 'refused' ? verdict.also.at(-1) : undefined
        return verdict.kind === 'refused' && widest ? { ...verdict, binding: widest } : verdict
      },
    },
    'not the narrowest',
  ],
]

test.each(BUGS)('the model finds a planted bug: %s', (_name, bug, words) => {
  expect(findFault({ rules: { ...RULES, ...bug }, runs: 3_000 })).toContain(words)
})

test('the model finds nothing where no bug is planted', () => {
  expect(findFault({ rules: RULES, runs: 100 })).toBeUndefined()
})
