import { describe, expect, test } from 'vitest'
import { answersOf, budgetTotals } from '../../../src/storage/hot/budget-totals.ts'
import type { ScopedAdmission } from '../../../src/storage/hot/scoped-admission.ts'
import { termsOf } from '../../support/budgets.ts'
import { admissionOf } from '../../support/calls.ts'

const terms = termsOf({ budgetId: 'b', mode: 'soft', limit: 250n })
const itemOf = (amounts: readonly bigint[], over: Partial<typeof terms> = {}): ScopedAdmission => ({
  admission: admissionOf(),
  instance: 'i',
  scopes: [
    { accountId: 1n, account: 'payer', amount: 999n, isUsd: false, isChannel: false },
    ...amounts.map((amount, index) => ({
      accountId: BigInt(index + 2),
      account: `budget ${index}`,
      amount,
      isUsd: true,
      isChannel: false,
      budget: { ...terms, ...over, budgetId: `b${index}` },
    })),
  ],
})

describe('the budgets of a group', () => {
  test('come once each, with the sum of the calls that hold in them, and without the payments', () => {
    const totals = budgetTotals([itemOf([10n, 20n]), itemOf([]), itemOf([1n])])
    expect(totals.map(({ accountId, total, isWhole }) => [accountId, total, isWhole])).toEqual([
      [2n, 11n, true],
      [3n, 20n, true],
    ])
  })

  test.each([{ limit: 1n }, { version: 2 }, { mode: 'hard' as const }, { rollingFromMs: 5 }])(
    'are no whole where calls know %o differently',
    (over) => {
      expect(budgetTotals([itemOf([10n]), itemOf([10n], over)])[0]?.isWhole).toBe(false)
    },
  )
})

test('a call goes beyond a soft budget by what earlier ones of its group have taken, and who was not admitted took nothing', () => {
  const items = [itemOf([100n]), itemOf([100n]), itemOf([100n]), itemOf([0n]), itemOf([50n])]
  const answers = answersOf({
    items,
    admitted: [true, false, true, true, true],
    standing: [{ accountId: 2n, limit: 250n, spent: 20n, held: 30n }],
  })
  expect(answers.map(({ isAdmitted }) => isAdmitted)).toEqual([true, false, true, true, true])
  expect(answers.map(({ exceeded }) => exceeded.map(({ held }) => held))).toEqual([[], [], [], [], [230n]])
  expect(answers.at(-1)?.exceeded[0]).toMatchObject({ budgetId: 'b0', limit: 250n, spent: 20n, mode: 'soft' })
})
