import { expect, test } from 'vitest'
import { admit, type Scope } from '../../../src/governance/budgets/admit.ts'
import { amountsWith, type ClampableCost, outputTokensWithin } from '../../../src/governance/budgets/clamp.ts'
import { type BudgetHold, type HoldStep, stepHold, takeHold } from '../../../src/governance/budgets/hold.ts'
import { seeded } from '../../support/dialect-answers.ts'

/**
 * 400 calls at so many in flight against a key's limit of two dearest holds, inside a team's and an organisation's, on a clock of events: how
 * much of the limit is used in the end? Sizes are invented; that the limit holds is not.
 */
const CALLS = 400
const LEAST_TOKENS = 256
const COST: ClampableCost = { fixedPicoUsd: 500n, outputPicoUsd: 10n, inputTokens: 500n, choices: 1n }
const ASKED = [1_000, 4_000, 16_000]
const DEAREST = amountsWith({ cost: COST, outputTokens: 16_000 }).chargePicoUsd
const LIMIT = 2n * DEAREST

type Call = { readonly id: string; readonly asked: number; readonly wants: number; readonly lastsMs: number }
type Running = {
  readonly hold: BudgetHold
  readonly call: Call
  readonly endsMs: number
  readonly tokens: number
}

function run({ inFlight, seed, mayClamp }: { inFlight: number; seed: number; mayClamp: boolean }) {
  const random = seeded(seed)
  const offered: Call[] = Array.from({ length: CALLS }, (_, index) => ({
    id: `c${index}`,
    asked: ASKED[Math.floor(random() * ASKED.length)] ?? 0,
    wants: 50 + Math.floor(random() * 701),
    lastsMs: 200 + Math.floor(random() * 3_000),
  }))
  const limits = { organization: 8n * LIMIT, unit: 4n * LIMIT, key: LIMIT } as const
  const levels = Object.keys(limits) as (keyof typeof limits)[]
  const sums = new Map(levels.map((level) => [level as string, { spent: 0n, held: 0n }]))
  const running: Running[] = []
  const line: Call[] = []
  let nowMs = 0
  let refused = 0

  const scopes = (): Scope[] =>
    levels.map((level) => ({
      budgetId: level,
      level,
      levelId: level,
      metric: 'usd',
      mode: 'hard',
      windowId: 'total',
      resetsAtMs: null,
      limit: limits[level],
      ...(sums.get(level) ?? { spent: 0n, held: 0n }),
    }))

  function apply({ changes }: HoldStep): void {
    for (const { budgetId, heldBy, spentBy } of changes) {
      const { spent, held } = sums.get(budgetId) ?? { spent: 0n, held: 0n }
      sums.set(budgetId, { spent: spent + spentBy, held: held + heldBy })
    }
    for (const { spent, held, limit } of scopes()) expect(spent + held <= limit).toBe(true)
  }

  function start(call: Call, tokens: number): void {
    const amounts = amountsWith({ cost: COST, outputTokens: tokens })
    const step = takeHold({ id: call.id, scopes: scopes(), amounts, expiresAtMs: nowMs + 600_000 })
    apply(step)
    running.push({ hold: step.hold, call, tokens, endsMs: nowMs + call.lastsMs })
  }

  /** Whether the call is off the line: running, or refused. */
  function tryCall(call: Call): boolean {
    const amounts = amountsWith({ cost: COST, outputTokens: call.asked })
    const least = amountsWith({ cost: COST, outputTokens: LEAST_TOKENS })
    const verdict = admit({ scopes: scopes(), amounts, ...(mayClamp ? { least } : {}) })
    if (verdict.kind === 'waits') return false
    if (verdict.kind === 'admitted') start(call, call.asked)
    else if (verdict.kind === 'refused') refused += 1
    else {
      const tokens = outputTokensWithin({ fits: verdict.fits, cost: COST, askedTokens: call.asked })
      if (tokens === undefined) throw new Error('what fits does not fit')
      start(call, tokens)
    }
    return true
  }

  /** First come, first served: nobody is asked before those who came earlier. */
  function serve(): void {
    for (;;) {
      const [head] = line
      if (head) {
        if (!tryCall(head)) return
        line.shift()
        continue
      }
      const next = running.length < inFlight ? offered.shift() : undefined
      if (!next) return
      line.push(next)
    }
  }

  for (serve(); running.length > 0; serve()) {
    running.sort((one, other) => one.endsMs - other.endsMs)
    const ended = running.shift()
    if (!ended) break
    nowMs = ended.endsMs
    const actual = amountsWith({ cost: COST, outputTokens: Math.min(ended.call.wants, ended.tokens) })
    apply(stepHold({ hold: ended.hold, event: { kind: 'capture', actual } }))
  }
  const { spent = 0n, held = 0n } = sums.get('key') ?? {}
  expect(held).toBe(0n)
  expect(line).toHaveLength(0)
  expect(offered).toHaveLength(0)
  return { usedPercent: Number((spent * 10_000n) / LIMIT) / 100, refused }
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
const SEEDS = [1, 2, 3, 4, 5]

test.each([1, 8, 32, 128])('at %i in flight the limit is used and never passed', (inFlight) => {
  const used = (mayClamp: boolean) => SEEDS.map((seed) => run({ inFlight, seed, mayClamp }).usedPercent)
  const [waiting, clamping] = [used(false), used(true)]
  expect(median(waiting)).toBeGreaterThanOrEqual(97)
  expect(Math.min(...clamping)).toBeGreaterThanOrEqual(97)
  expect(Math.max(...waiting, ...clamping)).toBeLessThanOrEqual(100)
})
