import type { PicoUsd } from '../../lib/money.ts'
import type { Place } from '../hierarchy/attribution.ts'
import type { Authority } from '../roles/may-do.ts'

/** What is counted: charges in pico-USD, tokens in and out together, or calls. */
export const METRICS = ['usd', 'tokens', 'requests'] as const
export type Metric = (typeof METRICS)[number]

/** What one call takes of each metric: its worst case when it is held, what it really was when it is captured. */
export type Amounts = {
  readonly chargePicoUsd: PicoUsd
  readonly tokens: bigint
  readonly requests: bigint
}

export const CALENDAR_WINDOWS = ['hour', 'day', 'week', 'month', 'quarter'] as const
export type CalendarWindow = (typeof CALENDAR_WINDOWS)[number]

/** `request`: each call by itself. `total`: for ever. Rolling: the last so many seconds, at any moment. */
export type WindowKind = 'request' | CalendarWindow | 'total' | { readonly rollingSeconds: number }

/**
 * hard refuses what does not fit. soft lets it through and says so to the caller. observe lets it through and tells only the operator what a
 * hard limit would have done: for trying a limit before it binds.
 */
export type BudgetMode = 'hard' | 'soft' | 'observe'

/** Another limit for some time; the last in the list that holds at a moment counts. */
export type LimitOverride = {
  readonly limit: bigint
  readonly fromMs: number
  readonly untilMs: number
}

/** One limit on one metric in one window at one place. A place has as many as it wants; all of them have to pass. */
export type Budget = {
  readonly id: string
  readonly organizationId: string | null
  readonly place: Place
  readonly metric: Metric
  readonly window: WindowKind
  /** In the metric's unit: pico-USD, tokens, calls. */
  readonly limit: bigint
  readonly mode: BudgetMode
  /** shared: all below spend from one counter. each: whoever comes next below has a counter of its own (budgets/applicable-budgets). */
  readonly applies: 'shared' | 'each'
  /** IANA zone of calendar windows, of the organisation where it says none. */
  readonly timeZone: string
  /** Percent of the limit at which an alert goes out, once per window. */
  readonly thresholdsPercent: readonly number[]
  readonly overrides: readonly LimitOverride[]
  readonly setBy: Authority
  readonly version: number
  /** Of a run only: its call brings this limit to open it with, and has not found it open. */
  readonly opens?: true
}

export const DEFAULT_THRESHOLDS: readonly number[] = [80, 95, 100]

/** What a budget is where nothing else is said. */
export const BUDGET_DEFAULTS = {
  metric: 'usd',
  window: 'month',
  mode: 'hard',
  applies: 'shared',
  timeZone: 'UTC',
  thresholdsPercent: DEFAULT_THRESHOLDS,
  overrides: [],
} as const satisfies Partial<Budget>

/** The amount that counts for a metric. */
export function amountOf({ amounts, metric }: { amounts: Amounts; metric: Metric }): bigint {
  if (metric === 'usd') return amounts.chargePicoUsd
  return metric === 'tokens' ? amounts.tokens : amounts.requests
}
