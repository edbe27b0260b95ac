import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answer, codeOf, type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'

const MICRO = 1_000_000n
const endpoint = (modelId: string, price: bigint) => ({
  modelId,
  providerId: 'alpha',
  inputPicoUsd: price,
  outputPicoUsd: price,
})

let stack: GovernedStack
beforeAll(async () => {
  stack = await startGovernedStack({
    endpoints: [endpoint('small/one', 1n * MICRO), endpoint('large/one', 20n * MICRO)],
    answer: { firstTokenMs: 40, minTokens: 60, maxTokens: 100 },
  })
})
afterAll(() => stack.close())

const chargeOf = ({ json }: Answer) => BigInt(json.turnpike.charge)

test('a budget that has no room refuses with 403 and says which, how full, and until when', async () => {
  const { key, unitId } = await stack.createOrganization({
    rows: ({ unit }) => ({ budgets: [{ place: unit, window: 'month', limit: 200n * MICRO }] }),
  })
  const answer = await stack.ask({ key, body: { model: 'large/one', max_tokens: 500 } })
  expect(codeOf(answer)).toBe('403 budget_exceeded')
  const { binding, needed } = answer.json.error.metadata
  expect(binding).toMatchObject({ scope: 'unit', id: unitId, metric: 'usd', withheld: true })
  expect(Date.parse(binding.resets_at)).toBeGreaterThan(Date.now())
  expect(Number(needed)).toBeGreaterThan(0.0002)
  // Its amounts are a viewer's to see, and this key's principal may only see its own.
  const viewer = await stack.createOrganization({
    role: 'admin',
    rows: ({ unit }) => ({ budgets: [{ place: unit, limit: 200n * MICRO }] }),
  })
  const seen = await stack.ask({ key: viewer.key, body: { model: 'large/one', max_tokens: 500 } })
  expect(seen.json.error.metadata.binding).toMatchObject({ limit: '0.0002', spent: '0', held: '0' })
})

test('what calls cost is counted in every budget on the way, and the rest of the hold is free again', async () => {
  const { key, organizationId } = await stack.createOrganization({
    rows: ({ organization, unit, principal, key: atKey }) => ({
      budgets: [
        { id: 'usd', place: organization, limit: 10n ** 12n },
        { id: 'tokens', place: unit, metric: 'tokens', limit: 1_000_000n, window: 'day' },
        { id: 'requests', place: principal, metric: 'requests', limit: 100n, window: 'hour' },
        { id: 'rolling', place: atKey, limit: 10n ** 12n, window: { rollingSeconds: 3_600 } },
      ].map((budget) => ({ ...budget, id: `${budget.id}-${atKey.id}` })) as never,
    }),
  })
  const answer = await stack.ask({ key, body: { model: 'small/one', max_tokens: 200 } })
  expect(answer.status).toBe(200)
  const charge = chargeOf(answer)
  const { prompt_tokens: prompt, completion_tokens: completion } = answer.json.usage
  const caller = await stack.rules.byKey(key.split('_')[2] ?? '')
  if (!caller) throw new Error('no caller')
  const { dueBudgets } = await import('../../../src/call/budgets/terms.ts')
  const { attributionOf } = await import('../../../src/governance/hierarchy/attribution.ts')
  const attribution = attributionOf({ ...caller, ...(caller.key ? { keyId: caller.key.id } : {}) })
  const { terms } = dueBudgets({ budgets: caller.budgets, attribution, atMs: Date.now() })
  const scopes = await stack.storage.budgets.listScopes(terms)
  expect(scopes.map(({ metric, spent, held }) => ({ metric, spent, held }))).toEqual([
    { metric: 'usd', spent: charge, held: 0n },
    { metric: 'tokens', spent: BigInt(prompt + completion), held: 0n },
    { metric: 'requests', spent: 1n, held: 0n },
    { metric: 'usd', spent: charge, held: 0n },
  ])
  expect((await stack.storage.organizations.getBalance(organizationId)).spentPicoUsd).toBe(charge)
})

