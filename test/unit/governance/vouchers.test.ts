import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { narrowVoucher, type VoucherLimits } from '../../../src/client/index.ts'
import { createAuthentication } from '../../../src/call/caller/authenticate.ts'
import { BUDGET_DEFAULTS } from '../../../src/governance/budgets/types.ts'
import { attributionOf } from '../../../src/governance/hierarchy/attribution.ts'
import { rootUnit } from '../../../src/governance/hierarchy/types.ts'
import { ROLES } from '../../../src/governance/roles/roles.ts'
import { admit } from '../../../src/governance/budgets/admit.ts'
import { applicableBudgets, scopeOf } from '../../../src/governance/budgets/applicable-budgets.ts'
import type { ApiKey } from '../../../src/governance/keys/types.ts'
import { effectivePolicy, policyLevels } from '../../../src/governance/policies/effective-policy.ts'
import { judgeCall } from '../../../src/governance/policies/judge-call.ts'
import { requireUsableVoucher, type VoucherLevel } from '../../../src/governance/vouchers/check-voucher.ts'
import { mintVoucher } from '../../../src/governance/vouchers/sign-voucher.ts'
import { voucherRules } from '../../../src/governance/vouchers/voucher-rules.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { caveatFields, readCaveats, type VoucherCaveats } from '../../../src/lib/voucher-caveats.ts'
import { readVoucherText } from '../../../src/lib/voucher-text.ts'
import { matcherOf } from '../../../src/routing/overrides/match-models.ts'

const NOW_MS = Date.UTC(2027, 0, 10)
const PEPPER = 'the pepper of these tests'

const KEY: ApiKey = {
  id: 'Ab3dEf7h',
  organizationId: 'acme',
  principalId: 'agent',
  name: 'key',
  kind: 'inference',
  isTest: true,
  secretHash: 'hash',
  pepperVersion: 1,
  scopes: null,
  createdAtMs: 0,
  version: 1,
}

const minted = (caveats: VoucherCaveats = {}, nonce = 1) =>
  mintVoucher({ key: KEY, pepper: PEPPER, caveats, nonce: new Uint8Array(16).fill(nonce) })

const levelsOf = (
  text: string,
  over: { key?: ApiKey | undefined; nowMs?: number; isTestServer?: boolean; pepper?: string } = {},
) => {
  const { nowMs = NOW_MS, isTestServer = true, pepper = PEPPER } = over
  const key = 'key' in over ? over.key : KEY
  const peppers = new Map([[1, pepper]])
  return requireUsableVoucher({ voucher: readVoucherText(text), key, peppers, isTestServer, nowMs })
}

const codeOf = (...asked: Parameters<typeof levelsOf>): string => {
  try {
    levelsOf(...asked)
    return 'taken'
  } catch (error) {
    return error instanceof TurnpikeError ? error.code : String(error)
  }
}

/** Its parts without the prefix: key, nonce, links, signature. */
const partsOf = (text: string) => text.slice('tpv_'.length).split('.')
const joined = (parts: readonly string[]) => `tpv_${parts.join('.')}`

test('a voucher has what it was made with, and each narrower one what was appended', async () => {
  const { id, text } = minted({ maxPicoUsd: 10n ** 10n, expiresAtMs: NOW_MS + 1_000 })
  expect(levelsOf(text)).toEqual([{ id, caveats: { maxPicoUsd: 10n ** 10n, expiresAtMs: NOW_MS + 1_000 } }])
  const narrowed = await narrowVoucher(text, { maxUsd: 0.001, models: ['openai/*'], maxRequests: 3 })
  const levels = levelsOf(await narrowVoucher(narrowed, { delegable: false }))
  expect(levels[0]).toEqual(levelsOf(text)[0])
  expect(levels[1]).toEqual(levelsOf(narrowed)[1])
  expect(levels.map(({ caveats }) => caveats)).toEqual([
    { maxPicoUsd: 10n ** 10n, expiresAtMs: NOW_MS + 1_000 },
    { maxPicoUsd: 10n ** 9n, models: ['openai/*'], maxRequests: 3, nonce: expect.any(String) },
    { delegable: false, nonce: expect.any(String) },
  ])
  expect(new Set(levels.map((level) => level.id)).size).toBe(3)
})

