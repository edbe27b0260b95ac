import { afterAll, beforeAll, expect, test } from 'vitest'
import { narrowVoucher } from '../../../src/client/index.ts'
import { commitOf } from '../../support/governed.ts'
import { codeOf, type GovernedStack, startGovernedStack, type Wanted } from '../../support/governed-stack.ts'

const endpoint = (modelId: string, providerId: string, price: bigint) => ({
  modelId,
  providerId,
  inputPicoUsd: price,
  outputPicoUsd: 4n * price,
})

let stack: GovernedStack
beforeAll(async () => {
  stack = await startGovernedStack({
    endpoints: [endpoint('small/one', 'alpha', 200_000n), endpoint('large/one', 'beta', 1_000_000n)],
    answer: { firstTokenMs: 20, minTokens: 200, maxTokens: 280 },
  })
})
afterAll(() => stack.close())

const BODY = { model: 'small/one', max_tokens: 300 }

async function send(
  path: string,
  { key, method = 'GET', body }: { key?: string; method?: string; body?: object },
) {
  const answer = await fetch(`${stack.url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const json = (await answer.json()) as Record<string, never> & {
    readonly error?: { readonly code: string; readonly param: string | null }
  }
  return { status: answer.status, json, code: `${answer.status} ${json.error?.code}` }
}

/** A voucher of a new organisation's key. */
async function handOut(limits: object, wanted: Wanted = {}) {
  const organization = await stack.createOrganization(wanted)
  const made = await send('/v1/vouchers', { key: organization.key, method: 'POST', body: limits })
  expect(made.status).toBe(201)
  return { ...organization, made: made.json, voucher: String(made.json['voucher']) }
}

type Level = Readonly<Record<'id' | 'max_usd' | 'spent_usd' | 'held_usd', string>> & {
  readonly spent_requests: number | null
}

async function standingOf(voucher: string) {
  const { status, json } = await send('/v1/vouchers/me', { key: voucher })
  expect(status).toBe(200)
  return json as unknown as {
    readonly id: string
    readonly available_usd: string
    readonly levels: readonly Level[]
  }
}

test('a voucher calls for its organisation, and tells what it has left', async () => {
  const { voucher, made, organizationId, keyId, principalId } = await handOut({
    max_usd: '0.01',
    max_requests: 5,
  })
  expect(made).toMatchObject({
    object: 'voucher',
    key_id: keyId,
    max_usd: '0.01',
    max_requests: 5,
    models: null,
    delegable: true,
  })
  const lifeMs = Date.parse(String(made['expires_at'])) - Date.now()
  expect(lifeMs).toBeGreaterThan(86_000_000)
  expect(lifeMs).toBeLessThanOrEqual(86_400_000)
  const answer = await stack.ask({ key: voucher, body: BODY })
  expect(answer.status).toBe(200)
  expect((await stack.ask({ body: BODY, headers: { 'x-api-key': voucher } })).status).toBe(200)
  const { turnpike } = answer.json
  const call = await stack.storage.calls.getCall(turnpike.call_id)
  expect(call?.admission).toMatchObject({ organizationId, principalId, keyId })
  const { spentPicoUsd } = await stack.storage.organizations.getBalance(organizationId)
  expect(spentPicoUsd).toBeGreaterThanOrEqual(BigInt(turnpike.charge))
  const { levels, available_usd: available, id } = await standingOf(voucher)
  expect(levels).toHaveLength(1)
  expect(levels[0]).toMatchObject({ id: made['id'], max_usd: '0.01', held_usd: '0', spent_requests: 2 })
  expect(id).toBe(made['id'])
  expect(BigInt(Math.round(Number(levels[0]?.spent_usd) * 1e12))).toBe(spentPicoUsd)
  expect(Number(available)).toBeCloseTo(0.01 - Number(levels[0]?.spent_usd), 12)
})

test('a sub-agent that was narrowed to $0.001 of $0.01 is refused there, and its parent goes on', async () => {
  const { voucher } = await handOut({ max_usd: '0.01' })
  const child = await narrowVoucher(voucher, { maxUsd: '0.001' })
  let answer = await stack.ask({ key: child, body: BODY })
  for (let calls = 0; calls < 20 && answer.status === 200; calls += 1)
    answer = await stack.ask({ key: child, body: BODY })
  expect(codeOf(answer)).toBe('403 budget_exceeded')
  const [parent, narrowed] = (await standingOf(child)).levels
  const { binding } = answer.json.error.metadata
  expect(binding).toMatchObject({ scope: 'voucher', id: narrowed?.id, limit: '0.001' })
  expect(Number(narrowed?.spent_usd)).toBeGreaterThan(0.0005)
  expect(Number(narrowed?.spent_usd)).toBeLessThanOrEqual(0.001)
  // What the child spends is spent of its parent, whose rest is there.
  expect(parent?.spent_usd).toBe(narrowed?.spent_usd)
  expect((await stack.ask({ key: voucher, body: BODY })).status).toBe(200)
})

test('siblings together never spend beyond their parent, with 32 calls in flight', async () => {
  const { voucher, organizationId } = await handOut({ max_usd: '0.002' })
  const children = await Promise.all(
    Array.from({ length: 4 }, () => narrowVoucher(voucher, { maxUsd: '0.001' })),
  )
  const over = new AbortController()
  const limitPicoUsd = 2_000_000_000n
  async function look(): Promise<void> {
    while (!over.signal.aborted) {
      const [parent] = (await standingOf(voucher)).levels
      const taken = Number(parent?.spent_usd) + Number(parent?.held_usd)
      expect(Math.round(taken * 1e12)).toBeLessThanOrEqual(Number(limitPicoUsd))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const looking = look()
  const answers = await Promise.all(
    Array.from({ length: 32 }, (_, index) =>
      stack.ask({ key: children[index % 4] ?? '', body: { ...BODY, budget: { on_exceed: 'wait' } } }),
    ),
  )
  over.abort()
  await looking
  const served = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status }) => status !== 200)
  expect(served.length).toBeGreaterThan(4)
  expect(refused.length).toBeGreaterThan(4)
  for (const one of refused) expect(codeOf(one)).toBe('403 budget_exceeded')
  const charged = served.reduce((sum, { json }) => sum + BigInt(json.turnpike.charge), 0n)
  expect(charged).toBeLessThanOrEqual(limitPicoUsd)
  expect((await stack.storage.organizations.getBalance(organizationId)).spentPicoUsd).toBe(charged)
  for (const child of children)
    for (const { spent_usd: spent, max_usd: most, held_usd: held } of (await standingOf(child)).levels) {
      expect(Number(spent)).toBeLessThanOrEqual(Number(most))
      expect(held).toBe('0')
    }
})

test('the number of calls is a limit as well', async () => {
  const { voucher } = await handOut({ max_usd: '1', max_requests: 1 })
  expect((await stack.ask({ key: voucher, body: BODY })).status).toBe(200)
  const answer = await stack.ask({ key: voucher, body: BODY })
  expect(codeOf(answer)).toBe('403 budget_exceeded')
  expect(answer.json.error.metadata.binding).toMatchObject({ scope: 'voucher', metric: 'requests' })
})

test('the budgets, policies and balance of its key bind a voucher, and it does not see their amounts', async () => {
  const { voucher } = await handOut(
    { max_usd: '1' },
    { rows: ({ key }) => ({ budgets: [{ place: key, limit: 1_000n }] }) },
  )
  const answer = await stack.ask({ key: voucher, body: BODY })
  expect(codeOf(answer)).toBe('403 budget_exceeded')
  expect(answer.json.error.metadata.binding).toMatchObject({ scope: 'key', withheld: true })
  const policed = await handOut(
    { max_usd: '1', models: ['*/one'] },
    { rows: ({ key }) => ({ policies: [{ place: key, rules: { allowedModels: ['large/*'] } }] }) },
  )
  expect(codeOf(await stack.ask({ key: policed.voucher, body: BODY }))).toBe(
    '403 model_not_allowed_by_policy',
  )
  const poor = await handOut({ max_usd: '1' }, { balancePicoUsd: 1_000n })
  expect(codeOf(await stack.ask({ key: poor.voucher, body: BODY }))).toBe('403 balance_insufficient')
})

test('models are narrowed for what is named and for what auto chooses, and never widened', async () => {
  const { voucher } = await handOut({ max_usd: '1', models: ['large/*'] })
  const child = await narrowVoucher(voucher, { models: ['small/*', 'large/*'] })
  for (const key of [voucher, child]) {
    const answer = await stack.ask({ key, body: BODY })
    expect(codeOf(answer)).toBe('403 model_not_allowed_by_policy')
    expect(answer.json.error.metadata.from).toEqual([{ level: 'voucher', id: expect.any(String) }])
    const served = await stack.ask({ key, body: { ...BODY, model: 'auto' } })
    expect(served.headers.get('x-turnpike-model')).toBe('large/one')
  }
  const none = await narrowVoucher(voucher, { models: ['small/*'] })
  expect((await stack.ask({ key: none, body: { ...BODY, model: 'auto' } })).status).toBeGreaterThanOrEqual(
    400,
  )
})

test('a voucher ends within a second of its key', async () => {
  const { voucher, keyId, organizationId } = await handOut({ max_usd: '1' })
  const child = await narrowVoucher(voucher, { maxUsd: 0.5 })
  expect((await stack.ask({ key: child, body: BODY })).status).toBe(200)
  const found = await stack.storage.governance.get({ resource: 'keys', tenant: organizationId, id: keyId })
  if (!found) throw new Error('the key is gone')
  const atMs = Date.now()
  const change = { resource: 'keys', value: { ...found, revokedAtMs: atMs }, expectedVersion: found.version }
  await stack.storage.governance.commit(commitOf({ organizationId, changes: [change as never], atMs }))
  let code = ''
  while (Date.now() < atMs + 1_000 && code === '') {
    const answer = await stack.ask({ key: child, body: BODY })
    if (answer.status !== 200) code = codeOf(answer)
  }
  expect(code).toBe('401 voucher_revoked')
})

test('what is expired, forged or none is 401, and never a price', async () => {
  const { voucher } = await handOut({ max_usd: '1' })
  const expired = await narrowVoucher(voucher, { expiresAt: new Date(Date.now() - 1) })
  expect(codeOf(await stack.ask({ key: expired, body: BODY }))).toBe('401 voucher_expired')
  const last = voucher.at(-2) === 'A' ? 'B' : 'A'
  const forged = `${voucher.slice(0, -2)}${last}${voucher.at(-1)}`
  expect(codeOf(await stack.ask({ key: forged, body: BODY }))).toBe('401 voucher_invalid')
  expect(codeOf(await stack.ask({ key: 'tpv_anything', body: BODY }))).toBe('401 voucher_invalid')
  expect((await send('/v1/vouchers/me', { key: forged })).code).toBe('401 voucher_invalid')
  expect((await send('/v1/vouchers/me', {})).code).toBe('401 voucher_invalid')
})

test('a voucher calls models and nothing else', async () => {
  const { voucher, key } = await handOut({ max_usd: '1' }, { role: 'owner' })
  for (const [method, path] of [
    ['GET', '/v1/credit'],
    ['POST', '/v1/credit'],
    ['POST', '/v1/vouchers'],
  ] as const) {
    const body = method === 'POST' ? { body: { amount_usd: '5' } } : {}
    expect([path, (await send(path, { key: voucher, method, ...body })).code]).toEqual([
      path,
      '403 voucher_calls_only',
    ])
  }
  const served = await stack.ask({ key: voucher, body: BODY })
  const callId = served.json.turnpike.call_id
  expect((await send(`/v1/calls/${callId}`, { key: voucher })).code).toBe('403 voucher_calls_only')
  expect((await send(`/v1/calls/${callId}`, { key })).status).toBe(200)
  // A run of its own may be opened, and is raised by nobody who has a voucher alone, whatever its key may.
  const run = (cost: string) => ({ ...BODY, budget: { run: { id: 'a', max_cost: cost } } })
  expect((await stack.ask({ key: voucher, body: run('0.01') })).status).toBe(200)
  expect(codeOf(await stack.ask({ key: voucher, body: run('0.02') }))).toBe('403 permission_denied')
})

test('who may not hand out vouchers does not, and an order has to be one', async () => {
  const order = { max_usd: '1' }
  const ask = async (wanted: Wanted, body: object = order) => {
    const { key } = await stack.createOrganization(wanted)
    return send('/v1/vouchers', { key, method: 'POST', body })
  }
  expect((await ask({ keyScopes: ['models:call'] })).code).toBe('403 permission_denied')
  expect((await ask({ role: 'viewer' })).code).toBe('403 permission_denied')
  expect((await ask({ role: 'owner', keyKind: 'management' })).code).toBe('403 key_kind_mismatch')
  expect((await send('/v1/vouchers', { method: 'POST', body: order })).code).toBe('401 key_invalid')
  expect((await send('/v1/vouchers', {})).code).toBe('405 method_not_allowed')
  const { key } = await stack.createOrganization()
  const faults: readonly (readonly [object, string, string])[] = [
    [{}, 'missing_field', 'max_usd'],
    [{ max_usd: '-1' }, 'invalid_field', 'max_usd'],
    [{ ...order, max_requests: 0.5 }, 'invalid_field', 'max_requests'],
    [{ ...order, models: 'openai/*' }, 'invalid_field', 'models'],
    [{ ...order, expires_at: '2020-01-01T00:00:00Z' }, 'invalid_field', 'expires_at'],
    [{ ...order, expires_at: '2999-01-01T00:00:00Z' }, 'invalid_field', 'expires_at'],
    [{ ...order, delegable: 'no' }, 'invalid_field', 'delegable'],
    [{ ...order, max_eur: '1' }, 'unknown_field', 'max_eur'],
  ]
  for (const [body, code, param] of faults) {
    const { json } = await send('/v1/vouchers', { key, method: 'POST', body })
    expect(json.error).toMatchObject({ code, param })
  }
})

test('names of requests are each voucher’s own', async () => {
  const { voucher, key } = await handOut({ max_usd: '1' })
  const child = await narrowVoucher(voucher, {})
  const headers = { 'idempotency-key': 'mine' }
  const ids = new Set<string>()
  for (const one of [key, voucher, child]) {
    const answer = await stack.ask({ key: one, body: BODY, headers })
    expect(answer.status).toBe(200)
    ids.add(answer.json.turnpike.call_id)
  }
  expect(ids.size).toBe(3)
  expect(codeOf(await stack.ask({ key: child, body: BODY, headers }))).toBe('409 payment_already_used')
})

test('one voucher is taken back with all that was narrowed from it; its key and its other vouchers stay good', async () => {
  const { voucher, key, keyId, organizationId } = await handOut({ max_usd: '0.01' })
  const child = await narrowVoucher(voucher, { maxUsd: 0.005 })
  const grandchild = await narrowVoucher(child, { maxUsd: 0.004 })
  const sibling = await narrowVoucher(voucher, { maxUsd: 0.005 })
  const { levels } = await standingOf(child)
  const found = await stack.storage.governance.get({ resource: 'keys', tenant: organizationId, id: keyId })
  if (!found) throw new Error('There is no key.')
  const revokedVouchers = [{ id: levels.at(-1)?.id ?? '', atMs: Date.now() }]
  const change = { resource: 'keys', value: { ...found, revokedVouchers }, expectedVersion: found.version }
  await stack.storage.governance.commit(commitOf({ organizationId, changes: [change as never] }))
  await stack.rules.refresh()
  for (const gone of [child, grandchild]) {
    const answer = await stack.ask({ key: gone, body: BODY })
    expect(codeOf(answer)).toBe('401 voucher_revoked')
    expect(answer.json.error.metadata).toEqual({ id: levels.at(-1)?.id })
    expect((await send('/v1/vouchers/me', { key: gone })).code).toBe('401 voucher_revoked')
  }
  for (const good of [key, voucher, sibling])
    expect((await stack.ask({ key: good, body: BODY })).status).toBe(200)
})

test('a row names the voucher that has called, and every one that it was narrowed from', async () => {
  const { voucher, key, keyId } = await handOut({ max_usd: '0.01' })
  const child = await narrowVoucher(voucher, { maxUsd: 0.005 })
  const { levels } = await standingOf(child)
  const rowOf = async (credential: string) => {
    const { json } = await stack.ask({ key: credential, body: BODY })
    return (await stack.storage.calls.getCall(json.turnpike.call_id))?.admission
  }
  const ids = levels.map(({ id }) => id)
  expect(ids).toHaveLength(2)
  expect(await rowOf(child)).toMatchObject({ keyId, voucherIds: ids })
  expect(await rowOf(voucher)).toMatchObject({ keyId, voucherIds: ids.slice(0, 1) })
  expect(await rowOf(key)).not.toHaveProperty('voucherIds')
  const { json } = await stack.ask({ key: child, body: BODY })
  const own = await send(`/v1/calls/${json.turnpike.call_id}`, { key })
  expect(own.json).toMatchObject({ key_id: keyId, voucher_ids: ids })
  // The history has it, and is still as it was written.
  expect((await stack.storage.ledger.check()).filter(({ ok }) => !ok)).toEqual([])
})
