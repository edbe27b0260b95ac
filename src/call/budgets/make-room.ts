import { admit, type BudgetVerdict, type Constraint, type Scope } from '../../governance/budgets/admit.ts'
import { outputTokensWithin } from '../../governance/budgets/clamp.ts'
import type { PicoUsd } from '../../lib/money.ts'
import type { PlanDependencies } from '../plan/plan.ts'
import type { PlannedCall } from '../types.ts'
import { amountsOf, clampTo, costOf, leastOf } from './amounts.ts'
import { planCheaper } from './plan-cheaper.ts'

/** What a call does where budgets have no room for it as it is. */
export type NextStep =
  /** A form of it that may fit: shorter, of a cheaper model, or as it is where the budgets have room meanwhile. */
  | { readonly kind: 'try'; readonly planned: PlannedCall }
  /** It may fit once calls under way have ended that hold in these. */
  | { readonly kind: 'wait'; readonly blockedBy: readonly Constraint[] }
  | { readonly kind: 'refuse'; readonly binding: Constraint; readonly also: readonly Constraint[] }

type Full = {
  readonly planned: PlannedCall
  readonly feePicoUsd: PicoUsd
  readonly scopes: readonly Scope[]
  readonly dependencies: PlanDependencies
}

function clamped({ planned, feePicoUsd, scopes }: Full): PlannedCall | undefined {
  const priced = { planned, feePicoUsd }
  const verdict = admit({ scopes, amounts: amountsOf(priced), least: leastOf(priced) })
  if (verdict.kind !== 'clamp') return undefined
  const outputCap = outputTokensWithin({
    fits: verdict.fits,
    cost: costOf(priced),
    askedTokens: planned.outputCap,
  })
  return outputCap === undefined ? undefined : clampTo({ planned, outputCap })
}

/** Of a budget of tokens or calls no cheaper model takes less. */
function cheaper({
  planned,
  feePicoUsd,
  scopes,
  dependencies,
}: Full): Promise<PlannedCall | undefined> | undefined {
  const rooms = scopes
    .filter(({ metric, mode }) => metric === 'usd' && mode === 'hard')
    .map(({ limit, spent, held }) => limit - spent - held - feePicoUsd)
  const [first, ...others] = rooms
  if (first === undefined) return undefined
  const roomPicoUsd = others.reduce((least, room) => (room < least ? room : least), first)
  return planCheaper({ planned, roomPicoUsd, dependencies })
}

function refuse(verdict: Extract<BudgetVerdict, { kind: 'waits' | 'refused' }>): NextStep {
  if (verdict.kind === 'refused') return { ...verdict, kind: 'refuse' }
  const [binding, ...also] = verdict.blockedBy
  if (!binding) throw new RangeError('What waits is blocked by something.')
  return { kind: 'refuse', binding, also }
}

/** The first step that helps, of those that caller and policy allow and in their order; then the call is refused. */
export async function makeRoom({ mayWait, ...full }: Full & { mayWait: boolean }): Promise<NextStep> {
  const { planned, feePicoUsd, scopes } = full
  const verdict = admit({ scopes, amounts: amountsOf({ planned, feePicoUsd }) })
  if (verdict.kind === 'admitted' || verdict.kind === 'clamp') return { kind: 'try', planned }
  for (const step of planned.budgets?.rule.steps ?? []) {
    if (step === 'wait' && verdict.kind === 'waits' && mayWait)
      return { kind: 'wait', blockedBy: verdict.blockedBy }
    const smaller = step === 'clamp' ? clamped(full) : step === 'cheaper' ? await cheaper(full) : undefined
    if (smaller) return { kind: 'try', planned: smaller }
  }
  return refuse(verdict)
}
