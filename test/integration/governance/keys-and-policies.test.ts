import { afterAll, beforeAll, expect, test } from 'vitest'
import { commitOf } from '../../support/governed.ts'
import { codeOf, type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'

const endpoint = (modelId: string, providerId: string, price: bigint) => ({
  modelId,
  providerId,
  inputPicoUsd: price,
  outputPicoUsd: 4n * price,
})

let stack: GovernedStack
beforeAll(async () => {
  stack = await startGovernedStack({
    endpoints: [
      endpoint('small/one', 'alpha', 1_000_000n),
      endpoint('large/one', 'beta', 10_000_000n),
      endpoint('large/one', 'gamma', 12_000_000n),
    ],
  })
})
afterAll(() => stack.close())

test('a key calls, and its organisation pays from its balance what was used', async () => {
  const { key, organizationId, principalId, keyId } = await stack.createOrganization({
    balancePicoUsd: 10n ** 12n,
  })
  const answer = await stack.ask({ key, body: { model: 'small/one', max_tokens: 50 } })
  expect(answer.status).toBe(200)
  const { turnpike, usage } = answer.json
  expect(turnpike).toMatchObject({ network: 'usd', asset: 'USD', decimals: 12, model: 'small/one' })
  const balance = await stack.storage.organizations.getBalance(organizationId)
  expect(balance).toMatchObject({ heldPicoUsd: 0n, spentPicoUsd: BigInt(turnpike.charge) })
  expect(balance.availablePicoUsd).toBe(10n ** 12n - BigInt(turnpike.charge))
  expect(Number(turnpike.charge) / 1e12).toBeCloseTo(usage.cost, 12)
  const call = await stack.storage.calls.getCall(turnpike.call_id)
  expect(call?.admission).toMatchObject({
    organizationId,
    principalId,
    keyId,
    payer: { kind: 'organization', id: organizationId },
  })
})

test('what is no key of ours is nobody, and what looks like one has to be one', async () => {
  const { key } = await stack.createOrganization()
  const body = { model: 'small/one', max_tokens: 50 }
  expect((await stack.ask({ key: 'sk-anything', body })).status).toBe(402)
  const lastOther = key.at(-1) === 'a' ? 'b' : 'a'
  expect(codeOf(await stack.ask({ key: `${key.slice(0, -1)}${lastOther}`, body }))).toBe('401 key_invalid')
  expect(codeOf(await stack.ask({ key: 'tp_live_nothing', body }))).toBe('401 key_invalid')
  const answer = await stack.ask({ body, headers: { 'x-api-key': key } })
  expect(answer.status).toBe(200)
})

test('a balance that does not cover the call is 403 and never 402, and is not touched', async () => {
  const { key, organizationId } = await stack.createOrganization({ balancePicoUsd: 1_000n })
  const answer = await stack.ask({ key, body: { model: 'small/one', max_tokens: 50 } })
  expect(codeOf(answer)).toBe('403 balance_insufficient')
  expect(Number(answer.json.error.metadata.needed)).toBeGreaterThan(0)
  expect(await stack.storage.organizations.getBalance(organizationId)).toMatchObject({
    availablePicoUsd: 1_000n,
  })
})

test('a management key and a key without the scope do not call models', async () => {
  const body = { model: 'small/one', max_tokens: 50 }
  const manager = await stack.createOrganization({ keyKind: 'management', role: 'owner' })
  expect(codeOf(await stack.ask({ key: manager.key, body }))).toBe('403 key_kind_mismatch')
  const reader = await stack.createOrganization({ keyScopes: ['usage:read'] })
  expect(codeOf(await stack.ask({ key: reader.key, body }))).toBe('403 permission_denied')
  const viewer = await stack.createOrganization({ role: 'viewer' })
  expect(codeOf(await stack.ask({ key: viewer.key, body }))).toBe('403 permission_denied')
})

test('a revoked key is dead within a second', async () => {
  const { key, keyId, organizationId } = await stack.createOrganization()
  const body = { model: 'small/one', max_tokens: 50 }
  expect((await stack.ask({ key, body })).status).toBe(200)
  const found = await stack.storage.governance.get({ resource: 'keys', tenant: organizationId, id: keyId })
  if (!found) throw new Error('the key is gone')
  const atMs = Date.now()
  await stack.storage.governance.commit(
    commitOf({
      organizationId,
      changes: [{ resource: 'keys', value: { ...found, revokedAtMs: atMs }, expectedVersion: found.version }],
      atMs,
    }),
  )
  let answer = await stack.ask({ key, body })
  while (Date.now() < atMs + 1_000 && answer.status === 200) answer = await stack.ask({ key, body })
  expect(codeOf(answer)).toBe('401 key_revoked')
})

test('a policy refuses what a request names, and filters what auto may choose', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ organization, key: atKey }) => ({
      policies: [
        { place: organization, rules: { deniedProviders: ['beta'] } },
        {
          place: atKey,
          rules: { allowedModels: ['large/*'], allowedStrategies: ['cost'], maxOutputTokens: 20 },
        },
      ],
    }),
  })
  const denied = await stack.ask({ key, body: { model: 'small/one' } })
  expect(codeOf(denied)).toBe('403 model_not_allowed_by_policy')
  expect(denied.json.error.metadata.from).toEqual([{ level: 'key', id: expect.any(String) }])
  const strategy = await stack.ask({ key, body: { model: 'auto:latency' } })
  expect(codeOf(strategy)).toBe('403 strategy_not_allowed_by_policy')
  const provider = await stack.ask({ key, body: { model: 'large/one', provider: { only: ['beta'] } } })
  expect(codeOf(provider)).toBe('403 provider_not_allowed_by_policy')
  const served = await stack.ask({ key, body: { model: 'auto' } })
  expect(served.status).toBe(200)
  expect(served.headers.get('x-turnpike-model')).toBe('large/one')
  expect(served.headers.get('x-turnpike-provider')).toBe('gamma')
  expect(served.json.turnpike.output_cap).toBe(20)
})

