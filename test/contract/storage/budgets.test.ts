import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BudgetTerms } from '../../../src/call/budget-ports.ts'
import { newEvent } from '../../../src/governance/alerts/coalesce.ts'
import { admit, type Scope } from '../../../src/governance/budgets/admit.ts'
import { type BudgetHold, stepHold, takeHold } from '../../../src/governance/budgets/hold.ts'
import { crossedThresholds } from '../../../src/governance/budgets/thresholds.ts'
import type { Amounts } from '../../../src/governance/budgets/types.ts'
import { windowOf } from '../../../src/governance/budgets/window-of.ts'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { formatUsd } from '../../../src/lib/money.ts'
import { NO_USAGE } from '../../../src/chat/usage.ts'
import { holdsOn, termsOf } from '../../support/budgets.ts'
import { admissionOf, captureOf, giveCredit, LEDGER, NOW_MS, payerNamed } from '../../support/calls.ts'
import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import { brokenInvariants, KINDS, useStorage } from './stores.ts'

test.skipIf(hasPostgres)(`the suite on a server ${MISSING_POSTGRES}`, () => {})

const PICO_PER_ATOMIC = 1_000_000n
/** What a call of so many atomic units takes at most. */
const amountsOf = (ceilingAtomic: bigint, tokens = 100n): Amounts => ({
  chargePicoUsd: ceilingAtomic * PICO_PER_ATOMIC,
  tokens,
  requests: 1n,
})
const sums = ({ spent, held }: Pick<Scope, 'spent' | 'held'>) => ({ spent, held })

