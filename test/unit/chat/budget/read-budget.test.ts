import { expect, test } from 'vitest'
import { withBudget } from '../../../../src/chat/budget/read-budget.ts'
import { readChatRequest } from '../../../../src/chat/read-chat-request.ts'

const requestWith = (budget?: unknown) =>
  readChatRequest({
    body: Buffer.from(
      JSON.stringify({
        model: 'auto',
        messages: [{ role: 'user', content: 'Hi' }],
        ...(budget === undefined ? {} : { budget }),
      }),
    ),
  })
const budgetOf = (budget?: unknown, headers: Record<string, string> = {}) =>
  withBudget({ request: requestWith(budget), headers }).budget

test('a request that says nothing about budgets has none', () => {
  expect(budgetOf()).toBeUndefined()
  expect(budgetOf(null)).toBeUndefined()
  expect(budgetOf({})).toBeUndefined()
})

test('the body tells cap, run, and what to do where there is no room', () => {
  const budget = {
    max_cost: '0.02',
    run: { id: 'nightly', max_cost: 1.5, max_requests: 200 },
    on_exceed: 'wait',
    wait_ms: 500,
  }
  expect(budgetOf(budget)).toEqual({
    maxCostPicoUsd: 20_000_000_000n,
    runId: 'nightly',
    runMaxCostPicoUsd: 1_500_000_000_000n,
    runMaxRequests: 200n,
    onExceed: 'wait',
    waitMs: 500,
  })
})

test('a number is read to its last digit', () => {
  expect(budgetOf({ max_cost: 0.000001 })?.maxCostPicoUsd).toBe(1_000_000n)
  expect(budgetOf({ max_cost: 1e-12 })?.maxCostPicoUsd).toBe(1n)
  expect(budgetOf({ max_cost: 0 })?.maxCostPicoUsd).toBe(0n)
  expect(budgetOf({ max_cost: 100 })?.maxCostPicoUsd).toBe(100_000_000_000_000n)
})

test('headers say the same, for callers that cannot change their bodies', () => {
  const headers = {
    'x-turnpike-max-cost': '0.02',
    'x-turnpike-run': 'nightly',
    'x-turnpike-run-budget': '1.5',
  }
  expect(budgetOf(undefined, headers)).toEqual({
    maxCostPicoUsd: 20_000_000_000n,
    runId: 'nightly',
    runMaxCostPicoUsd: 1_500_000_000_000n,
  })
  expect(budgetOf({ on_exceed: 'clamp', run: { id: 'nightly' } }, headers)).toMatchObject({
    onExceed: 'clamp',
    runId: 'nightly',
  })
})

test.each([
  [{ max_cost: -1 }, 'budget.max_cost'],
  [{ max_cost: 'a lot' }, 'budget.max_cost'],
  [{ run: { max_cost: '1' } }, 'budget.run.id'],
  [{ run: { id: 'a/b' } }, 'budget.run.id'],
  [{ run: { id: '' } }, 'budget.run.id'],
  [{ on_exceed: 'pay' }, 'budget.on_exceed'],
  [{ wait_ms: 1e9 }, 'budget.wait_ms'],
  [{ max_costs: '1' }, 'budget.max_costs'],
])('%j is refused, and the error names the field', (budget, param) => {
  expect(() => budgetOf(budget)).toThrowError(
    expect.objectContaining({ details: expect.objectContaining({ param }) }),
  )
})

test('body and header that differ contradict each other, and a run budget needs a run', () => {
  expect(() => budgetOf({ max_cost: '1' }, { 'x-turnpike-max-cost': '2' })).toThrowError(
    expect.objectContaining({ code: 'contradicting_options' }),
  )
  expect(() => budgetOf(undefined, { 'x-turnpike-run-budget': '2' })).toThrowError(
    expect.objectContaining({ code: 'invalid_field' }),
  )
})