test('anybody can append without our code, as docs/GOVERNANCE.md says how', () => {
  const { text } = minted()
  const [signature = '', ...head] = partsOf(text).toReversed()
  const link = Buffer.from('{"max_usd": 0.25}').toString('base64url')
  const next = createHmac('sha256', Buffer.from(signature, 'base64url')).update(link).digest('base64url')
  expect(levelsOf(joined([...head.toReversed(), link, next]))[1]?.caveats).toEqual({
    maxPicoUsd: 250_000_000_000n,
  })
})

test('two of the same limits are two, and what is shown of a level is no signature', async () => {
  const { text } = minted()
  const [one, other] = await Promise.all([
    narrowVoucher(text, { maxUsd: 1 }),
    narrowVoucher(text, { maxUsd: 1 }),
  ])
  const [first, second] = [levelsOf(one)[1], levelsOf(other)[1]]
  expect(first?.id).not.toBe(second?.id)
  const deeper = levelsOf(await narrowVoucher(one, {}))
  for (const { id } of deeper)
    for (const signature of [partsOf(text).at(-1), partsOf(one).at(-1)]) {
      const bytes = Buffer.from(signature ?? '', 'base64url')
      expect(id).not.toContain(signature)
      expect(id).not.toContain(bytes.subarray(0, 16).toString('base64url'))
    }
})

test('no link can be removed, changed or moved, and none put in before the last', async () => {
  const { text } = minted({ maxPicoUsd: 5n })
  const narrowed = await narrowVoucher(await narrowVoucher(text, { maxUsd: 2 }), { maxUsd: 1 })
  const [key = '', nonce = '', first = '', second = '', third = '', signature = ''] = partsOf(narrowed)
  const other = partsOf(minted({}, 2).text)
  const forged = {
    'the last removed': [key, nonce, first, second, signature],
    'one in between removed': [key, nonce, first, third, signature],
    'the first removed': [key, nonce, second, third, signature],
    'two exchanged': [key, nonce, first, third, second, signature],
    'one twice': [key, nonce, first, second, third, third, signature],
    'one put in': [key, nonce, first, other[2] ?? '', second, third, signature],
    'under another name': [key, other[1] ?? '', first, second, third, signature],
    'links joined': [key, nonce, `${first}${second}`, third, signature],
    'a signature from before': [key, nonce, first, second, third, partsOf(text).at(-1) ?? ''],
  }
  expect(codeOf(narrowed)).toBe('taken')
  for (const [name, parts] of Object.entries(forged))
    expect([name, codeOf(joined(parts))]).toEqual([name, 'voucher_invalid'])
})

test('any other character makes it another voucher, which is none', async () => {
  const text = await narrowVoucher(minted({ maxPicoUsd: 5n }).text, { maxUsd: 1 })
  const others = 'ABab01-_.'
  for (let index = 'tpv_'.length; index < text.length; index += 1)
    for (const letter of others)
      if (text[index] !== letter) {
        const changed = `${text.slice(0, index)}${letter}${text.slice(index + 1)}`
        expect([changed, codeOf(changed)]).toEqual([changed, 'voucher_invalid'])
      }
  for (const changed of [
    `${text}=`,
    `${text}A`,
    ` ${text}`,
    `${text}.`,
    text.slice(0, -1),
    'tpv_',
    'tpv_a.b.c.d',
  ])
    expect(codeOf(changed)).toBe('voucher_invalid')
})