describe.each(KINDS)('budgets on %s', (kind) => {
  const storage = useStorage(kind)
  const payer = { kind: 'wallet' as const, id: payerNamed('rich') }
  const rich = () => giveCredit(storage(), payer.id, 10n ** 20n)
  const credit = (amount: bigint) => ({ ledger: LEDGER, account: ACCOUNTS.credit(payer.id), amount })

  const callOn = (budgets: readonly BudgetTerms[], ceilingAtomic = 1000n, tokens = 100n) =>
    admissionOf({
      payer,
      ceilingAtomic,
      holds: [credit(ceilingAtomic), ...holdsOn(budgets, amountsOf(ceilingAtomic, tokens))],
    })
  const askOn = (budgets: readonly BudgetTerms[], ceilingAtomic = 1000n, tokens = 100n) =>
    storage().calls.admit(callOn(budgets, ceilingAtomic, tokens))
  const standing = async (budgets: readonly BudgetTerms[]) =>
    (await storage().budgets.listScopes(budgets)).map(sums)

  test('racing calls over three nested limits never go beyond any of them, and what is held is what is open', async () => {
    await rich()
    const id = randomUUID()
    const [limits, ceiling] = [[9_500n, 6_000n, 12_000n], 1000n] as const
    const budgets = limits.map((limit, index) =>
      termsOf({ budgetId: `${id}-${index}`, levelId: `level ${index}`, limit: limit * PICO_PER_ATOMIC }),
    )
    let mostCommitted = 0n
    const open: string[] = []
    const work = Array.from({ length: 60 }, async (_, index) => {
      const admission = callOn(budgets, ceiling)
      const outcome = await storage().calls.admit(admission)
      if (outcome.kind !== 'admitted') return outcome.kind
      const scopes = await storage().budgets.listScopes(budgets)
      for (const { spent, held, limit } of scopes) {
        expect(spent + held).toBeLessThanOrEqual(limit)
        if (limit === 6_000n * PICO_PER_ATOMIC)
          mostCommitted = spent + held > mostCommitted ? spent + held : mostCommitted
      }
      if (index % 3 === 0) open.push(admission.callId)
      else await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 100n }))
      return outcome.kind
    })
    const kinds = new Set(await Promise.all(work))
    expect([...kinds].toSorted()).toEqual(['admitted', 'over_budget'])
    expect(mostCommitted).toBeGreaterThan(4_000n * PICO_PER_ATOMIC)
    const held = BigInt(open.length) * ceiling * PICO_PER_ATOMIC
    for (const scope of await storage().budgets.listScopes(budgets)) expect(scope.held).toBe(held)
    expect(await brokenInvariants(storage())).toEqual([])
  })

  test('a hold and its capture count once, however often they come', async () => {
    await rich()
    const budgets = [termsOf({ budgetId: randomUUID() })]
    const admission = callOn(budgets)
    for (const _ of [1, 2, 3]) expect(await storage().calls.admit(admission)).toEqual({ kind: 'admitted' })
    expect(await standing(budgets)).toEqual([{ spent: 0n, held: 1_000_000_000n }])
    for (const charge of [300n, 900n, 0n])
      await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: charge }))
    await storage().calls.admit(admission)
    expect(await standing(budgets)).toEqual([{ spent: 300_000_000n, held: 0n }])
  })

  test('tokens and calls are counted in ledgers of their own, and a call that is let go counts nowhere', async () => {
    await rich()
    const id = randomUUID()
    const budgets = [
      termsOf({ budgetId: `${id}-usd` }),
      termsOf({ budgetId: `${id}-tokens`, metric: 'tokens', limit: 1_000n }),
      termsOf({ budgetId: `${id}-requests`, metric: 'requests', limit: 3n }),
    ]
    const usage = {
      ...NO_USAGE,
      inputUncached: 12,
      cacheRead: 5,
      cacheWriteHour: 3,
      outputText: 20,
      reasoning: 10,
    }
    const used = callOn(budgets)
    const released = callOn(budgets)
    await Promise.all([used, released].map((one) => storage().calls.admit(one)))
    expect((await standing(budgets)).map(({ held }) => held)).toEqual([2_000_000_000n, 200n, 2n])
    await storage().calls.capture(captureOf(used.callId, { usage }))
    await storage().calls.capture(captureOf(released.callId, { usage, chargeAtomic: 0n }))
    expect(await standing(budgets)).toEqual([
      { spent: 300_000_000n, held: 0n },
      { spent: 50n, held: 0n },
      { spent: 1n, held: 0n },
    ])
    // A model without a price is answered for nothing, and counts all the same.
    const free = admissionOf({ payer, ceilingAtomic: 0n, holds: holdsOn(budgets, amountsOf(0n)) })
    await storage().calls.admit(free)
    await storage().calls.capture(captureOf(free.callId, { usage, chargeAtomic: 0n, outcome: 'completed' }))
    expect((await standing(budgets)).map(({ spent }) => spent)).toEqual([300_000_000n, 100n, 2n])
    expect((await askOn(budgets)).kind).toBe('admitted')
    expect(await askOn(budgets)).toMatchObject({ kind: 'over_budget' })
    expect(await brokenInvariants(storage())).toEqual([])
  })

  test('soft and observed budgets let everything through and say what they would have done', async () => {
    await rich()
    const id = randomUUID()
    const soft = termsOf({ budgetId: `${id}-soft`, mode: 'soft', limit: 1_500_000_000n })
    const observe = termsOf({ budgetId: `${id}-observe`, mode: 'observe', limit: 500_000_000n })
    const outcomes = await Promise.all([1, 2, 3].map(() => askOn([soft, observe])))
    const exceeded = outcomes.map((outcome) =>
      outcome.kind === 'admitted' ? (outcome.exceeded ?? []).map(({ mode, held }) => [mode, held]) : [],
    )
    expect(exceeded.flat()).toHaveLength(5)
    expect(exceeded.flat()).toEqual(
      expect.arrayContaining([
        ['observe', 0n],
        ['soft', 1_000_000_000n],
        ['soft', 2_000_000_000n],
        ['observe', 1_000_000_000n],
        ['observe', 2_000_000_000n],
      ]),
    )
    expect(await standing([soft, observe])).toEqual([
      { spent: 0n, held: 3_000_000_000n },
      { spent: 0n, held: 3_000_000_000n },
    ])
  })

  test('a lowered limit takes nothing back and lets nothing more in, also for who does not know it yet', async () => {
    await rich()
    const before = termsOf({ budgetId: randomUUID(), limit: 5_000_000_000n })
    const first = callOn([before], 3000n)
    expect((await storage().calls.admit(first)).kind).toBe('admitted')
    const after = { ...before, limit: 2_000_000_000n, version: 2 }
    expect(await askOn([after])).toEqual({
      kind: 'over_budget',
      scopes: [
        expect.objectContaining({
          budgetId: before.budgetId,
          limit: 2_000_000_000n,
          spent: 0n,
          held: 3_000_000_000n,
        }),
      ],
    })
    // A refusal writes nothing, so the new limit comes with the first call that it lets in, or with the change itself.
    await storage().calls.capture(captureOf(first.callId, { chargeAtomic: 500n }))
    expect((await askOn([after])).kind).toBe('admitted')
    expect(await askOn([before], 1000n)).toMatchObject({
      kind: 'over_budget',
      scopes: [{ limit: 2_000_000_000n }],
    })
  })

  test('whom a budget refuses is not asked to pay first', async () => {
    const budget = termsOf({ budgetId: randomUUID(), limit: 1n })
    const nobody = { kind: 'wallet' as const, id: payerNamed(randomUUID()) }
    const holds = [
      { ledger: LEDGER, account: ACCOUNTS.credit(nobody.id), amount: 1000n },
      ...holdsOn([budget], amountsOf(1000n)),
    ]
    expect((await storage().calls.admit(admissionOf({ payer: nobody, holds }))).kind).toBe('over_budget')
    await giveCredit(storage(), nobody.id, 10n)
    expect((await storage().calls.admit(admissionOf({ payer: nobody, holds }))).kind).toBe('over_budget')
    const wide = holdsOn([termsOf({ budgetId: randomUUID() })], amountsOf(1000n))
    const poor = await storage().calls.admit(
      admissionOf({ payer: nobody, holds: [...holds.slice(0, 1), ...wide] }),
    )
    expect(poor).toMatchObject({ kind: 'refused', availableAtomic: 10n })
  })

  test('a threshold is told once, in the commit of the capture that reaches it, as governance would say it', async () => {
    await rich()
    const organizationId = `org "${randomUUID()}" \\ ü`
    const terms = termsOf({
      budgetId: `${randomUUID()}:with:colons`,
      organizationId,
      levelId: 'acme/run 7',
      limit: 1_000_500_000n,
      thresholdsPercent: [50, 80, 100],
    })
    const admissions = Array.from({ length: 10 }, () => callOn([terms], 100n))
    await Promise.all(admissions.map((one) => storage().calls.admit(one)))
    await Promise.all(
      admissions.map(({ callId }) => storage().calls.capture(captureOf(callId, { chargeAtomic: 100n }))),
    )
    const { items } = await storage().governance.list({
      resource: 'events',
      tenant: organizationId,
      limit: 10,
      order: 'asc',
    })
    expect(items).toHaveLength(2)
    for (const event of items) {
      if (event.type !== 'budget.threshold') throw new Error(`What is ${event.type}?`)
      const { percent, spent } = event.data
      const expected = newEvent({
        type: 'budget.threshold',
        organizationId,
        cause: [terms.budgetId, terms.levelId, terms.windowId, String(percent)],
        atMs: NOW_MS + 900,
        data: {
          budget_id: terms.budgetId,
          scope: terms.level,
          scope_id: terms.levelId,
          metric: 'usd',
          window: terms.windowId,
          limit: formatUsd(terms.limit),
          spent,
          percent,
          resets_at: new Date(terms.resetsAtMs ?? 0).toISOString(),
        },
      })
      expect(event).toEqual(expected)
      expect(Number(spent) * 100).toBeGreaterThanOrEqual(percent * Number(formatUsd(terms.limit)))
    }
    // One more reaches the limit: told as exhausted, and nothing is told again.
    const last = callOn([{ ...terms, mode: 'soft' }], 100n)
    await storage().calls.admit(last)
    await storage().calls.capture(captureOf(last.callId, { chargeAtomic: 100n }))
    const after = await storage().governance.list({ resource: 'events', tenant: organizationId, limit: 10 })
    expect(after.items.map(({ type }) => type).toSorted()).toEqual([
      'budget.exhausted',
      'budget.threshold',
      'budget.threshold',
    ])
  })

  test('what a crash leaves held is what is open, and recovery lets it go', async () => {
    await rich()
    const budgets = [
      termsOf({ budgetId: randomUUID() }),
      termsOf({ budgetId: randomUUID(), metric: 'requests', limit: 9n }),
    ]
    const admissions = [1, 2, 3].map(() => callOn(budgets))
    await Promise.all(admissions.map((one) => storage().calls.admit(one)))
    await storage().instances.heartbeat()
    const abandoned = await storage().calls.listAbandoned({ nowMs: NOW_MS + 3_600_000, limit: 1000 })
    const ours = abandoned.filter(({ callId }) => admissions.some((one) => one.callId === callId))
    expect(ours).toHaveLength(3)
    expect((await standing(budgets)).map(({ held }) => held)).toEqual([3_000_000_000n, 3n])
    for (const { callId } of ours)
      await storage().calls.capture(captureOf(callId, { chargeAtomic: 0n, outcome: 'abandoned' }))
    expect(await standing(budgets)).toEqual([
      { spent: 0n, held: 0n },
      { spent: 0n, held: 0n },
    ])
  })

  test('a rolling window counts all of its slots, whichever clock a call goes by', async () => {
    await rich()
    const budget = { window: { rollingSeconds: 600 }, timeZone: 'UTC' } as const
    const id = randomUUID()
    const at = (atMs: number): BudgetTerms => {
      const window = windowOf({ budget, atMs })
      return termsOf({
        budgetId: id,
        windowId: window.id,
        rollingFromMs: window.fromMs,
        resetsAtMs: window.resetsAtMs,
        limit: 5_000_000_000n,
      })
    }
    const slots = [0, 10_000, 20_000].map((ms) => at(NOW_MS + ms))
    const calls = Array.from({ length: 18 }, (_, index) => callOn([slots[index % 3] ?? at(NOW_MS)]))
    const outcomes = await Promise.all(calls.map((call) => storage().calls.admit(call)))
    expect(outcomes.filter(({ kind }) => kind === 'admitted')).toHaveLength(5)
    const open = calls.filter((_, index) => outcomes[index]?.kind === 'admitted')
    for (const { callId } of open) await storage().calls.capture(captureOf(callId, { chargeAtomic: 500n }))
    expect(await standing([at(NOW_MS + 30_000)])).toEqual([{ spent: 2_500_000_000n, held: 0n }])
    const more = await Promise.all([1, 2, 3, 4].map(() => askOn([at(NOW_MS + 30_000)])))
    expect(more.filter(({ kind }) => kind === 'admitted')).toHaveLength(2)
    // Who comes late with an earlier slot finds it closed, though it has had room.
    const other = (atMs: number) => ({ ...at(atMs), budgetId: `${id}-other` })
    expect((await askOn([other(NOW_MS)])).kind).toBe('admitted')
    for (const _ of [1, 2, 3, 4]) expect((await askOn([other(NOW_MS + 10_000)])).kind).toBe('admitted')
    expect((await askOn([other(NOW_MS)])).kind).toBe('over_budget')
    // The first slots fall out of the window, and their room is there again.
    expect((await askOn([at(NOW_MS + 1_000_000)], 5000n)).kind).toBe('admitted')
  })

  test('any history is judged and counted as the rule says', async () => {
    await rich()
    const mode = fc.constantFrom('hard' as const, 'soft' as const, 'observe' as const)
    const metric = fc.constantFrom('usd' as const, 'tokens' as const, 'requests' as const)
    const budgetList = fc.array(fc.record({ mode, metric, size: fc.bigInt(0n, 40n) }), {
      minLength: 1,
      maxLength: 4,
    })
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('call' as const),
        ceiling: fc.bigInt(0n, 20n),
        tokens: fc.bigInt(0n, 20n),
      }),
      fc.record({
        kind: fc.constant('end' as const),
        which: fc.nat(9),
        charge: fc.bigInt(0n, 25n),
        tokens: fc.nat(25),
      }),
      fc.record({ kind: fc.constant('limit' as const), which: fc.nat(3), size: fc.bigInt(0n, 40n) }),
    )
    const property = fc.asyncProperty(budgetList, fc.array(step, { maxLength: 14 }), async (kinds, steps) => {
      await followHistory(kinds, steps)
    })
    await fc.assert(property, { numRuns: 25 })
    expect(await brokenInvariants(storage())).toEqual([])
  })

  type Kind = {
    readonly mode: BudgetTerms['mode']
    readonly metric: BudgetTerms['metric']
    readonly size: bigint
  }
  type Step =
    | { readonly kind: 'call'; readonly ceiling: bigint; readonly tokens: bigint }
    | { readonly kind: 'end'; readonly which: number; readonly charge: bigint; readonly tokens: number }
    | { readonly kind: 'limit'; readonly which: number; readonly size: bigint }

  /** The same events through the rule and through the store, side by side. */
  async function followHistory(kinds: readonly Kind[], steps: readonly Step[]): Promise<void> {
    const unit = (metric: BudgetTerms['metric']) => (metric === 'usd' ? PICO_PER_ATOMIC : 1n)
    const organizationId = randomUUID()
    let budgets = kinds.map(({ mode, metric, size }) =>
      termsOf({
        budgetId: randomUUID(),
        organizationId,
        mode,
        metric,
        limit: size * unit(metric),
        thresholdsPercent: [50, 100],
      }),
    )
    const model = new Map(
      budgets.map(({ budgetId }) => [budgetId, { spent: 0n, held: 0n, told: [] as number[] }]),
    )
    const holds: { readonly callId: string; hold: BudgetHold; ceiling: bigint }[] = []
    /** The limits that the store has: those of the call that opened the window, and of every call that was let in. */
    const known = new Map<string, BudgetTerms>()
    const scopes = (): Scope[] =>
      budgets.map(
        ({ organizationId: _organization, version: _version, thresholdsPercent: _thresholds, ...scope }) => ({
          ...scope,
          ...sums(model.get(scope.budgetId) ?? { spent: 0n, held: 0n }),
        }),
      )
    const apply = (changes: ReturnType<typeof takeHold>['changes']) => {
      for (const { budgetId, heldBy, spentBy } of changes) {
        const one = model.get(budgetId)
        if (one) Object.assign(one, { held: one.held + heldBy, spent: one.spent + spentBy })
      }
    }
    for (const step of steps) {
      if (step.kind === 'limit') {
        budgets = budgets.map((terms, index) =>
          index === step.which % budgets.length
            ? { ...terms, limit: step.size * unit(terms.metric), version: terms.version + 1 }
            : terms,
        )
      } else if (step.kind === 'call') {
        const amounts = amountsOf(step.ceiling, step.tokens)
        const verdict = admit({ scopes: scopes(), amounts })
        const admission = callOn(budgets, step.ceiling, step.tokens)
        const outcome = await storage().calls.admit(admission)
        if (verdict.kind === 'admitted') {
          expect(outcome.kind).toBe('admitted')
          const exceeded = outcome.kind === 'admitted' ? (outcome.exceeded ?? []) : []
          const expected = verdict.exceeded.map(({ needed: _needed, ...scope }) => scope)
          expect(new Set(exceeded)).toEqual(new Set(expected))
          const taken = takeHold({ id: admission.callId, scopes: scopes(), amounts, expiresAtMs: NOW_MS })
          apply(taken.changes)
          for (const terms of budgets) known.set(terms.budgetId, terms)
          holds.push({ callId: admission.callId, hold: taken.hold, ceiling: step.ceiling })
        } else {
          expect(outcome).toEqual({ kind: 'over_budget', scopes: scopes() })
          for (const terms of budgets) if (!known.has(terms.budgetId)) known.set(terms.budgetId, terms)
        }
      } else {
        const one = holds[step.which % Math.max(1, holds.length)]
        if (!one) continue
        const isReleased = step.charge === 0n || one.ceiling === 0n
        const charge = step.charge < one.ceiling ? step.charge : one.ceiling
        const event = isReleased
          ? ({ kind: 'release' } as const)
          : ({
              kind: 'capture',
              actual: { chargePicoUsd: charge * PICO_PER_ATOMIC, tokens: BigInt(step.tokens), requests: 1n },
            } as const)
        const isFirst = one.hold.state === 'held'
        const stepped = stepHold({ hold: one.hold, event })
        await storage().calls.capture(
          captureOf(one.callId, {
            chargeAtomic: isReleased ? 0n : charge,
            usage: { ...NO_USAGE, outputText: step.tokens },
            outcome: isReleased ? 'failed' : 'completed',
          }),
        )
        apply(stepped.changes)
        if (isFirst) tell()
        one.hold = stepped.hold
      }
      expect(await standing(budgets)).toEqual(scopes().map(sums))
    }
    const { items } = await storage().governance.list({
      resource: 'events',
      tenant: organizationId,
      limit: 100,
    })
    expect(items.length).toBe([...model.values()].reduce((count, { told }) => count + told.length, 0))

    function tell(): void {
      for (const [budgetId, { limit, thresholdsPercent }] of known) {
        const one = model.get(budgetId)
        if (!one) continue
        const crossed = crossedThresholds({ limit, thresholdsPercent, spent: one.spent, told: one.told })
        one.told.push(...crossed.map(({ percent }) => percent))
      }
    }
  }
})
