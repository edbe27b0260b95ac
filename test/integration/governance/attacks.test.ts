import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUDGET_DEFAULTS } from '../../../src/governance/budgets/types.ts'
import { commitOf } from '../../support/governed.ts'
import { codeOf, type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'

const MICRO = 1_000_000n
const endpoint = (modelId: string, providerId: string, price: bigint) => ({
  modelId,
  providerId,
  inputPicoUsd: price,
  outputPicoUsd: price,
})

let stack: GovernedStack
beforeAll(async () => {
  stack = await startGovernedStack({
    endpoints: [
      endpoint('small/one', 'alpha', MICRO),
      endpoint('inflated/one', 'greedy', MICRO),
      endpoint('slow/one', 'slow', MICRO),
      endpoint('free/one', 'gratis', 0n),
    ],
    faultsOf: (id) =>
      id.startsWith('greedy')
        ? { usageFactor: 100 }
        : id.startsWith('slow')
          ? { headersDelayMs: 2_500 }
          : undefined,
    answer: { firstTokenMs: 10, minTokens: 10, maxTokens: 20 },
  })
})
afterAll(() => stack.close())

const SOMEBODY = `0x${'5e'.repeat(20)}`

test('a key that names a wallet for a model without a price is bound by its rates and budgets all the same', async () => {
  const body = { model: 'free/one', max_tokens: 30 }
  const headers = { 'x-turnpike-payer': SOMEBODY }
  const rated = await stack.createOrganization({
    rows: ({ unit }) => ({ rates: [{ place: unit, metric: 'requests', limit: 1 }] }),
  })
  expect((await stack.ask({ key: rated.key, body, headers })).status).toBe(200)
  expect(codeOf(await stack.ask({ key: rated.key, body, headers }))).toBe('429 rate_limit_exceeded')
  const counted = await stack.createOrganization({
    rows: ({ key }) => ({ budgets: [{ place: key, metric: 'requests', limit: 1n }] }),
  })
  expect((await stack.ask({ key: counted.key, body, headers })).status).toBe(200)
  expect(codeOf(await stack.ask({ key: counted.key, body, headers }))).toBe('403 budget_exceeded')
})

test('who waits for its own budget keeps nobody of its organisation waiting who has room', async () => {
  const full = await stack.createOrganization({
    rows: ({ organization, key }) => ({
      budgets: [
        { place: organization, limit: 10n ** 15n },
        { place: key, metric: 'requests', limit: 1n },
      ],
    }),
  })
  const other = await stack.addKey(full)
  const holder = stack.ask({ key: full.key, body: { model: 'slow/one', max_tokens: 30 } })
  await new Promise((resolve) => setTimeout(resolve, 300))
  let isWaiting = true
  const waiter = stack.ask({ key: full.key, body: { model: 'small/one', max_tokens: 30 } }).finally(() => {
    isWaiting = false
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const served = await stack.ask({ key: other, body: { model: 'small/one', max_tokens: 30 } })
  expect(served.status).toBe(200)
  expect(isWaiting).toBe(true)
  await holder
  expect(codeOf(await waiter)).toBe('403 budget_exceeded')
})

test('a provider that counts too much charges nobody beyond what a budget holds', async () => {
  const payer = await stack.newPayer('with a small budget')
  const limit = 1_000n * MICRO
  const value = {
    ...BUDGET_DEFAULTS,
    id: 'hard limit of a wallet',
    organizationId: null,
    place: { level: 'wallet', id: payer.address },
    window: 'total',
    limit,
    setBy: { unitPath: ['public'], reach: 'own' },
    version: 1,
  } as const
  await stack.storage.governance.commit(
    commitOf({ organizationId: 'public', changes: [{ resource: 'budgets', value, expectedVersion: 0 }] }),
  )
  await stack.rules.refresh()
  const body = { model: 'inflated/one', max_tokens: 4_000 }
  const asked = await stack.ask({ body, headers: { 'x-turnpike-credit': '1' } })
  const proof = payer.prove(asked.headers.get('payment-required') ?? '')
  const paid = await stack.ask({ body, headers: { 'sign-in-with-x': proof } })
  expect(paid.status).toBe(200)
  const call = await stack.storage.calls.getCall(paid.json.turnpike.call_id)
  expect(call?.capture?.chargePicoUsd).toBeGreaterThan(0n)
  expect(call?.capture?.chargePicoUsd).toBeLessThanOrEqual(limit)
})

test('what a balance has is told only to who may see it', async () => {
  const body = { model: 'small/one', max_tokens: 50 }
  const developer = await stack.createOrganization({ balancePicoUsd: 1_000n })
  const withheld = await stack.ask({ key: developer.key, body })
  expect(codeOf(withheld)).toBe('403 balance_insufficient')
  expect(withheld.json.error.metadata).not.toHaveProperty('available')
  expect(Number(withheld.json.error.metadata.needed)).toBeGreaterThan(0)
  const { organizationId, principalId, key } = await stack.createOrganization({ balancePicoUsd: 1_000n })
  const owned = { organizationId, unitId: organizationId, principalId, version: 1 }
  const value = { ...owned, id: `billing of ${organizationId}`, role: 'billing' }
  await stack.storage.governance.commit(
    commitOf({ organizationId, changes: [{ resource: 'grants', value, expectedVersion: 0 }] }),
  )
  await stack.rules.refresh()
  const seen = await stack.ask({ key, body })
  expect(seen.json.error.metadata.available).toBe('0.000000001')
})