test('it ends with its key, at its earliest time, and on the other kind of server', async () => {
  const { text } = minted({ expiresAtMs: NOW_MS + 1_000 })
  expect(codeOf(text, { nowMs: NOW_MS + 999 })).toBe('taken')
  expect(codeOf(text, { nowMs: NOW_MS + 1_000 })).toBe('voucher_expired')
  const longer = await narrowVoucher(text, { expiresAt: new Date(NOW_MS + 9_000) })
  expect(codeOf(longer, { nowMs: NOW_MS + 1_000 })).toBe('voucher_expired')
  const shorter = await narrowVoucher(text, { expiresAt: new Date(NOW_MS + 500) })
  expect(codeOf(shorter, { nowMs: NOW_MS + 500 })).toBe('voucher_expired')
  expect(codeOf(text, { key: { ...KEY, revokedAtMs: 1 } })).toBe('voucher_revoked')
  expect(codeOf(text, { key: { ...KEY, expiresAtMs: NOW_MS } })).toBe('voucher_revoked')
  expect(codeOf(text, { key: { ...KEY, secretHash: 'rotated' } })).toBe('voucher_invalid')
  expect(codeOf(text, { key: { ...KEY, id: 'Another1' } })).toBe('voucher_invalid')
  expect(codeOf(text, { key: { ...KEY, pepperVersion: 2 } })).toBe('voucher_invalid')
  expect(codeOf(text, { key: undefined })).toBe('voucher_invalid')
  expect(codeOf(text, { pepper: 'another' })).toBe('voucher_invalid')
  expect(codeOf(text, { isTestServer: false })).toBe('key_wrong_environment')
  // Who has no signature learns nothing of the key.
  const forged = joined([...partsOf(text).slice(0, -1), 'A'.repeat(43)])
  expect(codeOf(forged, { key: { ...KEY, revokedAtMs: 1 } })).toBe('voucher_invalid')
})

/** Appends whatever it is told, as who does not use our client can. */
function appended(text: string, json: string): string {
  const parts = partsOf(text)
  const link = Buffer.from(json).toString('base64url')
  const key = Buffer.from(parts.at(-1) ?? '', 'base64url')
  return joined([...parts.slice(0, -1), link, createHmac('sha256', key).update(link).digest('base64url')])
}

test('nothing follows delegable: false, whoever appends it', async () => {
  const { text } = minted({ delegable: false })
  expect(codeOf(text)).toBe('taken')
  await expect(narrowVoucher(text, {})).rejects.toThrow('not delegable')
  expect(codeOf(appended(text, '{}'))).toBe('voucher_invalid')
  expect(codeOf(appended(appended(text, '{}'), '{}'))).toBe('voucher_invalid')
  expect(codeOf(appended(minted().text, '{"delegable":true}'))).toBe('taken')
})

test('a limit that is not understood lets nothing through', () => {
  const { text } = minted()
  for (const json of [
    '{"max_eur":"1"}',
    '{"max_usd":"-1"}',
    '{"max_usd":"1e3"}',
    '{"max_usd":null}',
    '{"max_requests":1.5}',
    '{"max_requests":-1}',
    '{"models":"openai/*"}',
    '{"models":[""]}',
    '{"expires_at":"tomorrow"}',
    '{"expires_at":1800000000}',
    '{"expires_at":"2027-13-40T00:00:00Z"}',
    '{"delegable":"no"}',
    '{"__proto__":{}}',
    '[]',
    'null',
    'no json',
  ])
    expect([json, codeOf(appended(text, json))]).toEqual([json, 'voucher_invalid'])
})

test('a voucher cannot grow without end', async () => {
  let { text } = minted()
  for (let links = 1; links < LIMITS.voucherLinks; links += 1) text = await narrowVoucher(text, {})
  expect(codeOf(text)).toBe('taken')
  await expect(narrowVoucher(text, {})).rejects.toThrow('at most')
  expect(codeOf(appended(text, '{}'))).toBe('voucher_invalid')
  expect(codeOf(appended(minted().text, `{"nonce":"${'x'.repeat(9_000)}"}`))).toBe('voucher_invalid')
})

