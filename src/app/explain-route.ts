import { explanationFields } from '../call/plan/explanation-fields.ts'
import { planCall } from '../call/plan/plan.ts'
import type { ReceivedCall } from '../call/types.ts'
import type { Catalog } from '../catalog/types.ts'
import { invalidField } from '../chat/check-options.ts'
import type { RoutingOverrides } from '../chat/routing/overrides.ts'
import { PAID_PATHS } from '../http/request/dialects.ts'
import { formatUsd } from '../lib/money.ts'
import type { QualityView } from '../routing/quality/quality-view.ts'
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
 * @param quality absent: a guess by price. @param choose changes what the request says of its choice: a what-if.
 *
 * @throws TurnpikeError as POST /v1/quotes answers.
 */
export async function explainRoute({
  body,
  path,
  catalog,
  quality,
  marginBps,
  choose = (said) => said,
}: {
  body: Uint8Array
  path: string
  catalog: Catalog
  quality?: QualityView
  marginBps: number
  choose?: (said: RoutingOverrides) => RoutingOverrides
}): Promise<ExplainedRoute> {
  const dialect = PAID_PATHS.get(path)
  if (!dialect) throw invalidField('path', `must be one of ${[...PAID_PATHS.keys()].join(', ')}.`)
  const asked = dialect.read({ body })
  const request = { ...asked, routing: choose(asked.routing ?? {}) }
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
