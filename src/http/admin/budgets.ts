import { z } from 'zod'
import { budgetStanding } from '../../call/govern/budget-standing.ts'
import { changeBudget, createBudget } from '../../call/govern/change-budgets.ts'
import { archiveLimit } from '../../call/govern/change-policies.ts'
import { limitAt } from '../../governance/budgets/applicable-budgets.ts'
import {
  type Budget,
  CALENDAR_WINDOWS,
  type Metric,
  METRICS,
  type WindowKind,
} from '../../governance/budgets/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd, parseAtomic, parseUsd } from '../../lib/money.ts'
import { isoTime, pageQuery, place, time, version, versionOnly } from './fields.ts'
import { shapeOfAuthority } from './policies.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

const amountText = (amount: bigint, metric: Metric) =>
  metric === 'usd' ? formatUsd(amount) : amount.toString()

/** @throws TurnpikeError `invalid_field`. */
function amountOf(text: string, metric: Metric, param: string): bigint {
  const amount = metric === 'usd' ? parseUsd(text) : parseAtomic(text)
  if (amount !== undefined) return amount
  const wanted = metric === 'usd' ? 'USD as a decimal string, such as "12.50"' : 'a whole number as a string'
  throw new TurnpikeError('invalid_field', { param, message: `${param}: must be ${wanted}` })
}

const windowText = (window: WindowKind) =>
  typeof window === 'object' ? `rolling:${window.rollingSeconds}` : window

const ROLLING = /^rolling:(\d{1,9})$/
const NAMED = ['request', ...CALENDAR_WINDOWS, 'total'] as const

const window = z
  .string()
  .refine((text) => NAMED.some((one) => one === text) || ROLLING.test(text), {
    message: `must be one of ${NAMED.join(', ')}, or rolling:<seconds>`,
  })
  .transform((text): WindowKind => {
    const [, seconds] = ROLLING.exec(text) ?? []
    return seconds === undefined ? (text as Exclude<WindowKind, object>) : { rollingSeconds: Number(seconds) }
  })

const limit = z.string().max(60).describe('USD as a decimal string; of tokens and requests a whole number.')

const TERMS = {
  window: window.optional().describe('month where absent; rolling:<seconds> for the last so many.'),
  mode: z.enum(['hard', 'soft', 'observe']).optional(),
  applies: z.enum(['shared', 'each']).optional(),
  time_zone: z.string().max(100).optional(),
  thresholds_percent: z.array(z.int()).max(LIMITS.budgetThresholds).optional(),
  overrides: z
    .array(z.strictObject({ limit, from: time, until: time }))
    .max(LIMITS.budgetOverrides)
    .optional()
    .describe('Other limits for some time; of several the last counts.'),
}

type Terms = {
  readonly [Name in keyof typeof TERMS]?: z.output<(typeof TERMS)[Name]> | undefined
}

const termsOf = (body: Terms, metric: Metric) => ({
  window: body.window,
  mode: body.mode,
  applies: body.applies,
  timeZone: body.time_zone,
  thresholdsPercent: body.thresholds_percent,
  overrides: body.overrides?.map((one, index) => ({
    limit: amountOf(one.limit, metric, `overrides[${index}].limit`),
    fromMs: one.from,
    untilMs: one.until,
  })),
})

const shapeOf = (budget: Budget & { readonly archivedAtMs?: number }, atMs: number) => {
  const { metric } = budget
  return {
    object: 'budget',
    id: budget.id,
    organization_id: budget.organizationId,
    place: budget.place,
    metric,
    window: windowText(budget.window),
    limit: amountText(budget.limit, metric),
    limit_now: amountText(limitAt({ budget, atMs }), metric),
    mode: budget.mode,
    applies: budget.applies,
    time_zone: budget.timeZone,
    thresholds_percent: budget.thresholdsPercent,
    overrides: budget.overrides.map((one) => ({
      limit: amountText(one.limit, metric),
      from: isoTime(one.fromMs),
      until: isoTime(one.untilMs),
    })),
    set_by: shapeOfAuthority(budget.setBy),
    version: budget.version,
    archived_at: isoTime(budget.archivedAtMs),
  }
}

/** With how it stands: a budget that applies to each has as many standings as there are callers, and shows none. */
const KIND: Kind<'budgets'> = {
  resource: 'budgets',
  shape: async (desk, budgets) => {
    const standing = await budgetStanding(desk, budgets)
    return budgets.map((budget) => {
      const scope = standing.get(budget.id)
      const text = (amount: bigint) => amountText(amount, budget.metric)
      return {
        ...shapeOf(budget, desk.nowMs),
        spent: scope ? text(scope.spent) : null,
        held: scope ? text(scope.held) : null,
        resets_at: isoTime(scope?.resetsAtMs ?? undefined),
      }
    })
  },
}

export const BUDGET_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/budgets',
    id: 'listBudgets',
    summary: 'Budgets with limit, spent, held and reset',
    permission: 'budgets:read',
    kind: KIND,
    filters: { level: 'level', level_id: 'levelId', metric: 'metric' },
    query: pageQuery(['level', 'level_id', 'metric']),
  }),
  showing({
    path: '/budgets/:id',
    id: 'getBudget',
    summary: 'One budget',
    permission: 'budgets:read',
    kind: KIND,
  }),
  writing({
    path: '/budgets',
    id: 'createBudget',
    summary: 'Sets one more limit at a place',
    permission: 'budgets:write',
    kind: KIND,
    isNew: true,
    body: z.strictObject({ place, metric: z.enum(METRICS).default('usd'), limit, ...TERMS }),
    decide: ({ desk, body }) =>
      createBudget(desk, {
        ...termsOf(body, body.metric),
        place: body.place,
        metric: body.metric,
        limit: amountOf(body.limit, body.metric, 'limit'),
      }),
  }),
  writing({
    method: 'patch',
    path: '/budgets/:id',
    id: 'changeBudget',
    summary: 'Changes a limit from now on; what is spent stays spent',
    permission: 'budgets:write',
    kind: KIND,
    body: z.strictObject({ limit: limit.optional(), ...TERMS, version }),
    decide: async ({ desk, params, body, version }) => {
      const { metric } = await desk.records.get('budgets', params['id'] ?? '')
      return changeBudget(desk, {
        ...termsOf(body, metric),
        id: params['id'] ?? '',
        limit: body.limit === undefined ? undefined : amountOf(body.limit, metric, 'limit'),
        version,
      })
    },
  }),
  writing({
    path: '/budgets/:id/archive',
    id: 'archiveBudget',
    summary: 'Takes a limit away',
    permission: 'budgets:write',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => archiveLimit(desk, 'budgets', { id: params['id'] ?? '', version }),
  }),
]
