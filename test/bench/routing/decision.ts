import { catalogOf } from '../../../src/app/options/defaults.ts'
import { loadQualityView } from '../../../src/app/load-quality-view.ts'
import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import type { Catalog } from '../../../src/catalog/types.ts'
import { STRATEGY_NAMES } from '../../../src/chat/routing/overrides.ts'
import { requestNeeds } from '../../../src/chat/request-needs.ts'
import { planRoute } from '../../../src/routing/plan-route.ts'
import type { RouteQuery } from '../../../src/routing/route-query.ts'
import { readFeatures } from '../../../src/routing/quality/read-features.ts'
import { liveHealth } from './live-health.ts'

export type DecisionTimes = {
  readonly what: string
  readonly models: number
  readonly endpoints: number
  /** Candidates that were scored, in the median decision. */
  readonly scored: number
  readonly decisions: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly worstMs: number
  /** CPU time of a decision on average, what is told of it included: what remains where other programs share the cores. */
  readonly cpuMeanMs: number
}

const WHAT =
  'planRoute: from the facts of a request (bounds, needs, preferences) and its prompt, read beforehand, with the trained estimates ' +
  'and the live health of every endpoint, which an outcome changes after every decision, with what calls of the same site have shown, to the plan, its order of trial and its reason; ' +
  'without reading body and prompt, which have their own figures'

/** Models that have answered calls of one site; every second request is of a site that is known. */
const KNOWN_AT_SITE = 8

/** Of the trained domains, near them, and far from them. */
const PROMPTS = [
  'What is the capital of France?',
  'Janet has 3 apples and buys 4 more at $2 each. How much did she spend?',
  'Prove that there are infinitely many primes congruent to 3 mod 4.',
  'Which of the following is a symptom of anemia?\nA. fever\nB. fatigue\nC. rash\nD. cough',
  'Write a function that returns the longest palindrome in a string, and explain its complexity.',
  'Übersetze diesen Satz ins Französische: Der Hafen ist heute geschlossen.',
  'xkcd qwrt zzzz 0x3f',
]

const NO_NEEDS = requestNeeds({ fields: {}, messages: [], toolCount: 0 } as never)

/** Requests as they come: short and long ones, with and without tools, under every strategy. */
export function queryOf(
  index: number,
  base: Omit<RouteQuery, 'wanted' | 'needs'>,
  strategy = STRATEGY_NAMES[index % STRATEGY_NAMES.length],
): RouteQuery {
  return {
    ...base,
    wanted: `auto:${strategy}`,
    needs: {
      ...NO_NEEDS,
      inputBoundTokens: 200 + ((index * 7_919) % 30_000),
      ...(index % 3 === 0 ? { tools: true } : {}),
      ...(index % 5 === 0 ? { callerOutputCap: 1_000 } : {}),
    },
    nowMs: index,
  }
}

/** The catalogue, or as many of its chat models with all that sell them. */
export function catalogWith(models: number): Catalog {
  const whole = catalogOf({ simulated: false })
  const chat = [...whole.models.values()].filter(({ kind }) => kind === 'chat')
  // From all over the alphabet, hence of all vendors.
  const some = chat.filter(
    (_, index) =>
      Math.floor((index * models) / chat.length) !== Math.floor(((index - 1) * models) / chat.length),
  )
  const ids = new Set(some.map(({ id }) => id))
  return buildCatalog({ models: some, endpoints: whole.endpoints.filter(({ modelId }) => ids.has(modelId)) })
}

/**
 * Times single decisions, every endpoint reachable. What each of them leads to is told to the health of its endpoint, between the timings.
 *
 * @param models at most the catalogue's. @param decisions how many are timed, after as many for the compiler.
 */
export function measureDecision({
  models = 220,
  decisions = 20_000,
}: { models?: number; decisions?: number } = {}): DecisionTimes {
  const catalog = catalogWith(models)
  const { health, report } = liveHealth({ endpoints: catalog.endpoints, seed: 1 })
  const base = {
    catalog,
    isReachable: () => true,
    health,
    quality: loadQualityView({ catalog }),
    marginBps: 500,
  }
  const site = new Map(
    [...catalog.models.keys()]
      .slice(0, KNOWN_AT_SITE)
      .map((id, index) => [id, { logOdds: 0.05 * (index - 4), sd: 0.1, samples: 30 }]),
  )
  const prompts = PROMPTS.map((text) => readFeatures({ text }))
  const query = (index: number): RouteQuery => {
    const features = prompts[index % prompts.length]
    return {
      ...queryOf(index, base),
      ...(features ? { features } : {}),
      ...(index % 2 === 0 ? { site } : {}),
      explorationSeed: `${index}`,
    }
  }
  for (let index = 0; index < decisions; index += 1) report(planRoute(query(index)).candidates[0])
  const times = new Float64Array(decisions)
  const scored = new Float64Array(decisions)
  const before = process.cpuUsage()
  for (let index = 0; index < decisions; index += 1) {
    const asked = query(index)
    const fromMs = performance.now()
    const { decision, candidates } = planRoute(asked)
    times[index] = performance.now() - fromMs
    scored[index] = decision.passed
    report(candidates[0])
  }
  const { user, system } = process.cpuUsage(before)
  const at = (sorted: Float64Array, share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  const [sorted, counts] = [times.toSorted(), scored.toSorted()]
  return {
    what: WHAT,
    models: catalog.models.size,
    endpoints: catalog.endpoints.length,
    scored: at(counts, 0.5),
    decisions,
    p50Ms: at(sorted, 0.5),
    p95Ms: at(sorted, 0.95),
    p99Ms: at(sorted, 0.99),
    worstMs: at(sorted, 1),
    cpuMeanMs: (user + system) / 1_000 / decisions,
  }
}
