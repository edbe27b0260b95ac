import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'

const MODEL = 'small/one'

let stack: GovernedStack
beforeAll(async () => {
  stack = await startGovernedStack({
    endpoints: [{ modelId: MODEL, providerId: 'alpha', inputPicoUsd: 1_000_000n, outputPicoUsd: 1_000_000n }],
    answer: { minTokens: 20, maxTokens: 40 },
  })
})
afterAll(() => stack.close())

/** Holds every reader of budgets until as many have come: all of them have then found the run closed. */
function togetherAt(readers: number): () => void {
  const { budgets } = stack.storage
  const listScopes = budgets.listScopes
  let waiting = 0
  let open: () => void = () => undefined
  const all = new Promise<void>((resolve) => {
    open = resolve
  })
  Object.assign(budgets, {
    listScopes: async (...asked: Parameters<typeof listScopes>) => {
      const scopes = await listScopes(...asked)
      waiting += 1
      if (waiting === readers) open()
      if (waiting <= readers) await all
      return scopes
    },
  })
  return () => void Object.assign(budgets, { listScopes })
}

test('first calls of one run that come together with different limits: one opens it, the others are told so and lower nothing', async () => {
  const { key } = await stack.createOrganization()
  const ask = (maxCost: string) =>
    stack.ask({
      key,
      body: { model: MODEL, max_tokens: 100, budget: { run: { id: 'r', max_cost: maxCost } } },
    })
  const limits = ['0.5', '0.4', '0.3', '0.6']
  const release = togetherAt(limits.length)
  const answers = await Promise.all(limits.map(ask))
  release()
  const served = limits.filter((_limit, index) => answers[index]?.status === 200)
  expect(served).toHaveLength(1)
  const [limit = ''] = served
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    expect(codeOf(answer)).toBe('409 run_opened_otherwise')
    expect(answer.json.error).toMatchObject({ metadata: { metric: 'usd', limit } })
    expect(answer.headers.get('x-should-retry')).toBe('false')
  }
  // What it has left is of the limit that holds.
  const next = await ask(limit)
  expect(next.status).toBe(200)
  const remaining = Number(next.headers.get('x-turnpike-run-remaining'))
  expect(remaining).toBeGreaterThan(Number(limit) - 0.01)
  expect(remaining).toBeLessThan(Number(limit))
  // Asked for afterwards another limit is what it always was: a lower one lowers.
  expect((await ask('0.2')).status).toBe(200)
})
