import type { Scope } from '../../governance/budgets/admit.ts'
import { budgetRefusal } from '../../governance/budgets/budget-refusal.ts'
import { exceedRule } from '../../governance/budgets/exceed-rule.ts'
import type { UnitPath } from '../../governance/hierarchy/unit-path.ts'
import { keyMayDo } from '../../governance/keys/key-kinds.ts'
import { mayDo } from '../../governance/roles/may-do.ts'
import type { BudgetStore, CallBudgets } from '../budget-ports.ts'
import type { GovernedCaller } from '../rules-ports.ts'
import type { ReceivedCall } from '../types.ts'
import { budgetsAsked } from './run-limits.ts'

/** What is nobody else's to hide from the caller. */
const OWN_LEVELS = ['principal', 'wallet', 'key', 'run']
/** Of who has only a voucher of the key. */
const OF_VOUCHER = ['voucher', 'run']

/** Where a budget hangs, as permissions see it. */
function pathOf({ unit }: GovernedCaller['rules'], { level, levelId }: Scope): UnitPath {
  if (level === 'organization') return unit.path.slice(0, 1)
  const depth = level === 'unit' ? unit.path.indexOf(levelId) : -1
  return depth < 0 ? unit.path : unit.path.slice(0, depth + 1)
}

/** Whether a caller may see the amounts of a budget: what is its own, or `budgets:read` there. */
export function mayReadBudget({ rules }: GovernedCaller, scope: Scope): boolean {
  const { key, grants, voucher } = rules
  if (voucher) return OF_VOUCHER.includes(scope.level)
  const isOwn = OWN_LEVELS.includes(scope.level)
  // A wallet that nobody gave a role sees what is its own.
  if (!key && isOwn) return true
  const asked = { grants, permission: 'budgets:read', unitPath: pathOf(rules, scope), isOwn } as const
  return key ? keyMayDo({ key, ...asked }) : mayDo(asked)
}

/**
 * The budgets of a call: those that are set for its caller, and those that it brings itself. undefined where there are none, which is the
 * usual call.
 *
 * @throws TurnpikeError `permission_denied` where it would raise a run and may not.
 */
export async function callBudgets({
  received,
  store,
}: {
  received: ReceivedCall
  store: BudgetStore
}): Promise<CallBudgets | undefined> {
  const { caller, request } = received
  if (!caller) return undefined
  const budgets = [...caller.rules.budgets, ...(await budgetsAsked({ received, caller, store }))]
  if (budgets.length === 0) return undefined
  const { onExceed, waitMs, runId } = request.budget ?? {}
  return {
    budgets,
    rule: exceedRule({
      asked: {
        ...(onExceed === undefined ? {} : { onExceed }),
        ...(waitMs === undefined ? {} : { waitMs }),
      },
      policy: caller.policy,
      isAgent: !caller.rules.key || caller.rules.voucher !== undefined || runId !== undefined,
    }),
    refusal: (refused) =>
      budgetRefusal({ ...refused, mayRead: (constraint) => mayReadBudget(caller, constraint) }),
  }
}
