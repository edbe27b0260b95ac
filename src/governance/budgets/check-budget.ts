import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Budget } from './types.ts'
import { isTimeZone } from '../zone-time.ts'

const invalid = (param: string, message: string) =>
  new TurnpikeError('invalid_governance_value', { param, message: `${param}: ${message}` })

/** 60 slots of a second at least, and no longer than the longest calendar window. */
const ROLLING_SECONDS = { least: 60, most: 92 * 86_400 } as const

/**
 * Refuses a budget that could never be right. A limit below what is spent already is none of these: it lets nothing more in, takes nothing
 * back, and calls under way may still end as they were held.
 *
 * @throws TurnpikeError `invalid_governance_value` naming the field.
 */
export function checkBudget({
  limit,
  window,
  timeZone,
  thresholdsPercent,
  overrides,
}: Pick<Budget, 'limit' | 'window' | 'timeZone' | 'thresholdsPercent' | 'overrides'>): void {
  if (limit < 0n) throw invalid('limit', 'not below zero.')
  if (!isTimeZone(timeZone)) throw invalid('time_zone', 'a name of the IANA database, such as Europe/Berlin.')
  if (typeof window === 'object') {
    const { least, most } = ROLLING_SECONDS
    const { rollingSeconds: seconds } = window
    if (!Number.isSafeInteger(seconds) || seconds < least || seconds > most)
      throw invalid('window', `rolling windows have ${least} to ${most} whole seconds.`)
  }
  const isPercent = (percent: number) => Number.isInteger(percent) && percent >= 1 && percent <= 1_000
  if (thresholdsPercent.length > LIMITS.budgetThresholds || !thresholdsPercent.every(isPercent))
    throw invalid('thresholds', `at most ${LIMITS.budgetThresholds} whole percents from 1 to 1000.`)
  if (overrides.length > LIMITS.budgetOverrides)
    throw invalid('overrides', `at most ${LIMITS.budgetOverrides}.`)
  if (overrides.some(({ limit: other, fromMs, untilMs }) => other < 0n || !(fromMs < untilMs)))
    throw invalid('overrides', 'a limit not below zero, and an end after its beginning.')
}
