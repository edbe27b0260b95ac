import { expect, test } from 'vitest'
import { admit, type Constraint, type Scope } from '../../../src/governance/budgets/admit.ts'
import { applicableBudgets, limitAt, scopeOf } from '../../../src/governance/budgets/applicable-budgets.ts'
import { askedBudgets, runLimit } from '../../../src/governance/budgets/asked-budgets.ts'
import { budgetRefusal } from '../../../src/governance/budgets/budget-refusal.ts'
import { checkBudget } from '../../../src/governance/budgets/check-budget.ts'
import { amountsWith, outputTokensWithin } from '../../../src/governance/budgets/clamp.ts'
import { exceedRule } from '../../../src/governance/budgets/exceed-rule.ts'
import { NOTHING, stepHold, takeHold } from '../../../src/governance/budgets/hold.ts'
import { crossedThresholds } from '../../../src/governance/budgets/thresholds.ts'
import type { Amounts, Budget } from '../../../src/governance/budgets/types.ts'
import type { Attribution } from '../../../src/governance/hierarchy/attribution.ts'
import { toWireError } from '../../../src/lib/errors/to-wire.ts'
import { budgetOf, errorOf } from './records.ts'

const NOW_MS = Date.UTC(2026, 10, 27, 12)
const usd = (chargePicoUsd: bigint, tokens = 0n): Amounts => ({ chargePicoUsd, tokens, requests: 1n })

const scope = (changes: Partial<Scope> = {}): Scope => ({
  budgetId: 'b1',
  level: 'organization',
  levelId: 'acme',
  metric: 'usd',
  mode: 'hard',
  windowId: 'month:2026-11-01',
  resetsAtMs: NOW_MS,
  limit: 100n,
  spent: 0n,
  held: 0n,
  ...changes,
})
const KEY = { budgetId: 'b2', level: 'key', levelId: 'k1' } as const

test('what fits to the last unit is admitted, and one more is not', () => {
  const scopes = [scope({ spent: 40n, held: 30n })]
  expect(admit({ scopes, amounts: usd(30n) })).toEqual({ kind: 'admitted', amounts: usd(30n), exceeded: [] })
  expect(admit({ scopes, amounts: usd(31n) }).kind).toBe('waits')
})

test('only holds in the way: wait. Not even without them: refused', () => {
  const amounts = usd(20n)
  expect(admit({ scopes: [scope({ spent: 80n, held: 1n })], amounts }).kind).toBe('waits')
  expect(admit({ scopes: [scope({ spent: 81n, held: 0n })], amounts }).kind).toBe('refused')
  // One scope waits and another never lets it in: waiting would not help.
  const both = [scope({ spent: 81n }), scope({ ...KEY, held: 90n })]
  expect(admit({ scopes: both, amounts })).toMatchObject({
    kind: 'refused',
    binding: { budgetId: 'b1', needed: 20n },
    also: [{ budgetId: 'b2' }],
  })
})

test('the narrowest that is violated binds, all others are listed', () => {
  const scopes = [
    scope({ spent: 100n }),
    scope({ budgetId: 'b3', level: 'unit', levelId: 'sales' }),
    scope({ ...KEY, spent: 100n }),
  ]
  expect(admit({ scopes, amounts: usd(1n) })).toMatchObject({
    kind: 'refused',
    binding: { budgetId: 'b2' },
    also: [{ budgetId: 'b1' }],
  })
})

test('a call that can be made smaller is told how much fits into all of them', () => {
  const scopes = [
    scope({ spent: 50n }),
    scope({ ...KEY, spent: 30n, held: 40n }),
    scope({ budgetId: 'b3', metric: 'tokens', limit: 500n }),
  ]
  const verdict = admit({ scopes, amounts: usd(60n, 400n), least: usd(10n, 100n) })
  expect(verdict).toMatchObject({ kind: 'clamp', fits: { chargePicoUsd: 30n, tokens: 400n, requests: 1n } })
  // The least does not fit now, and would without holds.
  expect(admit({ scopes, amounts: usd(60n), least: usd(31n) }).kind).toBe('waits')
  expect(admit({ scopes, amounts: usd(60n), least: usd(71n) }).kind).toBe('refused')
})

