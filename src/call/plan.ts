import type { Catalog, Model } from '../catalog/types.ts'
import { type UpstreamDialect, unsupportedFields } from '../chat/dialect-limits.ts'
import { inputBound, tokenizerBound } from '../chat/input-bound.ts'
import { requestNeeds } from '../chat/request-needs.ts'
import type { ChatRequest } from '../chat/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import { ceilingOf, estimateOf } from '../pricing/ceiling.ts'
import { largestMargin, marginOf } from '../pricing/margin.ts'
import { planRoute } from '../routing/plan-route.ts'
import type { Upstreams } from './ports.ts'
import type { PlannedCall, ReceivedCall } from './types.ts'

export type PlanDependencies = {
  readonly catalog: Catalog
  readonly upstreams: Pick<Upstreams, 'isReachable' | 'dialectOf'>
  readonly marginBps: number
  readonly defaultOutputTokens: number
}

/** How much an o200k count may fall short of another family's. */
const TOKENIZER_SAFETY = 1.25

/**
 * Decides where the call would go and what it would cost at most. Pure: the same request against the same catalogue is the
 * same plan, which is why the price of the 402 is the price of the paid call.
 *
 * @throws unknown_model, model_not_configured, unpriced_model, context_length_exceeded; nothing has been charged.
 */
export async function planCall({
  received,
  dependencies,
}: {
  received: ReceivedCall
  dependencies: PlanDependencies
}): Promise<PlannedCall> {
  const { request } = received
  const { catalog, upstreams } = dependencies
  let inputBoundTokens = inputBound({ request }).boundTokens
  const needs = callerNeeds({ request, inputBoundTokens })
  const route = planRoute({
    wanted: request.model,
    needs,
    catalog,
    isReachable: upstreams.isReachable,
    unsupportedAt: unsupportedBy({ request, upstreams }),
  })
  const prices = route.candidates.map((candidate) => candidate.prices)
  const marginBps = largestMargin({ candidates: route.candidates, marginBps: dependencies.marginBps })
  const { choices } = request
  const hasAudio = needs.audio
  const cap = (boundTokens: number) => outputCapOf({ request, model: route.model, boundTokens, dependencies })
  const ceiling = (bound: number, outputCap: number) =>
    ceilingOf({
      candidates: prices,
      bounds: { inputBoundTokens: bound, outputCap, choices, hasAudio },
      marginBps,
    })

  let outputCap = cap(inputBoundTokens)
  const isDear =
    outputCap === undefined || ceiling(inputBoundTokens, outputCap) > LIMITS.byteBoundCeilingPicoUsd
  if (isDear) {
    const counted = await tokenizerBound({ request, safetyFactor: TOKENIZER_SAFETY })

    inputBoundTokens = Math.min(inputBoundTokens, counted.boundTokens)
    outputCap = cap(inputBoundTokens)
  }
  if (outputCap === undefined) throw contextExceeded({ model: route.model, inputBoundTokens })

  const bounds = { inputBoundTokens, outputCap, choices, hasAudio }
  const [first, ...rest] = route.candidates
  return {
    ...received,
    ...route,
    outputCap,
    inputBoundTokens,
    estimatePicoUsd: estimateOf({
      candidates: [first.prices, ...rest.map((other) => other.prices)],
      bounds,
      marginBps: marginOf({ endpoint: first, marginBps: dependencies.marginBps }),
    }),
    ceilingPicoUsd: ceiling(inputBoundTokens, outputCap),
    priceBook: catalog.priceBook,
  }
}

/** What each dialect cannot honour of a request: read once, however many providers speak it. */
function unsupportedBy({
  request,
  upstreams,
}: {
  request: ChatRequest
  upstreams: Pick<Upstreams, 'dialectOf'>
}) {
  const known = new Map<UpstreamDialect, readonly string[]>()
  return (providerId: string): readonly string[] => {
    const dialect = upstreams.dialectOf(providerId)
    const fields = known.get(dialect) ?? unsupportedFields({ ...request, dialect })
    known.set(dialect, fields)
    return fields
  }
}

function callerNeeds({ request, inputBoundTokens }: { request: ChatRequest; inputBoundTokens: number }) {
  const { callerOutputCap } = request
  return {
    ...requestNeeds(request),
    ...(request.kind === undefined ? {} : { kind: request.kind }),
    inputBoundTokens,
    ...(callerOutputCap === undefined ? {} : { callerOutputCap }),
  }
}

/**
 * The smallest of the caller's cap, the model's limit and, where the caller gave none, the default; undefined where input and
 * cap do not fit into the context. A default cap makes room for the input, a caller's does not. Embeddings have no output; whether each
 * of their inputs fits is the provider's to say.
 */
function outputCapOf({
  request,
  model,
  boundTokens,
  dependencies,
}: {
  request: ChatRequest
  model: Model
  boundTokens: number
  dependencies: PlanDependencies
}): number | undefined {
  if (request.kind === 'embedding') return 0
  const room = orWithoutBound(model.contextTokens) - boundTokens
  const limit = Math.min(orWithoutBound(model.maxOutputTokens), orWithoutBound(model.contextTokens))
  const { callerOutputCap } = request
  const cap = Math.min(limit, callerOutputCap ?? Math.min(dependencies.defaultOutputTokens, room))
  return cap >= 1 && cap <= room ? cap : undefined
}

/** A limit that nobody has told us of is the provider's to enforce: it refuses before it bills. */
const orWithoutBound = (tokens: number | 'unknown') => (tokens === 'unknown' ? Infinity : tokens)

function contextExceeded({ model, inputBoundTokens }: { model: Model; inputBoundTokens: number }) {
  return new TurnpikeError('context_length_exceeded', {
    param: 'messages',
    message: `${model.id} has a context of ${model.contextTokens} tokens; the input is bounded by ${inputBoundTokens} and the output cap does not fit beside it.`,
  })
}
