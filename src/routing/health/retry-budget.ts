import { LIMITS } from '../../lib/limits.ts'

/**
 * What may be tried beyond the first attempt of each call, in parts of an attempt: whole numbers, so that nothing is lost in rounding.
 * Over any number of calls the extra attempts are at most a tenth of them and what there was at the start.
 */
export type RetryBudget = { readonly parts: number }

const PARTS = LIMITS.retryCallsPerAttempt

export const FULL_AT_START: RetryBudget = { parts: LIMITS.retryAtStart * PARTS }

/** A call came: it brings its part. */
export const afterCall = ({ parts }: RetryBudget): RetryBudget => ({
  parts: Math.min(parts + 1, LIMITS.retrySaved * PARTS),
})

export const attemptsLeft = ({ parts }: RetryBudget): number => Math.floor(parts / PARTS)

/** One attempt more; undefined where there is none left. */
export const afterAttempt = (budget: RetryBudget): RetryBudget | undefined =>
  budget.parts < PARTS ? undefined : { parts: budget.parts - PARTS }