test('soft and observed limits let a call through and say that it went beyond', () => {
  const scopes = [scope({ mode: 'observe', spent: 100n }), scope({ ...KEY, mode: 'soft', limit: 5n })]
  const verdict = admit({ scopes, amounts: usd(10n) })
  expect(verdict).toMatchObject({
    kind: 'admitted',
    exceeded: [
      { budgetId: 'b2', mode: 'soft', needed: 10n },
      { budgetId: 'b1', mode: 'observe' },
    ],
  })
})

test('a limit below what is spent lets nothing more in; what costs nothing still passes', () => {
  const scopes = [scope({ limit: 10n, spent: 50n, held: 20n })]
  expect(admit({ scopes, amounts: usd(1n) }).kind).toBe('refused')
  expect(admit({ scopes, amounts: usd(0n) }).kind).toBe('admitted')
  expect(admit({ scopes: [scope({ metric: 'requests', limit: 0n })], amounts: usd(0n) }).kind).toBe('refused')
})

test('a clamped answer fits by cost and by tokens, is never longer than asked, and never too short to be one', () => {
  const cost = { fixedPicoUsd: 1_000n, outputPicoUsd: 10n, inputTokens: 50n, choices: 2n }
  const fits = { chargePicoUsd: 6_005n, tokens: 10_000n, requests: 1n }
  expect(outputTokensWithin({ fits, cost, askedTokens: 4_096 })).toBe(500)
  expect(amountsWith({ cost, outputTokens: 500 })).toEqual({
    chargePicoUsd: 6_000n,
    tokens: 1_050n,
    requests: 1n,
  })
  expect(outputTokensWithin({ fits, cost, askedTokens: 300 })).toBe(300)
  expect(outputTokensWithin({ fits: { ...fits, tokens: 650n }, cost, askedTokens: 4_096 })).toBe(300)
  expect(outputTokensWithin({ fits: { ...fits, tokens: 550n }, cost, askedTokens: 4_096 })).toBeUndefined()
  expect(
    outputTokensWithin({ fits: { ...fits, chargePicoUsd: 999n }, cost, askedTokens: 100 }),
  ).toBeUndefined()
  expect(outputTokensWithin({ fits: { ...fits, requests: 0n }, cost, askedTokens: 100 })).toBeUndefined()
  expect(outputTokensWithin({ fits, cost: { ...cost, outputPicoUsd: 0n }, askedTokens: 100 })).toBe(100)
})

test('a hold counts in every scope but that of a single request, and ends once', () => {
  const scopes = [
    scope(),
    scope({ ...KEY, metric: 'requests' }),
    scope({ budgetId: 'b3', windowId: 'request' }),
  ]
  const { hold, changes } = takeHold({ id: 'c1', scopes, amounts: usd(30n), expiresAtMs: 10 })
  expect(changes).toMatchObject([
    { budgetId: 'b1', heldBy: 30n, spentBy: 0n },
    { budgetId: 'b2', heldBy: 1n, spentBy: 0n },
  ])
  const captured = stepHold({ hold, event: { kind: 'capture', actual: usd(12n) } })
  expect(captured.changes).toMatchObject([
    { budgetId: 'b1', heldBy: -30n, spentBy: 12n },
    { budgetId: 'b2', heldBy: -1n, spentBy: 1n },
  ])
  for (const event of [
    { kind: 'capture', actual: usd(30n) },
    { kind: 'release' },
    { kind: 'expire', nowMs: 99 },
    { kind: 'dispatch' },
  ] as const)
    expect(stepHold({ hold: captured.hold, event })).toEqual({ hold: captured.hold, changes: [] })
})

test('what was used beyond the hold is told, and never spent', () => {
  const { hold } = takeHold({ id: 'c1', scopes: [scope()], amounts: usd(30n, 5n), expiresAtMs: 10 })
  const step = stepHold({ hold, event: { kind: 'capture', actual: usd(31n, 9n) } })
  expect(step.changes).toMatchObject([{ heldBy: -30n, spentBy: 30n }])
  expect(step.excess).toEqual({ chargePicoUsd: 1n, tokens: 4n, requests: 0n })
})

