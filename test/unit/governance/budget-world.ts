import * as fc from 'fast-check'
import type { admit, Scope } from '../../../src/governance/budgets/admit.ts'
import {
  type BudgetHold,
  type HoldEvent,
  type stepHold,
  type takeHold,
  type CounterChange,
} from '../../../src/governance/budgets/hold.ts'
import { type Amounts, amountOf, type Metric } from '../../../src/governance/budgets/types.ts'

/** The rules under test; a planted bug is another rule in one of these places. */
export type Rules = {
  readonly admit: typeof admit
  readonly takeHold: typeof takeHold
  readonly stepHold: typeof stepHold
}

export type WorldBudget = Pick<Scope, 'budgetId' | 'level' | 'levelId' | 'metric' | 'mode'> & {
  limit: bigint
}

export type Step =
  | {
      readonly kind: 'call'
      readonly amounts: Amounts
      readonly least?: Amounts
      readonly known: Amounts
    }
  | { readonly kind: 'dispatch' | 'release'; readonly call: number }
  | { readonly kind: 'capture'; readonly call: number; readonly sharePercent: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'sweep' }
  /** Whoever ran the call is gone after it was sent, and somebody notices. */
  | { readonly kind: 'crash'; readonly call: number }
  | { readonly kind: 'limit'; readonly budget: number; readonly limit: bigint }

type Sums = { spent: bigint; held: bigint }

const HOLD_MS = 20

/** Events go to one of the last so many calls. */
const RECENT = 5

const keyOf = ({ budgetId, windowId }: { budgetId: string; windowId: string }) => `${budgetId} ${windowId}`

/** An applicable budget of the world: windows of 200 ms, so that a history crosses some. */
const WINDOW_MS = 200

/**
 * A store in memory that does what the store will do under its lock: sums by budget and window, holds by call, every answer of the rules applied
 * as it is. After each step it is asked whether everything holds that must always hold.
 */
export function runBudgets({
  rules,
  budgets,
  steps,
}: {
  rules: Rules
  budgets: readonly WorldBudget[]
  steps: readonly Step[]
}) {
  let nowMs = 0
  const limits = budgets.map(({ limit }) => limit)
  const sums = new Map<string, Sums>()
  const holds = new Map<string, BudgetHold>()
  /** What may be spent and held at most in a window: its limit, or what it was before the limit was lowered. */
  const bounds = new Map<string, bigint>()
  const seen = { admitted: 0, clamped: 0, waited: 0, refused: 0, late: 0, excess: 0 }
  const faults: string[] = []
  const claim = (isTrue: boolean, what: string) => {
    if (!isTrue) faults.push(what)
  }

  const windowId = () => `w${Math.floor(nowMs / WINDOW_MS)}`
  const sumsAt = (key: string): Sums => sums.get(key) ?? { spent: 0n, held: 0n }
  const scopesNow = (): readonly Scope[] =>
    budgets.map((budget, index) => ({
      ...budget,
      limit: limits[index] ?? 0n,
      windowId: windowId(),
      resetsAtMs: (Math.floor(nowMs / WINDOW_MS) + 1) * WINDOW_MS,
      ...sumsAt(keyOf({ budgetId: budget.budgetId, windowId: windowId() })),
    }))

  function apply(changes: readonly CounterChange[]): void {
    for (const change of changes) {
      const key = keyOf(change)
      const { spent, held } = sumsAt(key)
      sums.set(key, { spent: spent + change.spentBy, held: held + change.heldBy })
    }
  }

  /** All sums as one text, to see whether anything has changed. */
  const picture = () => [...sums].map(([key, { spent, held }]) => `${key} ${spent} ${held}`).join('\n')

  function call(step: Extract<Step, { kind: 'call' }>): void {
    const id = `c${holds.size}`
    const scopes = scopesNow()
    const before = picture()
    const { amounts, least } = step
    const verdict = rules.admit({ scopes, amounts, ...(least ? { least } : {}) })
    const hard = scopes.filter(({ mode }) => mode === 'hard')
    const fitsEver = (wanted: Amounts) => hard.every((scope) => fitsEverIn(scope, wanted))
    if (verdict.kind === 'admitted' || verdict.kind === 'clamp') {
      seen[verdict.kind === 'clamp' ? 'clamped' : 'admitted'] += 1
      const taken = verdict.kind === 'clamp' ? verdict.fits : verdict.amounts
      const { hold, changes } = rules.takeHold({
        id,
        scopes,
        amounts: taken,
        known: step.known,
        expiresAtMs: nowMs + HOLD_MS,
      })
      holds.set(id, hold)
      apply(changes)
      return
    }
    seen[verdict.kind === 'waits' ? 'waited' : 'refused'] += 1
    claim(picture() === before, 'a call that was not admitted changed something')
    const mayFit = fitsEver(least ?? amounts)
    claim(
      (verdict.kind === 'waits') === mayFit,
      `${verdict.kind}, and without holds it would ${mayFit ? '' : 'not '}fit`,
    )
    if (verdict.kind === 'refused') {
      const violated = hard.filter((scope) => !fitsEverIn(scope, least ?? amounts))
      claim(verdict.binding.budgetId === violated.at(-1)?.budgetId, 'the binding limit is not the narrowest')
    }
  }

  const fitsEverIn = ({ metric, spent, limit }: Scope, wanted: Amounts) => {
    const needed = amountOf({ amounts: wanted, metric })
    return needed === 0n || spent + needed <= limit
  }

  function end(id: string, event: HoldEvent): void {
    const hold = holds.get(id)
    if (!hold) return
    const wasOpen = hold.state === 'held' || hold.state === 'dispatched'
    const step = rules.stepHold({ hold, event })
    if (event.kind === 'capture' && !wasOpen && hold.state === 'expired') seen.late += 1
    if (step.excess) seen.excess += 1
    holds.set(id, step.hold)
    apply(step.changes)
    // Every event comes twice: the second time it changes nothing.
    const before = picture()
    const again = rules.stepHold({ hold: step.hold, event })
    apply(again.changes)
    claim(
      picture() === before && again.hold.state === step.hold.state,
      `a second ${event.kind} changed something`,
    )
  }

  const shareOf = (amounts: Amounts, percent: number): Amounts => {
    const share = (amount: bigint) => (amount * BigInt(percent)) / 100n
    return {
      chargePicoUsd: share(amounts.chargePicoUsd),
      tokens: share(amounts.tokens),
      requests: amounts.requests,
    }
  }

  function take(step: Step): void {
    if (step.kind === 'call') call(step)
    else if (step.kind === 'pass') nowMs += step.ms
    else if (step.kind === 'sweep') for (const id of holds.keys()) end(id, { kind: 'expire', nowMs })
    else if (step.kind === 'limit') limits[step.budget % limits.length] = step.limit
    else {
      const id = `c${holds.size - 1 - (step.call % RECENT)}`
      const amounts = holds.get(id)?.amounts
      if (!amounts) return
      if (step.kind === 'crash') {
        end(id, { kind: 'dispatch' })
        nowMs += HOLD_MS
        end(id, { kind: 'expire', nowMs })
      } else if (step.kind === 'capture')
        end(id, { kind: 'capture', actual: shareOf(amounts, step.sharePercent) })
      else end(id, { kind: step.kind })
    }
  }

  /** What must hold after every step. */
  function look(): void {
    const openHolds = [...holds.values()].filter(({ state }) => state === 'held' || state === 'dispatched')
    for (const [index, budget] of budgets.entries()) {
      const limit = limits[index] ?? 0n
      for (const [key, { spent, held }] of sums) {
        if (!key.startsWith(`${budget.budgetId} `)) continue
        const open = openHolds
          .filter(({ counters }) => counters.some((counter) => keyOf(counter) === key))
          .reduce((sum, { amounts }) => sum + amountOf({ amounts, metric: budget.metric }), 0n)
        claim(held === open, `held ${held} of ${key} is not the sum of open holds ${open}`)
        claim(spent >= 0n, `spent ${spent} of ${key}`)
        if (budget.mode !== 'hard') continue
        const total = spent + held
        const bound = bounds.get(key)
        const allowed = bound !== undefined && bound > limit ? bound : limit
        claim(total <= allowed, `${key}: ${spent} spent and ${held} held, ${allowed} allowed`)
        bounds.set(key, total)
      }
    }
  }

  for (const step of steps) {
    take(step)
    look()
  }
  // Let everything come to its end: no hold outlives its time.
  nowMs += HOLD_MS
  take({ kind: 'sweep' })
  look()
  for (const { held } of sums.values()) claim(held === 0n, 'something is held though nothing runs')
  return { faults, seen }
}