test('a quote without a key buys no way round a policy', async () => {
  const payer = await stack.newPayer('round the policy')
  const { key } = await stack.createOrganization({
    rows: ({ organization }) => ({
      policies: [{ place: organization, rules: { deniedProviders: ['beta'] } }],
    }),
  })
  const body = { model: 'large/one', max_tokens: 20 }
  const asked = await stack.ask({ body, headers: { 'x-turnpike-credit': '1' } })
  expect(asked.status).toBe(402)
  const proof = payer.prove(asked.headers.get('payment-required') ?? '')
  const paid = await stack.ask({ key, body, headers: { 'sign-in-with-x': proof } })
  // The plan that was quoted began with the denied provider. Its price holds, and what is within it and allowed answers.
  expect(paid.status).toBe(200)
  expect(paid.headers.get('x-turnpike-provider')).toBe('gamma')
  expect(BigInt(paid.json.turnpike.charge)).toBeLessThanOrEqual(BigInt(paid.json.turnpike.ceiling))
})

test('a cap on the ceiling of one call is 403 with the cap', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ unit }) => ({ policies: [{ place: unit, rules: { maxCallPicoUsd: 1_000_000n } }] }),
  })
  const answer = await stack.ask({ key, body: { model: 'small/one', max_tokens: 50 } })
  expect(codeOf(answer)).toBe('403 call_above_policy_cap')
  expect(answer.json.error.metadata.cap).toBe('0.000001')
})

test('the same name of a request is the same call, also without a payment', async () => {
  const { key } = await stack.createOrganization()
  const body = { model: 'small/one', max_tokens: 50 }
  const headers = { 'idempotency-key': 'first' }
  const first = await stack.ask({ key, body, headers })
  const again = await stack.ask({ key, body, headers })
  expect(first.status).toBe(200)
  expect(codeOf(again)).toBe('409 payment_already_used')
  expect(again.json.error.call_id).toBe(first.json.turnpike.call_id)
  const other = await stack.ask({ key, body: { ...body, max_tokens: 60 }, headers })
  expect(codeOf(other)).toBe('409 idempotency_conflict')
})
