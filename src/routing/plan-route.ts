import { strategyIn } from '../chat/routing/read-routing.ts'
import type { Catalog } from '../catalog/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { RoutePlan } from './decision.ts'
import { derivedQualityView } from './quality/derived-quality.ts'
import { endpointTable } from './table/endpoint-table.ts'
import type { RouteNeeds } from './filters/fits.ts'
import type { Preferences } from './overrides/merge-overrides.ts'
import { didYouMean, shown } from './overrides/nearest-name.ts'
import { NEUTRAL_HEALTH } from './health/neutral-health.ts'
import { planAuto } from './plan-auto.ts'
import { planNamed } from './plan-named.ts'
import type { Expectation } from './ranking/expect-call.ts'
import { keptPlan, rowsAt } from './quoted-plan.ts'
import { routeQuestion } from './filters/route-question.ts'
import type { RouteQuery } from './route-query.ts'
import type { RouteSetting } from './route-setting.ts'
import { strategyOf } from './overrides/strategies.ts'

export type { RoutePlan } from './decision.ts'
export type { RouteNeeds } from './filters/fits.ts'

const AUTO = /^auto(?::(?:cost|latency|availability|balanced))?$/

/** Whether a model is to be chosen for the caller. */
export const isAuto = (wanted: string): boolean => AUTO.test(wanted)

/** Tokens of a usual answer: the estimate's expectation as well. */
const USUAL_OUTPUT_TOKENS = 300
const USUAL_BYTES_PER_TOKEN = 4

const expectedOf = ({ inputBoundTokens, callerOutputCap, kind }: RouteNeeds): Expectation => ({
  inputTokens: Math.ceil(inputBoundTokens / USUAL_BYTES_PER_TOKEN),
  outputTokens:
    kind === 'embedding' ? 0 : Math.min(callerOutputCap ?? USUAL_OUTPUT_TOKENS, USUAL_OUTPUT_TOKENS),
})

/**
 * Decides which endpoints may answer, in which order. `vendor/model` (or an operator's alias) names one model, wherever it
 * is sold and whatever is unknown of it, with the models of a list behind it; `auto` takes the best-scored endpoint of a price above
 * zero whose model is known to fit.
 *
 * The plan that was quoted is the plan that is run, whatever health and estimates have become meanwhile. Only where none of it can be
 * asked is the call planned anew, among endpoints within the ceiling that was signed (docs/decisions/0025-one-score.md).
 *
 * @throws unknown_model, wrong_model_kind, model_not_configured, unsupported_field, unpriced_model, context_length_exceeded,
 * no_candidates, quality_floor_unmet, all_endpoints_down: nothing has been charged.
 */
export function planRoute(query: RouteQuery): RoutePlan {
  const { wanted, needs, catalog, preferences = {}, expected = expectedOf(needs) } = query
  const isNamed = !isAuto(wanted)
  const table = endpointTable(catalog)
  const health = query.health ?? NEUTRAL_HEALTH
  const { inputTokens } = expected
  const quoted = rowsAt({ table, places: query.quotedPlaces ?? [] })
  const kept = keptPlan({ quoted, isReachable: query.isReachable, health, inputTokens })
  const setting: RouteSetting = {
    ...query,
    kept,
    isWithinCap: kept ? undefined : query.isWithinCap,
    preferences,
    expected,
    table,
    question: routeQuestion({ ...query, table, preferences, marginBps: query.marginBps ?? 0 }),
    strategy: strategyOf({ overrides: withSuffix({ wanted, preferences }), isNamed }),
    health,
    quality: query.quality ?? derivedQualityView(table.usdPerMillionOf),
    nowMs: query.nowMs ?? 0,
  }
  if (!isNamed) return planAuto(setting)
  const names = [wanted, ...(preferences.models ?? [])]
  return planNamed({ ...setting, models: names.map((name) => findModel({ name, needs, catalog })) })
}

/** What `auto:<strategy>` asks for, where nobody has said anything else. */
function withSuffix({ wanted, preferences }: { wanted: string; preferences: Preferences }): Preferences {
  const strategy = preferences.strategy ?? (preferences.sort ? undefined : strategyIn(wanted))
  return strategy === undefined ? preferences : { ...preferences, strategy }
}

/** @throws unknown_model with the nearest name, wrong_model_kind. */
function findModel({ name, needs, catalog }: { name: string; needs: RouteNeeds; catalog: Catalog }) {
  const model = catalog.models.get(catalog.aliases?.get(name) ?? name)
  if (!model)
    throw new TurnpikeError('unknown_model', {
      param: 'model',
      message: `There is no model "${shown(name)}".${didYouMean({ name, known: catalog.models.keys() })}`,
    })
  if (model.kind === (needs.kind ?? 'chat')) return model
  const does =
    model.kind === 'embedding' ? 'makes embeddings and does not chat' : 'chats and makes no embeddings'
  throw new TurnpikeError('wrong_model_kind', { param: 'model', message: `${model.id} ${does}.` })
}