test('a hold that expires costs nothing where nothing was sent, else what is known; its late end only puts right', () => {
  const known = usd(7n)
  const { hold } = takeHold({ id: 'c1', scopes: [scope()], amounts: usd(30n), known, expiresAtMs: 10 })
  const expire = { kind: 'expire', nowMs: 10 } as const
  expect(stepHold({ hold, event: { kind: 'expire', nowMs: 9 } })).toEqual({ hold, changes: [] })
  const unsent = stepHold({ hold, event: expire })
  expect(unsent).toMatchObject({ hold: { state: 'released' }, changes: [{ heldBy: -30n, spentBy: 0n }] })
  // It was sent all the same: nothing can be counted any more, and somebody is told.
  expect(stepHold({ hold: unsent.hold, event: { kind: 'capture', actual: usd(5n) } })).toEqual({
    hold: unsent.hold,
    changes: [],
    excess: usd(5n),
  })
  const sent = stepHold({ hold, event: { kind: 'dispatch' } }).hold
  const gone = stepHold({ hold: sent, event: expire })
  expect(gone).toMatchObject({
    hold: { state: 'expired', captured: known },
    changes: [{ heldBy: -30n, spentBy: 7n }],
    needsReconcile: true,
  })
  const end = (chargePicoUsd: bigint) =>
    stepHold({ hold: gone.hold, event: { kind: 'capture', actual: usd(chargePicoUsd) } })
  expect(end(5n)).toMatchObject({ hold: { state: 'captured' }, changes: [{ heldBy: 0n, spentBy: -2n }] })
  expect(end(5n).excess).toBeUndefined()
  expect(end(20n)).toMatchObject({ changes: [], excess: { chargePicoUsd: 13n, tokens: 0n, requests: 0n } })
  const released = stepHold({ hold: gone.hold, event: { kind: 'release' } })
  expect(released).toMatchObject({
    hold: { state: 'released', captured: NOTHING },
    changes: [{ spentBy: -7n }],
  })
})

test('what is known of a call is never more than its hold', () => {
  const { hold } = takeHold({
    id: 'c1',
    scopes: [scope()],
    amounts: usd(30n),
    known: usd(50n),
    expiresAtMs: 10,
  })
  const sent = stepHold({ hold, event: { kind: 'dispatch' } }).hold
  const { changes, excess } = stepHold({ hold: sent, event: { kind: 'expire', nowMs: 10 } })
  expect(changes).toMatchObject([{ heldBy: -30n, spentBy: 30n }])
  expect(excess).toBeUndefined()
})

const ATTRIBUTION: Attribution = [
  { level: 'organization', id: 'acme' },
  { level: 'unit', id: 'sales' },
  { level: 'principal', id: 'ann' },
  { level: 'key', id: 'k1' },
  { level: 'run', id: 'k1/r' },
]
const apply = (...budgets: readonly Budget[]) =>
  applicableBudgets({ budgets, attribution: ATTRIBUTION, atMs: NOW_MS })

test('the budgets on the way of a call apply, widest first: by place, then by window', () => {
  const found = apply(
    budgetOf({ id: 'key-day', place: { level: 'key', id: 'k1' }, window: 'day' }),
    budgetOf({ id: 'key-call', place: { level: 'key', id: 'k1' }, window: 'request' }),
    budgetOf({ id: 'key-total', place: { level: 'key', id: 'k1' }, window: 'total' }),
    budgetOf({ id: 'other', place: { level: 'unit', id: 'lab' } }),
    budgetOf({ id: 'run', place: { level: 'run', id: 'k1/r' }, window: 'total' }),
    budgetOf({ id: 'org' }),
  )
  expect(found.map(({ budget }) => budget.id)).toEqual(['org', 'key-total', 'key-day', 'key-call', 'run'])
})