test('a key waits for the holds of others, first come first served, and nothing goes beyond the limit', async () => {
  const { key, organizationId } = await stack.createOrganization({
    // Room for one dearest call at a time, and for some forty real ones.
    rows: ({ key: atKey }) => ({ budgets: [{ place: atKey, limit: 6_500n * MICRO }] }),
  })
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => stack.ask({ key, body: { model: 'small/one', max_tokens: 4_000 } })),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  const spent = answers.reduce((sum, answer) => sum + chargeOf(answer), 0n)
  expect(spent).toBeLessThanOrEqual(6_500n * MICRO)
  expect(await stack.storage.organizations.getBalance(organizationId)).toMatchObject({
    heldPicoUsd: 0n,
    spentPicoUsd: spent,
  })
})

test('who rejects or has no patience is refused at once, and who clamps gets a shorter answer', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ key: atKey }) => ({ budgets: [{ place: atKey, limit: 1_000n * MICRO }] }),
  })
  const ask = (budget: object) => stack.ask({ key, body: { model: 'small/one', max_tokens: 4_000, budget } })
  expect(codeOf(await ask({ on_exceed: 'reject' }))).toBe('403 budget_exceeded')
  const clamped = await ask({ on_exceed: 'clamp' })
  expect(clamped.status).toBe(200)
  const cap = Number(clamped.headers.get('x-turnpike-clamped'))
  expect(cap).toBe(clamped.json.turnpike.output_cap)
  expect(cap).toBeGreaterThan(256)
  expect(cap).toBeLessThan(1_000)
})

test('who would take a cheaper model gets one that fits, where it has left the choice', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ key: atKey }) => ({ budgets: [{ place: atKey, limit: 3_000n * MICRO }] }),
  })
  const ask = (budget: object, model = 'auto') =>
    stack.ask({ key, body: { model, models: ['large/one', 'small/one'], max_tokens: 2_000, budget } })
  const named = await ask({ on_exceed: 'cheaper' }, 'large/one')
  expect(named.status).toBe(200)
  expect(named.headers.get('x-turnpike-model')).toBe('small/one')
  const refused = await stack.ask({
    key,
    body: { model: 'large/one', max_tokens: 2_000, budget: { on_exceed: 'cheaper' } },
  })
  expect(codeOf(refused)).toBe('403 budget_exceeded')
})

test('a cap of its own binds a call, and a run binds all calls of its name', async () => {
  const { key } = await stack.createOrganization()
  const capped = await stack.ask({
    key,
    body: { model: 'small/one', max_tokens: 4_000, budget: { max_cost: '0.001', on_exceed: 'reject' } },
  })
  expect(codeOf(capped)).toBe('403 budget_exceeded')
  const run = { id: 'nightly', max_cost: '0.002' }
  const first = await stack.ask({ key, body: { model: 'small/one', max_tokens: 1_000, budget: { run } } })
  expect(first.status).toBe(200)
  const remaining = Number(first.headers.get('x-turnpike-run-remaining') ?? Number.NaN)
  expect(remaining).toBeLessThan(0.002)
  expect(remaining).toBeGreaterThan(0)
  // Later calls need not repeat its limit, and a run clamps.
  const later = await stack.ask({
    key,
    body: { model: 'small/one', max_tokens: 4_000 },
    headers: { 'x-turnpike-run': 'nightly' },
  })
  expect(later.status).toBe(200)
  expect(Number(later.headers.get('x-turnpike-clamped'))).toBeLessThan(2_000)
  const used = chargeOf(first) + chargeOf(later)
  // Lowered, it has nothing left; a key without runs:write cannot raise it again.
  const lowered = await stack.ask({
    key,
    body: { model: 'small/one', max_tokens: 1_000 },
    headers: { 'x-turnpike-run': 'nightly', 'x-turnpike-run-budget': '0.00001' },
  })
  expect(codeOf(lowered)).toBe('403 budget_exceeded')
  expect(lowered.json.error.metadata.binding).toMatchObject({ scope: 'run', limit: '0.00001' })
  expect(used).toBeGreaterThan(0n)
})