test('the client refuses what is no limit and what is no voucher', async () => {
  const { text } = minted()
  await expect(narrowVoucher('sk-anything', {})).rejects.toThrow('tpv_')
  await expect(narrowVoucher(text, { maxUsd: -1 })).rejects.toThrow(RangeError)
  await expect(narrowVoucher(text, { maxRequests: 0.5 })).rejects.toThrow('max_requests')
  await expect(narrowVoucher(text, { models: [''] })).rejects.toThrow('models')
  await expect(narrowVoucher(text, { expiresAt: new Date(NaN) })).rejects.toThrow(RangeError)
})

test('levels of a voucher stand between its key and its run, which is its own', () => {
  const unit = { id: 'acme', organizationId: 'acme', name: 'acme', path: ['acme'], version: 1 }
  const principal = {
    id: 'agent',
    organizationId: 'acme',
    unitId: 'acme',
    kind: 'service',
    name: 'agent',
    version: 1,
  } as const
  const attribution = attributionOf({
    unit,
    principal,
    keyId: KEY.id,
    voucherIds: ['vch_a', 'vch_a.b'],
    runId: 'r',
  })
  expect(attribution.slice(2)).toEqual([
    { level: 'key', id: KEY.id },
    { level: 'voucher', id: 'vch_a' },
    { level: 'voucher', id: 'vch_a.b' },
    { level: 'run', id: 'vch_a.b/r' },
  ])
  const each = {
    ...BUDGET_DEFAULTS,
    id: 'each',
    organizationId: 'acme',
    place: { level: 'key', id: KEY.id },
    applies: 'each',
    limit: 1n,
    setBy: { unitPath: ['acme'], reach: 'subtree' },
    version: 1,
  } as const
  // Whatever is narrowed from it counts for the voucher that was handed out: nobody gets a fresh counter by narrowing.
  const [found] = applicableBudgets({ budgets: [each], attribution, atMs: NOW_MS })
  expect(found?.counter).toEqual({ level: 'voucher', id: 'vch_a' })
})

test('who takes keys alone takes no voucher, and a voucher is its key with one scope', async () => {
  const organization = { id: 'acme', name: 'Acme', levelNames: ['acme'], timeZone: 'UTC', version: 1 }
  const rules = {
    organization,
    unit: rootUnit({ organization }),
    principal: {
      id: 'agent',
      organizationId: 'acme',
      unitId: 'acme',
      kind: 'service',
      name: 'agent',
      version: 1,
    },
    grants: [{ unitPath: ['acme'], permissions: ROLES.owner.permissions }],
    policies: [],
    budgets: [],
    rates: [],
  } as const
  const ports = (key: ApiKey) =>
    createAuthentication({
      rules: { byKey: async (id) => (id === key.id ? { ...rules, key } : undefined) },
      peppers: new Map([[1, PEPPER]]),
      isTest: true,
      clock: { nowMs: () => NOW_MS },
    })
  const { text } = minted({ maxPicoUsd: 5n })
  const { authenticate, authenticateCaller } = ports(KEY)
  for (const authorization of [`Bearer ${text}`, `bearer  ${text}`, text]) {
    await expect(authenticate(authorization)).rejects.toMatchObject({ code: 'voucher_calls_only' })
    const found = await authenticateCaller(authorization)
    expect(found?.key?.scopes).toEqual(['models:call'])
    expect(found?.budgets).toMatchObject([{ place: { level: 'voucher' }, limit: 5n, mode: 'hard' }])
  }
  await expect(authenticate('Bearer tpv_x')).rejects.toMatchObject({ code: 'voucher_invalid' })
  await expect(authenticateCaller('Bearer tpv_x')).rejects.toMatchObject({ code: 'voucher_invalid' })
  expect(await authenticateCaller('Bearer sk-anything')).toBeUndefined()
  expect(await authenticateCaller(undefined)).toBeUndefined()
  // A key that lost its right to call takes it from its vouchers too.
  const narrowed = await ports({ ...KEY, scopes: ['usage:read'] }).authenticateCaller(text)
  expect(narrowed?.key?.scopes).toEqual([])
})

