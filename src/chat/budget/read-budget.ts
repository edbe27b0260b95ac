import { parseUsd, type PicoUsd } from '../../lib/money.ts'
import { invalidField } from '../check-options.ts'
import { checkSchema } from '../check-schema.ts'
import { type Fields, isAbsent, isObject } from '../read-values.ts'
import type { ChatRequest } from '../types.ts'
import { contradiction } from '../routing/read-routing.ts'
import type { AskedBudget } from './asked-budget.ts'
import { BUDGET_FIELD, ON_EXCEED } from './fields.ts'

/** The header twins, for callers that cannot change their bodies. */
export const BUDGET_HEADERS = {
  maxCost: 'x-turnpike-max-cost',
  run: 'x-turnpike-run',
  runBudget: 'x-turnpike-run-budget',
} as const

/** Digits of a number in USD that still mean something; more than twelve is less than what money is counted in. */
const usdText = (value: unknown): string =>
  typeof value === 'number' ? value.toFixed(12).replace(/\.?0+$/, '') : String(value)

function usdIn(value: unknown, at: string): PicoUsd | undefined {
  if (isAbsent(value)) return undefined
  const amountPicoUsd = parseUsd(usdText(value))
  if (amountPicoUsd === undefined) throw invalidField(at, 'must be an amount in USD such as "0.02".')
  return amountPicoUsd
}

const said = (fields: Readonly<Record<string, unknown>>): AskedBudget =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

function readAsked(budget: unknown): AskedBudget {
  if (isAbsent(budget)) return {}
  checkSchema({ value: budget, schema: BUDGET_FIELD, at: 'budget' })
  const fields: Fields = isObject(budget) ? budget : {}
  const run: Fields = isObject(fields['run']) ? fields['run'] : {}
  const { max_requests: requests } = run
  return said({
    maxCostPicoUsd: usdIn(fields['max_cost'], 'budget.max_cost'),
    runId: run['id'] ?? undefined,
    runMaxCostPicoUsd: usdIn(run['max_cost'], 'budget.run.max_cost'),
    runMaxRequests: typeof requests === 'number' ? BigInt(requests) : undefined,
    onExceed: ON_EXCEED.find((one) => one === fields['on_exceed']),
    waitMs: fields['wait_ms'] ?? undefined,
  })
}

type Headers = Readonly<Record<string, string | undefined>>

function readHeaders(headers: Headers): AskedBudget {
  const [maxCost, runId, runBudget] = [
    headers[BUDGET_HEADERS.maxCost],
    headers[BUDGET_HEADERS.run],
    headers[BUDGET_HEADERS.runBudget],
  ]
  if (maxCost === undefined && runId === undefined && runBudget === undefined) return {}
  const body = {
    ...(maxCost === undefined ? {} : { max_cost: maxCost }),
    ...(runId === undefined
      ? {}
      : { run: { id: runId, ...(runBudget === undefined ? {} : { max_cost: runBudget }) } }),
  }
  if (runBudget !== undefined && runId === undefined)
    throw invalidField(BUDGET_HEADERS.runBudget, `needs the run's name in ${BUDGET_HEADERS.run}.`)
  return readAsked(body)
}

const FIELDS = {
  maxCostPicoUsd: ['budget.max_cost', BUDGET_HEADERS.maxCost],
  runId: ['budget.run.id', BUDGET_HEADERS.run],
  runMaxCostPicoUsd: ['budget.run.max_cost', BUDGET_HEADERS.runBudget],
} as const

/** What a body says about its own budget, as a member of a request. @throws TurnpikeError `invalid_field`, `unknown_field` */
export function budgetOf({ fields }: { fields: Fields }): { readonly budget?: AskedBudget } {
  const budget = readAsked(fields['budget'])
  return Object.keys(budget).length > 0 ? { budget } : {}
}

/**
 * A request with what its headers say about its own budget.
 *
 * @throws TurnpikeError `invalid_field`; `contradicting_options` where body and headers differ.
 * @example withBudget({ request, headers: { 'x-turnpike-max-cost': '0.02' } }).budget // { maxCostPicoUsd: 20_000_000_000n }
 */
export function withBudget({ request, headers }: { request: ChatRequest; headers: Headers }): ChatRequest {
  const { budget: body = {} } = request
  const twins = readHeaders(headers)
  for (const name of Object.keys(FIELDS) as (keyof typeof FIELDS)[]) {
    const [one, other] = [body[name], twins[name]]
    if (one === undefined || other === undefined || one === other) continue
    const [field, header] = FIELDS[name]
    throw contradiction(field, header, 'they name different values.')
  }
  return Object.keys(twins).length === 0 ? request : { ...request, budget: { ...body, ...twins } }
}