test('a run is lowered by whoever has it, and raised only with runs:write', async () => {
  const { key } = await stack.createOrganization({ keyScopes: ['models:call', 'budgets:read'] })
  const ask = (maxCost: string) =>
    stack.ask({
      key,
      body: { model: 'small/one', max_tokens: 300, budget: { run: { id: 'r', max_cost: maxCost } } },
    })
  expect((await ask('0.5')).status).toBe(200)
  expect((await ask('0.4')).status).toBe(200)
  expect(codeOf(await ask('0.45'))).toBe('403 permission_denied')
})

test('a rolling budget tells what it has reached, once for each length of its window', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ key: atKey }) => ({
      budgets: [
        {
          place: atKey,
          mode: 'observe',
          limit: 200n * MICRO,
          window: { rollingSeconds: 86_400 },
          thresholdsPercent: [10, 100],
        },
      ],
    }),
  })
  const told = () =>
    stack.alerts.filter(
      ({ type, data }) =>
        type.startsWith('budget.') && 'percent' in data && data.window.startsWith('rolling-86400'),
    )
  for (let call = 0; call < 3; call += 1)
    await stack.ask({ key, body: { model: 'small/one', max_tokens: 300 } })
  await expect
    .poll(() => told().map(({ type, data }) => [type, 'percent' in data && data.percent]))
    .toEqual([
      ['budget.threshold', 10],
      ['budget.exhausted', 100],
    ])
})

test('soft and observed budgets let through what a hard one would refuse', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ key: atKey, unit }) => ({
      budgets: [
        { place: atKey, mode: 'soft', limit: 1n },
        { place: unit, mode: 'observe', limit: 1n },
      ],
    }),
  })
  const answer = await stack.ask({ key, body: { model: 'small/one', max_tokens: 100 } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-turnpike-budget-exceeded')).toMatch(/^key \S+ \S+$/)
  expect(stack.alerts.slice(-2).map(({ type, data }) => [type, 'mode' in data && data.mode])).toEqual([
    ['budget.refused', 'observe'],
    ['budget.refused', 'soft'],
  ])
})

test('a wallet that has proved itself is asked the price of the form that its own budget has room for, and nobody else learns of it', async () => {
  const payer = await stack.newPayer('capped wallet')
  const setBy = { unitPath: ['public'], reach: 'own' } as const
  const { commitOf } = await import('../../support/governed.ts')
  const { BUDGET_DEFAULTS } = await import('../../../src/governance/budgets/types.ts')
  const budget = {
    ...BUDGET_DEFAULTS,
    id: 'of a wallet',
    organizationId: null,
    place: { level: 'wallet', id: payer.address },
    window: 'total',
    limit: 1_000n * MICRO,
    setBy,
    version: 1,
  } as const
  await stack.storage.governance.commit(
    commitOf({
      organizationId: 'public',
      changes: [{ resource: 'budgets', value: budget, expectedVersion: 0 }],
    }),
  )
  await stack.rules.refresh()
  const body = { model: 'small/one', max_tokens: 4_000 }
  const headers = { 'x-turnpike-credit': '1' }
  // Who only says whose wallet it will pay with learns nothing of that wallet.
  const unproven = await stack.ask({ body, headers: { ...headers, 'x-turnpike-payer': payer.address } })
  expect(unproven.status).toBe(402)
  expect(Number(unproven.json.error.ceiling_usd)).toBeGreaterThan(0.004)
  const challenge = payer.prove(unproven.headers.get('payment-required') ?? '')
  const other = await stack.ask({
    body: { ...body, max_tokens: 4_001 },
    headers: { 'sign-in-with-x': challenge },
  })
  expect(other.status).toBe(402)
  expect(Number(other.json.error.ceiling_usd)).toBeLessThanOrEqual(0.001)
  // Its proof is for the price that it was asked before, and buys the form that its budget has room for.
  const paid = await stack.ask({ body, headers: { 'sign-in-with-x': challenge } })
  expect(paid.status).toBe(200)
  expect(paid.json.turnpike.output_cap).toBeLessThan(1_000)
  expect(BigInt(paid.json.turnpike.charge)).toBeLessThanOrEqual(1_000n)
})