test('a budget for each gives whoever comes next below a counter of its own', () => {
  const each = (level: 'organization' | 'unit' | 'principal' | 'key' | 'run', id: string) =>
    apply(budgetOf({ applies: 'each', place: { level, id } }))[0]?.counter
  expect(each('organization', 'acme')).toEqual({ level: 'principal', id: 'ann' })
  expect(each('unit', 'sales')).toEqual({ level: 'principal', id: 'ann' })
  expect(each('principal', 'ann')).toEqual({ level: 'key', id: 'k1' })
  expect(each('key', 'k1')).toEqual({ level: 'run', id: 'k1/r' })
  expect(each('run', 'k1/r')).toBeUndefined()
  const narrow = apply(
    budgetOf({ id: 'shared', place: { level: 'unit', id: 'sales' } }),
    budgetOf({ id: 'each', applies: 'each' }),
  )
  expect(narrow.map(({ budget }) => budget.id)).toEqual(['shared', 'each'])
  const [applicable] = narrow
  expect(applicable && scopeOf({ applicable, sums: { spent: 1n, held: 2n } })).toMatchObject({
    budgetId: 'shared',
    level: 'unit',
    levelId: 'sales',
    windowId: 'month:2026-11-01',
    limit: 1_000n,
    spent: 1n,
    held: 2n,
  })
})

test('of the overrides that hold at a moment the last counts', () => {
  const budget = budgetOf({
    overrides: [
      { limit: 5_000n, fromMs: 100, untilMs: 200 },
      { limit: 10n, fromMs: 150, untilMs: 160 },
    ],
  })
  const limits = [99, 100, 149, 150, 159, 160, 199, 200].map((atMs) => limitAt({ budget, atMs }))
  expect(limits).toEqual([1_000n, 5_000n, 5_000n, 10n, 10n, 5_000n, 5_000n, 1_000n])
})

test('each threshold is told once in a window, whatever is captured and corrected', () => {
  const told: number[] = []
  const heard = [10n, 79n, 80n, 96n, 94n, 97n, 100n, 100n].map((spent) => {
    const crossed = crossedThresholds({ limit: 100n, spent, thresholdsPercent: [80, 95, 100], told })
    told.push(...crossed.map(({ percent }) => percent))
    return crossed.map(({ percent, isExhausted }) => `${percent}${isExhausted ? '!' : ''}`).join(' ')
  })
  expect(heard).toEqual(['', '', '80', '95', '', '', '100!', ''])
  const lowered = { limit: 10n, spent: 50n, thresholdsPercent: [100, 80, 80], told: [] }
  expect(crossedThresholds(lowered).map(({ percent }) => percent)).toEqual([80, 100])
  expect(crossedThresholds({ ...lowered, limit: 0n, spent: 0n })).toEqual([])
})

test('keys wait two seconds, agents are clamped; policy and caller may say otherwise', () => {
  const from = [{ level: 'key', id: 'k1' } as const]
  const clampThenWait = { onExceed: { value: ['clamp', 'wait'] as const, from } }
  expect(exceedRule({ isAgent: false })).toEqual({ steps: ['wait'], waitMs: 2_000 })
  expect(exceedRule({ isAgent: true })).toEqual({ steps: ['clamp'], waitMs: 0 })
  expect(exceedRule({ isAgent: true, policy: clampThenWait })).toEqual({
    steps: ['clamp', 'wait'],
    waitMs: 2_000,
  })
  expect(exceedRule({ isAgent: true, policy: clampThenWait, asked: { onExceed: 'reject' } })).toEqual({
    steps: [],
    waitMs: 0,
  })
  expect(exceedRule({ isAgent: false, asked: { waitMs: 99_000 } })).toEqual({
    steps: ['wait'],
    waitMs: 30_000,
  })
})

