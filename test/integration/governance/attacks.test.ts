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
      endpoint('silent/one', 'silent', MICRO),
      endpoint('silent/two', 'silent2', MICRO),
      endpoint('free/one', 'gratis', 0n),
    ],
    faultsOf: (id) =>
      id.startsWith('greedy')
        ? { usageFactor: 100 }
        : id.startsWith('silent')
          ? { headersDelayMs: 20_000 }
          : undefined,
    answer: { firstTokenMs: 10, minTokens: 10, maxTokens: 20 },
  })
})
afterAll(() => stack.close())

/** A call that holds what it holds until it is let go. */
async function hold({
  key,
  organizationId,
  model,
}: {
  key: string
  organizationId: string
  model: string
}): Promise<() => void> {
  const gone = new AbortController()
  void fetch(stack.chatUrl, {
    method: 'POST',
    signal: gone.signal,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({
      model,
      max_tokens: 4_000,
      messages: [{ role: 'user', content: 'Say something.' }],
    }),
  }).catch(() => undefined)
  const heldOf = async () => (await stack.storage.organizations.getBalance(organizationId)).heldPicoUsd
  await expect.poll(heldOf).toBeGreaterThan(0n)
  return () => gone.abort()
}

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
  const letGo = await hold({ ...full, model: 'silent/one' })
  const body = { model: 'small/one', max_tokens: 30, budget: { on_exceed: 'wait', wait_ms: 20_000 } }
  const waiter = stack.ask({ key: full.key, body })
  await new Promise((resolve) => setTimeout(resolve, 300))
  // It would stand in line behind the other until that has gone.
  expect((await stack.ask({ key: other, body })).status).toBe(200)
  letGo()
  expect((await waiter).status).toBe(200)
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

test('a call that waited does not give back to its run what was taken from it meanwhile', async () => {
  const { key, organizationId } = await stack.createOrganization({
    keyScopes: ['models:call'],
    rows: ({ key: atKey }) => ({ budgets: [{ place: atKey, metric: 'tokens', limit: 6_000n }] }),
  })
  const ask = (body: object) => stack.ask({ key, body: { model: 'small/one', max_tokens: 50, ...body } })
  const opened = await ask({ budget: { run: { id: 'r', max_cost: '0.5' } } })
  expect(opened.status).toBe(200)
  const letGo = await hold({ key, organizationId, model: 'silent/two' })
  const waiter = ask({ max_tokens: 4_000, budget: { run: { id: 'r' }, on_exceed: 'wait', wait_ms: 20_000 } })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect((await ask({ budget: { run: { id: 'r', max_cost: '0.0005' } } })).status).toBe(200)
  letGo()
  expect(codeOf(await waiter)).toBe('403 budget_exceeded')
})

test('no spelling of a name gets round a policy', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ unit }) => ({
      policies: [{ place: unit, rules: { deniedModels: ['small/*'], deniedProviders: ['greedy'] } }],
    }),
  })
  const bodies = [
    { model: 'Small/One' },
    { model: 'SMALL/ONE' },
    { model: ' small/one' },
    { model: 'small/one:floor' },
    { model: 'small/one:cost' },
    { model: 'free/one', models: ['small/one'] },
    { model: 'auto', models: ['Small/One'] },
    { model: 'auto:cost', allowed_models: ['small/*'] },
    { model: 'auto', plugins: [{ id: 'auto-router', allowed_models: ['small/*'] }] },
    { model: 'openrouter/auto', plugins: [{ id: 'auto-router', allowed_models: ['small/*'] }] },
    { model: 'inflated/one', provider: { order: ['Greedy'] } },
    { model: 'inflated/one', provider: { only: ['GREEDY'] } },
    { model: 'inflated/one', provider: { order: ['greedy'], allow_fallbacks: false } },
    { model: 'inflated/one' },
    { model: 'auto', provider: { only: ['greedy'] } },
  ]
  for (const body of bodies) {
    const answer = await stack.ask({ key, body: { ...body, max_tokens: 20 } })
    const served = [answer.headers.get('x-turnpike-model'), answer.headers.get('x-turnpike-provider')]
    expect(served[0]).not.toBe('small/one')
    expect(served[1]).not.toBe('greedy')
  }
})
