import { explanationFields } from '../call/explanation-fields.ts'
import { planCall } from '../call/plan.ts'
import type { ReceivedCall } from '../call/types.ts'
import type { Catalog } from '../catalog/types.ts'
import { invalidField } from '../chat/check-options.ts'
import type { Weights } from '../chat/routing/overrides.ts'
import { PAID_PATHS } from '../http/dialects.ts'
import { formatUsd } from '../lib/money.ts'
import { explainCandidates, type ExplainedCandidate } from '../routing/explanation.ts'
import type { QualityView } from '../routing/quality-view.ts'
import { STRATEGIES } from '../routing/strategies.ts'
import { LIMITS } from '../lib/limits.ts'

/** As POST /v1/quotes shows a choice. */
export type ShownExplanation = ReturnType<typeof explanationFields>

export type ExplainedRoute = {
  readonly reason: string
  readonly estimateUsd: string
  readonly ceilingUsd: string
  readonly plan: readonly string[]
  readonly explanation: ShownExplanation
}

/**
 * Plans a request without sending it: by this catalogue and these estimates, every provider reachable and well, and no call site known.
 *
 * @param quality absent: a guess by price.
 *
 * @throws TurnpikeError as POST /v1/quotes answers.
 */
export async function explainRoute({
  body,
  path,
  catalog,
  quality,
  marginBps,
}: {
  body: Uint8Array
  path: string
  catalog: Catalog
  quality?: QualityView
  marginBps: number
}): Promise<ExplainedRoute> {
  const dialect = PAID_PATHS.get(path)
  if (!dialect) throw invalidField('path', `must be one of ${[...PAID_PATHS.keys()].join(', ')}.`)
  const request = dialect.read({ body })
  const received: ReceivedCall = {
    callId: '',
    requestId: '',
    path,
    request,
    requestHash: '',
    receivedAtMs: 0,
    retryCount: 0,
  }
  const planned = await planCall({
    received,
    dependencies: {
      catalog,
      ...(quality ? { quality } : {}),
      marginBps,
      defaultOutputTokens: LIMITS.defaultOutputTokens,
      upstreams: {
        isReachable: () => true,
        dialectOf: ({ dialect: own = 'openai' }) => own,
        prefixAt: () => undefined,
      },
    },
  })
  if (!planned.decision) throw new RangeError('A plan has no decision.')
  return {
    reason: planned.reason,
    estimateUsd: formatUsd(planned.estimatePicoUsd),
    ceilingUsd: formatUsd(planned.ceilingPicoUsd),
    plan: planned.candidates.map(({ id }) => id),
    explanation: explanationFields(planned.decision),
  }
}

const PICO = 1e12

/**
 * Compares the candidates of an explanation once more, by the same figures and under other weights. Only those that were shown take part;
 * floors are not looked at again.
 *
 * @returns best first.
 */
export function replay({
  explanation: { candidates, reference, strategy },
  weights,
  caution = strategy.caution,
}: {
  explanation: Pick<ShownExplanation, 'candidates' | 'reference' | 'strategy'>
  weights: Partial<Weights>
  caution?: number
}): readonly ExplainedCandidate[] {
  const again = explainCandidates({
    candidates: candidates.map(({ endpoint, model, inputs }) => ({
      endpoint,
      model,
      inputs: {
        quality: inputs.quality,
        sd: inputs.sd,
        costPicoUsd: inputs.price_usd * PICO,
        latencyMs: inputs.latency_ms,
        availability: inputs.availability,
        cachedPicoUsd: inputs.cache_saving_usd * PICO,
      },
    })),
    reference: { costPicoUsd: reference.price_usd * PICO, latencyMs: reference.latency_ms },
    strategy: { weights: { ...strategy.weights, ...weights }, caution },
  })
  return again.toSorted((a, b) => b.score - a.score)
}

/** The weights that a strategy's name or a JSON object of weights stands for; undefined where it is neither. */
export function readWhatIf(text: string): { weights: Partial<Weights>; caution?: number } | undefined {
  const named = Object.entries(STRATEGIES).find(([name]) => name === text)?.[1]
  if (named) return { weights: named.weights, caution: named.caution }
  try {
    const told: unknown = JSON.parse(text)
    const entries = Object.entries(typeof told === 'object' && told !== null ? told : {})
    const isGood = entries.every(
      ([name, weight]) => Object.hasOwn(STRATEGIES.balanced.weights, name) && Number.isFinite(weight),
    )
    return isGood && entries.length > 0
      ? { weights: Object.fromEntries(entries) as Partial<Weights> }
      : undefined
  } catch {
    return undefined
  }
}
