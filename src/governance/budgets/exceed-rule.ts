import { LIMITS } from '../../lib/limits.ts'
import type { Sourced } from '../policies/effective-policy.ts'
import type { ExceedStep } from '../policies/types.ts'

/** What is done where a budget has no room: the steps in order; then the call is refused. */
export type ExceedRule = {
  readonly steps: readonly ExceedStep[]
  /** How long it waits for the holds of others; 0 where it does not wait. */
  readonly waitMs: number
}

/** `budget.on_exceed` of a request. */
export type OnExceed = ExceedStep | 'reject'

const stepsOf = (onExceed: OnExceed): readonly ExceedStep[] => (onExceed === 'reject' ? [] : [onExceed])

/**
 * What the caller says, else what the nearest policy says, else the default: keys wait 2 seconds, wallets, vouchers and runs are clamped.
 *
 * @param isAgent a wallet or a voucher calls, or the call belongs to a run.
 */
export function exceedRule({
  asked = {},
  policy = {},
  isAgent,
}: {
  asked?: { readonly onExceed?: OnExceed; readonly waitMs?: number }
  policy?: { readonly onExceed?: Sourced<readonly ExceedStep[]>; readonly waitMs?: Sourced<number> }
  isAgent: boolean
}): ExceedRule {
  const usual: readonly ExceedStep[] = isAgent ? ['clamp'] : ['wait']
  const steps = asked.onExceed === undefined ? (policy.onExceed?.value ?? usual) : stepsOf(asked.onExceed)
  const waitMs = asked.waitMs ?? policy.waitMs?.value ?? LIMITS.budgetWaitMs
  return { steps, waitMs: steps.includes('wait') ? Math.min(waitMs, LIMITS.budgetWaitMaxMs) : 0 }
}