const MODELS = ['openai/one', 'openai/two', 'anthropic/one', 'meta/one'] as const
const PATTERNS = [...MODELS, 'openai/*', 'anthropic/*', '*/one'] as const

const maybe = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined })

const limits: fc.Arbitrary<VoucherLimits> = fc.record({
  maxUsd: maybe(fc.integer({ min: 5, max: 30 })),
  maxRequests: maybe(fc.integer({ min: 2, max: 20 })),
  models: maybe(fc.array(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 4 })),
  expiresAt: maybe(fc.integer({ min: -2, max: 4 }).map((s) => new Date(NOW_MS + s * 1_000))),
})

type Asked = {
  readonly modelId: string
  readonly usd: number
  readonly atMs: number
  /** What is spent and held by whoever else has the voucher or one made of it, by level. */
  readonly others: readonly number[]
}

const asked: fc.Arbitrary<Asked> = fc.record({
  modelId: fc.constantFrom(...MODELS),
  usd: fc.integer({ min: 0, max: 9 }),
  atMs: fc.integer({ min: -3, max: 2 }).map((s) => NOW_MS + s * 1_000),
  others: fc.array(fc.integer({ min: 0, max: 8 }), {
    minLength: LIMITS.voucherLinks,
    maxLength: LIMITS.voucherLinks,
  }),
})

const pico = (usd: number) => BigInt(usd) * 10n ** 12n

/** Everything that a voucher alone has to say about a call. */
function allows(text: string, { modelId, usd, atMs, others }: Asked): boolean {
  let levels: readonly VoucherLevel[]
  try {
    levels = levelsOf(text, { nowMs: atMs })
  } catch {
    return false
  }
  const attribution = levels.map(({ id }) => ({ level: 'voucher', id }) as const)
  const { budgets, policies } = voucherRules({ levels, organizationId: 'acme' })
  const policy = effectivePolicy(policyLevels({ policies, attribution }))
  if (judgeCall({ policy, asked: { modelId }, matcherOf })) return false
  const scopes = applicableBudgets({ budgets, attribution, atMs }).map((applicable) => {
    const depth = attribution.findIndex(({ id }) => id === applicable.counter.id)
    const count = others[depth] ?? 0
    const taken = applicable.budget.metric === 'usd' ? pico(count) : BigInt(count)
    return scopeOf({ applicable, sums: { spent: taken, held: 0n } })
  })
  const amounts = { chargePicoUsd: pico(usd), tokens: 0n, requests: 1n }
  return admit({ scopes, amounts }).kind === 'admitted'
}

test('a narrowed voucher is never allowed what the one that it was made of is not', async () => {
  let allowed = 0
  let narrower = 0
  await fc.assert(
    fc.asyncProperty(fc.array(limits, { minLength: 2, maxLength: 4 }), asked, async (chain, call) => {
      let { text } = minted()
      let before = allows(text, call)
      for (const one of chain) {
        text = await narrowVoucher(text, one)
        const now = allows(text, call)
        expect(now && !before).toBe(false)
        if (now) allowed += 1
        if (before && !now) narrower += 1
        before = now
      }
    }),
    { numRuns: 250, seed: 1 },
  )
  // Both happen, so that the property says something.
  expect(allowed).toBeGreaterThan(20)
  expect(narrower).toBeGreaterThan(20)
})

test('what a link says is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          maxPicoUsd: fc.bigInt({ min: 0n, max: 10n ** 24n }),
          maxRequests: fc.nat(),
          models: fc.array(fc.constantFrom(...PATTERNS), { maxLength: LIMITS.voucherModels }),
          expiresAtMs: fc.integer({ min: 0, max: 4e12 }),
          delegable: fc.constant(false as const),
          nonce: fc.string({ maxLength: 64 }),
        },
        { requiredKeys: [] },
      ),
      (caveats) => {
        const wire = JSON.parse(JSON.stringify(caveatFields(caveats))) as Record<string, unknown>
        expect(readCaveats(wire)).toEqual({ caveats })
      },
    ),
  )
})