test('a refusal is 403, names the narrowest limit first, and withholds what is not the caller’s to see', () => {
  const constraint = (changes: Partial<Scope> = {}): Constraint => ({
    ...scope({ limit: 50n * 10n ** 12n, spent: 49n * 10n ** 12n, held: 10n ** 12n, ...changes }),
    needed: 5n * 10n ** 11n,
  })
  const error = budgetRefusal({
    binding: constraint(KEY),
    also: [constraint({ resetsAtMs: null })],
    mayRead: ({ level }) => level === 'key',
    waitedMs: 2_000,
  })
  expect(error.message).toBe(
    'This call needs up to $0.5; of $50 in the budget of the key k1 $49 is spent, $1 held by calls under way. It has waited 2000 ms for calls under way to end. Nothing was charged.',
  )
  const wire = toWireError(error)
  expect(wire['metadata']).toEqual({
    binding: {
      scope: 'key',
      id: 'k1',
      budget: 'b2',
      metric: 'usd',
      window: 'month:2026-11-01',
      resets_at: '2026-11-27T12:00:00.000Z',
      limit: '50',
      spent: '49',
      held: '1',
    },
    also: [
      {
        scope: 'organization',
        id: 'acme',
        budget: 'b1',
        metric: 'usd',
        window: 'month:2026-11-01',
        resets_at: null,
        withheld: true,
      },
    ],
    needed: '0.5',
  })
  const hidden = budgetRefusal({ binding: constraint(), also: [], mayRead: () => false })
  expect(JSON.stringify([hidden.message, hidden.details])).not.toMatch(/\b(50|49)\b/)
  const counted = { ...scope({ metric: 'requests', limit: 3n, spent: 3n }), needed: 1n }
  expect(budgetRefusal({ binding: counted, also: [], mayRead: () => true }).message).toContain('3 requests')
})

test('a budget that could never be right is refused by name', () => {
  expect(() => checkBudget(budgetOf({ window: { rollingSeconds: 60 }, limit: 0n }))).not.toThrow()
  const param = (changes: Partial<Budget>) => errorOf(() => checkBudget(budgetOf(changes))).details.param
  expect(param({ limit: -1n })).toBe('limit')
  expect(param({ timeZone: 'Berlin' })).toBe('time_zone')
  for (const rollingSeconds of [0, 59, 60.5, 93 * 86_400])
    expect(param({ window: { rollingSeconds } })).toBe('window')
  expect(param({ thresholdsPercent: [0] })).toBe('thresholds')
  expect(param({ thresholdsPercent: Array.from({ length: 11 }, () => 80) })).toBe('thresholds')
  expect(param({ overrides: [{ limit: 1n, fromMs: 5, untilMs: 5 }] })).toBe('overrides')
  expect(param({ overrides: Array.from({ length: 21 }, () => ({ limit: 1n, fromMs: 1, untilMs: 2 })) })).toBe(
    'overrides',
  )
})

test('a request brings a cap of its own, and opens a run that it can lower and not raise', () => {
  const budgets = askedBudgets({
    asked: { maxCostPicoUsd: 5n, runMaxCostPicoUsd: 90n, runMaxRequests: 3n },
    attribution: ATTRIBUTION,
  })
  expect(apply(...budgets).map(({ budget, counter, limit }) => [budget.id, counter.id, limit])).toEqual([
    ['run:k1/r:requests', 'k1/r', 3n],
    ['run:k1/r:usd', 'k1/r', 90n],
    ['max_cost', 'k1/r', 5n],
  ])
  const outside = ATTRIBUTION.slice(0, 4)
  expect(askedBudgets({ asked: { runMaxCostPicoUsd: 1n }, attribution: outside })).toEqual([])
  expect(askedBudgets({ asked: {}, attribution: ATTRIBUTION })).toEqual([])
  expect(runLimit({ asked: 5n, mayRaise: false })).toBe(5n)
  expect(runLimit({ current: 5n, mayRaise: false })).toBe(5n)
  expect(runLimit({ current: 5n, asked: 4n, mayRaise: false })).toBe(4n)
  expect(runLimit({ current: 5n, asked: 6n, mayRaise: true })).toBe(6n)
  expect(errorOf(() => runLimit({ current: 5n, asked: 6n, mayRaise: false })).code).toBe('permission_denied')
})
