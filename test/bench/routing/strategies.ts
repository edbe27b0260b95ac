import { STRATEGY_NAMES, type StrategyName } from '../../../src/chat/routing/overrides.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import type { Ranked } from '../../../src/routing/ranking/rank-candidates.ts'
import { scoreOf, termsOf } from '../../../src/routing/ranking/score.ts'
import { STRATEGIES } from '../../../src/routing/overrides/strategies.ts'
import { catalogWith, queryOf } from './decision.ts'
import { inventedHealth, inventedQuality } from './invented-knowledge.ts'
import { createRandom } from '../random.ts'

/** What one strategy came to over the whole corpus. */
export type StrategyFigures = {
  /** USD of a call that was answered, margin included. */
  readonly meanChargeUsd: number
  /** Until the end of the answer, with the time that failed attempts took. */
  readonly meanLatencyMs: number
  /** Share of calls whose first endpoint answered. */
  readonly firstAttempts: number
  /** Share of calls that somebody of the plan answered. */
  readonly answered: number
  /** Mean score of the chosen candidate by the balanced weights. */
  readonly balancedScore: number
  readonly meanQuality: number
}

export type StrategyReport = {
  readonly what: string
  readonly calls: number
  readonly models: number
  readonly endpoints: number
  readonly worlds: number
  readonly byStrategy: Readonly<Record<StrategyName, StrategyFigures>>
  /** Which strategy is best on each axis: each has to win its own. */
  readonly winners: Readonly<Record<StrategyName, StrategyName>>
  readonly isEachBest: boolean
}

const WHAT =
  'the same requests under every strategy, against the catalogue with a health and a quality drawn per endpoint and model, sixteen times; what ' +
  'an attempt comes to is drawn once per request and endpoint, so that all strategies meet the same luck'

/** How each axis is read, and whether more is better. */
const AXES: Readonly<Record<StrategyName, { readonly of: (figures: StrategyFigures) => number }>> = {
  cost: { of: ({ meanChargeUsd }) => -meanChargeUsd },
  latency: { of: ({ meanLatencyMs }) => -meanLatencyMs },
  availability: { of: ({ firstAttempts }) => firstAttempts },
  balanced: { of: ({ balancedScore }) => balancedScore },
}

/** Luck of one endpoint with one request: the same whoever asks. */
function luckOf(request: number, endpointId: string): { readonly isUp: number; readonly pace: number } {
  let seed = request + 1
  for (let index = 0; index < endpointId.length; index += 1)
    seed = Math.imul(seed ^ endpointId.charCodeAt(index), 16_777_619)
  const { integer } = createRandom(seed)
  return { isUp: integer(0, 999_999) / 1e6, pace: 0.5 + integer(0, 999_999) / 1e6 }
}

/** Until an attempt that comes to nothing is given up, in shares of its usual time. */
const GIVEN_UP = 0.5

/** Runs one plan: who fails is followed by the next. */
function run(request: number, plan: readonly Ranked[]) {
  let latencyMs = 0
  for (const [index, { inputs, row }] of plan.entries()) {
    const { isUp, pace } = luckOf(request, row.endpoint.id)
    if (isUp < inputs.availability)
      return {
        latencyMs: latencyMs + inputs.latencyMs * pace,
        chargePicoUsd: inputs.costPicoUsd,
        attempts: index + 1,
      }
    latencyMs += inputs.latencyMs * GIVEN_UP
  }
  return { latencyMs, chargePicoUsd: 0, attempts: 0 }
}

/** What is known of endpoints and models is drawn so often: one draw may favour anybody. */
const WORLDS = 16

function fail(): never {
  throw new Error('There is no such world.')
}

/** @param calls of the corpus. */
export function compareStrategies({
  calls = 4_000,
  models = 220,
}: { calls?: number; models?: number } = {}): StrategyReport {
  const catalog = catalogWith(models)
  const ids = catalog.endpoints.map(({ id }) => id)
  const worlds = Array.from({ length: WORLDS }, (_, world) => ({
    catalog,
    isReachable: () => true,
    health: inventedHealth(ids, 100 + world),
    quality: inventedQuality([...catalog.models.keys()], 200 + world),
    marginBps: 500,
  }))
  const worldOf = (request: number) => worlds[request % WORLDS] ?? fail()
  const figuresOf = (strategy: StrategyName): StrategyFigures => {
    let [charge, latency, firsts, answered, balanced, quality] = [0, 0, 0, 0, 0, 0]
    for (let request = 0; request < calls; request += 1) {
      const { candidates, decision } = planRoute(queryOf(request, worldOf(request), strategy))
      const byId = new Map(decision.ranked.map((one) => [one.row.endpoint.id, one]))
      const plan = candidates.flatMap(({ id }) => byId.get(id) ?? [])
      const outcome = run(request, plan)
      charge += outcome.chargePicoUsd / 1e12
      latency += outcome.latencyMs
      firsts += outcome.attempts === 1 ? 1 : 0
      answered += outcome.attempts > 0 ? 1 : 0
      const [first] = decision.ranked
      if (!first) continue
      quality += first.inputs.quality
      // Against the balanced strategy's own reference, whoever chose.
      const { reference } = planRoute(queryOf(request, worldOf(request), 'balanced')).decision
      balanced += scoreOf(termsOf({ inputs: first.inputs, reference, strategy: STRATEGIES.balanced }))
    }
    return {
      meanChargeUsd: charge / Math.max(1, answered),
      meanLatencyMs: latency / calls,
      firstAttempts: firsts / calls,
      answered: answered / calls,
      balancedScore: balanced / calls,
      meanQuality: quality / calls,
    }
  }
  const byStrategy = Object.fromEntries(STRATEGY_NAMES.map((name) => [name, figuresOf(name)])) as Record<
    StrategyName,
    StrategyFigures
  >
  const winners = Object.fromEntries(
    STRATEGY_NAMES.map((axis) => {
      const { of } = AXES[axis]
      const best = STRATEGY_NAMES.toSorted((a, b) => of(byStrategy[b]) - of(byStrategy[a]))[0]
      return [axis, best]
    }),
  ) as Record<StrategyName, StrategyName>
  return {
    what: WHAT,
    calls,
    models: catalog.models.size,
    endpoints: catalog.endpoints.length,
    worlds: WORLDS,
    byStrategy,
    winners,
    isEachBest: STRATEGY_NAMES.every((axis) => winners[axis] === axis),
  }
}
