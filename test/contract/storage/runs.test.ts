import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { BudgetTerms } from '../../../src/call/budget-ports.ts'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { holdsOn, termsOf } from '../../support/budgets.ts'
import { admissionOf, giveCredit, LEDGER, payerNamed } from '../../support/calls.ts'
import { KINDS, useStorage } from './stores.ts'

const AMOUNTS = { chargePicoUsd: 1_000_000_000n, tokens: 100n, requests: 1n }

describe.each(KINDS)('runs on %s', (kind) => {
  const storage = useStorage(kind)
  const payer = { kind: 'wallet' as const, id: payerNamed('rich') }
  const total = { windowId: 'total', resetsAtMs: null, level: 'run', version: 0, opens: true } as const

  /** Limits that a call brings to open a run with. */
  const opening = (run: string, usd: bigint, requests?: bigint): readonly BudgetTerms[] => [
    termsOf({ ...total, budgetId: `run:${run}:usd`, levelId: run, limit: usd }),
    ...(requests === undefined
      ? []
      : [
          termsOf({
            ...total,
            budgetId: `run:${run}:requests`,
            levelId: run,
            metric: 'requests',
            limit: requests,
          }),
        ]),
  ]
  const callWith = (budgets: readonly BudgetTerms[]) =>
    admissionOf({
      payer,
      holds: [
        { ledger: LEDGER, account: ACCOUNTS.credit(payer.id), amount: 1000n },
        ...holdsOn(budgets, AMOUNTS),
      ],
    })
  const ask = (budgets: readonly BudgetTerms[]) => storage().calls.admit(callWith(budgets))
  const limitsOf = async (budgets: readonly BudgetTerms[]) =>
    (await storage().budgets.listScopes(budgets)).map(({ limit }) => limit)

  test('of first calls that come together one opens the run: its limit holds, and other limits are told of it', async () => {
    await giveCredit(storage(), payer.id, 10n ** 20n)
    for (let round = 0; round < 8; round += 1) {
      const run = randomUUID()
      const limits = Array.from({ length: 12 }, (_, index) => BigInt(20 + index) * AMOUNTS.chargePicoUsd)
      const outcomes = await Promise.all(limits.map((limit) => ask(opening(run, limit))))
      const admitted = limits.filter((_limit, index) => outcomes[index]?.kind === 'admitted')
      expect(admitted).toHaveLength(1)
      expect(await limitsOf(opening(run, 1n))).toEqual(admitted)
      for (const [index, outcome] of outcomes.entries())
        if (limits[index] !== admitted[0])
          expect(outcome).toMatchObject({ kind: 'opened_otherwise', limit: admitted[0] })
    }
  })

  test('who names the same limit counts for the same run, and the call that has opened it may come again', async () => {
    await giveCredit(storage(), payer.id, 10n ** 20n)
    const run = randomUUID()
    const budgets = opening(run, 5n * AMOUNTS.chargePicoUsd, 5n)
    const first = callWith(budgets)
    expect(await storage().calls.admit(first)).toEqual({ kind: 'admitted' })
    expect(await ask(budgets)).toEqual({ kind: 'admitted' })
    // Meanwhile somebody has lowered it: it is the first one's run all the same.
    await storage().budgets.lower(opening(run, 3n * AMOUNTS.chargePicoUsd))
    expect(await storage().calls.admit(first)).toEqual({ kind: 'admitted' })
    expect(await limitsOf(budgets)).toEqual([3n * AMOUNTS.chargePicoUsd, 5n])
    expect((await storage().budgets.listScopes(budgets)).map(({ held }) => held)).toEqual([
      2n * AMOUNTS.chargePicoUsd,
      2n,
    ])
  })

  test('a run is not opened in part by a call that is refused', async () => {
    await giveCredit(storage(), payer.id, 10n ** 20n)
    const run = randomUUID()
    const [, requests] = opening(run, 1n, 5n)
    if (!requests) throw new Error('There is no limit of calls.')
    expect(await ask([requests])).toEqual({ kind: 'admitted' })
    expect(await ask(opening(run, 9n * AMOUNTS.chargePicoUsd, 6n))).toMatchObject({
      kind: 'opened_otherwise',
      limit: 5n,
    })
    // Nobody has opened it in USD: whoever comes next brings that limit.
    expect(await ask(opening(run, 7n * AMOUNTS.chargePicoUsd, 5n))).toEqual({ kind: 'admitted' })
    expect(await limitsOf(opening(run, 1n, 1n))).toEqual([7n * AMOUNTS.chargePicoUsd, 5n])
  })
})
