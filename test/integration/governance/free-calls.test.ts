import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { dueBudgets } from '../../../src/call/budgets/terms.ts'
import { BUDGET_DEFAULTS, type Budget } from '../../../src/governance/budgets/types.ts'
import { PUBLIC_UNIT } from '../../../src/governance/hierarchy/types.ts'
import { commitOf } from '../../support/governed.ts'
import { codeOf, type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'

const FREE = 'free/one'
const body = { model: FREE, max_tokens: 60 }
const PUBLIC = { level: 'organization', id: PUBLIC_UNIT.id } as const

let stack: GovernedStack
let faulty = false
beforeAll(async () => {
  const endpoint = (modelId: string, providerId: string, price: bigint) => ({
    modelId,
    providerId,
    inputPicoUsd: price,
    outputPicoUsd: price,
  })
  stack = await startGovernedStack({
    endpoints: [
      endpoint(FREE, 'gratis', 0n),
      endpoint('small/one', 'alpha', 1_000_000n),
      endpoint('small/one', 'beta', 1_000_000n),
    ],
    faultsOf: (endpointId) => (faulty && endpointId.startsWith('alpha') ? { status: 503 } : {}),
    answer: { minTokens: 20, maxTokens: 40 },
  })
})
afterAll(() => stack.close())

let budgets = 0
const set: Budget[] = []
async function setForPublic(changes: Partial<Budget>): Promise<Budget> {
  budgets += 1
  const value: Budget = {
    ...BUDGET_DEFAULTS,
    id: `public-${budgets}`,
    organizationId: null,
    place: PUBLIC,
    window: 'total',
    limit: 2n,
    metric: 'requests',
    setBy: { unitPath: [PUBLIC_UNIT.id], reach: 'subtree' },
    version: 1,
    ...changes,
  }
  await commit(value, 0)
  set.push(value)
  return value
}
async function commit(value: Budget & { archivedAtMs?: number }, expectedVersion: number): Promise<void> {
  await stack.storage.governance.commit(
    commitOf({ organizationId: PUBLIC_UNIT.id, changes: [{ resource: 'budgets', value, expectedVersion }] }),
  )
  await stack.rules.refresh()
}
afterEach(async () => {
  faulty = false
  for (const value of set.splice(0)) await commit({ ...value, version: 2, archivedAtMs: 1 }, 1)
})

const rowOf = async (callId: string) => stack.storage.calls.getCall(callId)

test('a limit of calls for the public counts calls that cost nothing, and then lets no more through', async () => {
  await setForPublic({ limit: 2n })
  for (const _ of [1, 2]) expect((await stack.ask({ body })).status).toBe(200)
  const refused = await stack.ask({ body })
  expect(codeOf(refused)).toBe('403 budget_exceeded')
  expect(refused.json.error.metadata.binding).toMatchObject({ scope: 'organization', id: PUBLIC_UNIT.id })
  // Whoever would pay meets the same limit, before it is asked to.
  expect(codeOf(await stack.ask({ body: { model: 'small/one', max_tokens: 50 } }))).toBe(
    '403 budget_exceeded',
  )
  expect((await stack.storage.ledger.check()).filter(({ ok }) => !ok)).toEqual([])
})

test('free calls that come together never go beyond a limit of calls', async () => {
  await setForPublic({ limit: 3n })
  const answers = await Promise.all(Array.from({ length: 8 }, () => stack.ask({ body })))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
})

test('a limit of tokens counts what was used, and has its row without an address', async () => {
  const budget = await setForPublic({ metric: 'tokens', limit: 100_000n })
  const answer = await stack.ask({ body })
  const row = await rowOf(answer.json.turnpike.call_id)
  expect(row).toMatchObject({
    state: 'released',
    admission: { scheme: 'free', payer: { kind: 'wallet', id: `0x${'0'.repeat(40)}` }, ceilingAtomic: 0n },
    capture: { outcome: 'completed', chargeAtomic: 0n },
  })
  const { prompt_tokens: read, completion_tokens: written } = answer.json.usage
  const { terms } = dueBudgets({ budgets: [budget], attribution: [PUBLIC], atMs: Date.now() })
  const [scope] = await stack.storage.budgets.listScopes(terms)
  expect(scope).toMatchObject({ spent: BigInt(read + written), held: 0n })
})

test('without a budget that counts it a free call has no row, whatever it sends along', async () => {
  const run = { id: 'r', max_requests: 1, max_cost: '1' }
  for (const asked of [body, { ...body, budget: { run, max_cost: '1' } }, { ...body, budget: { run } }]) {
    const answer = await stack.ask({ body: asked })
    expect(answer.status).toBe(200)
    expect(await rowOf(answer.json.turnpike.call_id)).toBeUndefined()
  }
  // A limit of money says nothing about what costs none.
  await setForPublic({ metric: 'usd', limit: 1n })
  // Nor does one of each call by itself count over calls; it binds all the same.
  await setForPublic({ metric: 'tokens', window: 'request', limit: 500n })
  const answer = await stack.ask({ body })
  expect(answer.status).toBe(200)
  expect(await rowOf(answer.json.turnpike.call_id)).toBeUndefined()
  const long = { ...body, max_tokens: 2_000, budget: { on_exceed: 'reject' } }
  expect(codeOf(await stack.ask({ body: long }))).toBe('403 budget_exceeded')
})

test('a run that somebody names without saying who it is opens nothing, also where the call has a row', async () => {
  await setForPublic({ limit: 1_000n })
  const run = { id: 'r', max_requests: 1 }
  for (const _ of [1, 2]) {
    const answer = await stack.ask({ body: { ...body, budget: { run } } })
    expect(answer.status).toBe(200)
    expect(await rowOf(answer.json.turnpike.call_id)).toBeDefined()
  }
})

test('what an organisation pays has the row of its failover before that is made, as what a wallet pays', async () => {
  const { key } = await stack.createOrganization()
  const { calls } = stack.storage
  const appendAttempt = calls.appendAttempt
  const rows: unknown[] = []
  Object.assign(calls, {
    appendAttempt: async (row: Parameters<typeof appendAttempt>[0]) => {
      rows.push(row)
      return appendAttempt(row)
    },
  })
  faulty = true
  const answer = await stack.ask({
    key,
    body: { model: 'small/one', max_tokens: 50, provider: { order: ['alpha', 'beta'] } },
  })
  Object.assign(calls, { appendAttempt })
  expect(answer.status).toBe(200)
  expect(rows).toMatchObject([{ callId: answer.json.turnpike.call_id, number: 2, providerId: 'beta' }])
})