const amountsUpTo = (most: bigint) =>
  fc.record({
    chargePicoUsd: fc.bigInt({ min: 0n, max: most }),
    tokens: fc.bigInt({ min: 0n, max: most }),
    requests: fc.constant(1n),
  })

const callIndex = fc.nat({ max: RECENT - 1 })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        kind: fc.constant('call' as const),
        amounts: amountsUpTo(60n),
        least: amountsUpTo(10n),
        known: amountsUpTo(20n),
      },
      { requiredKeys: ['kind', 'amounts', 'known'] },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'dispatch' as const,
        'dispatch' as const,
        'dispatch' as const,
        'release' as const,
      ),
      call: callIndex,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('capture' as const),
      call: callIndex,
      sharePercent: fc.nat({ max: 130 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 60 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'sweep' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), call: callIndex }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('limit' as const),
      budget: fc.nat({ max: 3 }),
      limit: fc.bigInt({ min: 0n, max: 120n }),
    }),
  },
)

const METRIC_OF: readonly Metric[] = ['usd', 'tokens', 'usd', 'requests']

/** An organisation's budget in dollars, a team's in tokens, a key's in dollars, a key's in calls; some of them soft. */
export const worldBudgets: fc.Arbitrary<WorldBudget[]> = fc.tuple(
  ...METRIC_OF.map((metric, index) =>
    fc.record({
      budgetId: fc.constant(`b${index}`),
      level: fc.constantFrom('unit' as const, 'key' as const),
      levelId: fc.constant(`l${index}`),
      metric: fc.constant(metric),
      mode: fc.constantFrom(
        'hard' as const,
        'hard' as const,
        'hard' as const,
        'soft' as const,
        'observe' as const,
      ),
      limit: metric === 'requests' ? fc.bigInt({ min: 0n, max: 12n }) : fc.bigInt({ min: 0n, max: 150n }),
    }),
  ),
)

export const worldSteps: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 50, size: 'max' })

/** Histories until one breaks a rule, or none did. */
export const findFault = ({ rules, runs }: { rules: Rules; runs: number }): string | undefined => {
  let first: string | undefined
  const found = fc.check(
    fc.property(worldBudgets, worldSteps, (budgets, steps) => {
      const { faults } = runBudgets({ rules, budgets, steps })
      first = faults[0] ?? first
      return faults.length === 0
    }),
    { numRuns: runs, seed: 7, endOnFailure: true },
  )
  return found.failed ? first : undefined
}
