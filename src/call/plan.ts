import { type CountSafety, countSafetyOf } from '../catalog/count-safety.ts'
import type { Endpoint, Model } from '../catalog/types.ts'
import { type CountedInput, tokenizerBound } from '../chat/input-bound.ts'
import type { ChatRequest } from '../chat/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import type { PicoUsd } from '../lib/money.ts'
import { ceilingOf, estimateOf } from '../pricing/ceiling.ts'
import { largestMargin, marginOf } from '../pricing/margin.ts'
import { contextExceeded } from '../routing/context-exceeded.ts'
import { canContinue } from './continue-call.ts'
import { expectedInputTokens } from './expected-input.ts'
import type { HealthView } from '../routing/health/endpoint-health.ts'
import { healthyFirst } from '../routing/health/healthy-first.ts'
import { countedOf, type Reach, reachOf, routeBySize, USUAL_SAFETY } from './route-by-size.ts'
import type { PlannedCall, ReceivedCall } from './types.ts'

export type PlanDependencies = Reach & {
  /** Absent where nothing is known of any endpoint. */
  readonly health?: HealthView
  readonly marginBps: number
  readonly defaultOutputTokens: number
}

/**
 * Decides where the call would go and what it would cost at most. Pure: the same request against the same catalogue is the
 * same plan, which is why the price of the 402 is the price of the paid call.
 *
 * What is known of endpoints changes their order, never which of them are in the plan nor what they cost.
 *
 * @throws unknown_model, model_not_configured, unpriced_model, context_length_exceeded, all_endpoints_down; nothing has been charged.
 */
export async function planCall({
  received,
  dependencies,
}: {
  received: ReceivedCall
  dependencies: PlanDependencies
}): Promise<PlannedCall> {
  const { request } = received
  const { catalog } = dependencies
  const sized = await routeBySize({ request, dependencies })
  const { route, needs } = sized
  const safety = countSafetyOf(route.model)
  // What a provider adds for tools is known once it is known whose model it is.
  const toolsPromptTokens = request.toolCount > 0 ? safety.toolsPromptTokens : 0
  let inputBoundTokens = sized.inputBoundTokens + toolsPromptTokens
  let roomTokens = inputBoundTokens
  const prices = route.candidates.map((candidate) => candidate.prices)
  const marginBps = largestMargin({ candidates: route.candidates, marginBps: dependencies.marginBps })
  const { choices } = request
  const isContinued = canContinue({
    request,
    candidates: route.candidates,
    upstreams: dependencies.upstreams,
  })
  const dearInput = { hasAudio: needs.audio, hasHourCache: needs.hourCache }
  const cap = (boundTokens: number) => outputCapOf({ request, model: route.model, boundTokens, dependencies })
  const ceiling = (bound: number, outputCap: number) =>
    ceilingOf({
      candidates: prices,
      bounds: { inputBoundTokens: bound, outputCap, choices, isContinued, ...dearInput },
      marginBps,
    })

  let outputCap = cap(inputBoundTokens)
  const isDear =
    outputCap === undefined || ceiling(inputBoundTokens, outputCap) > LIMITS.byteBoundCeilingPicoUsd
  if (isDear || sized.isCounted) {
    const counted = await countedOf(request)
    const closer = closerBounds({ counted, safety })
    inputBoundTokens = closer.priceTokens + toolsPromptTokens
    roomTokens = closer.roomTokens + toolsPromptTokens
    outputCap = cap(roomTokens)
  }
  if (outputCap === undefined) {
    const { model } = route
    throw contextExceeded({
      model,
      needs: { ...needs, inputBoundTokens: roomTokens },
      ...reachOf({ request, dependencies }),
    })
  }

  const ceilingPicoUsd = ceiling(inputBoundTokens, outputCap)
  const bounds = { inputBoundTokens, outputCap, choices, isContinued, ...dearInput }
  const candidates = byHealth({ candidates: route.candidates, received, inputBoundTokens, dependencies })
  const [first, ...rest] = candidates
  return {
    ...received,
    ...route,
    candidates,
    ...(isContinued ? { continues: true as const } : {}),
    outputCap,
    inputBoundTokens,
    estimatePicoUsd: estimateOf({
      candidates: [first.prices, ...rest.map((other) => other.prices)],
      bounds,
      marginBps: marginOf({ endpoint: first, marginBps: dependencies.marginBps }),
    }),
    ceilingPicoUsd,
    ...fittingCap({ ceilingPicoUsd, outputCap, ceilingAt: (cap) => ceiling(inputBoundTokens, cap) }),
    priceBook: catalog.priceBook,
  }
}

/** Those that can be asked now come first. @throws all_endpoints_down, which tells when the first of them may be asked again. */
function byHealth<Candidate extends Endpoint>({
  candidates,
  received: { receivedAtMs },
  inputBoundTokens,
  dependencies: { health },
}: {
  candidates: readonly [Candidate, ...Candidate[]]
  received: ReceivedCall
  inputBoundTokens: number
  dependencies: PlanDependencies
}): readonly [Candidate, ...Candidate[]] {
  if (!health) return candidates
  const inputTokens = expectedInputTokens({ inputBoundTokens })
  const { order, retryAtMs } = healthyFirst({ candidates, health, inputTokens })
  if (retryAtMs === undefined) return order
  throw new TurnpikeError('all_endpoints_down', { retryAfterMs: Math.max(1, retryAtMs - receivedAtMs) })
}

/** The largest cap whose ceiling stock clients pay, where this one's is above it: a ceiling grows evenly with its cap. */
function fittingCap({
  ceilingPicoUsd,
  outputCap,
  ceilingAt,
}: {
  ceilingPicoUsd: PicoUsd
  outputCap: number
  ceilingAt: (cap: number) => PicoUsd
}): Pick<PlannedCall, 'fittingOutputCap'> {
  const limit = LIMITS.stockClientCeilingPicoUsd
  if (ceilingPicoUsd <= limit) return {}
  const inputPicoUsd = ceilingAt(0)
  if (inputPicoUsd >= limit) return {}
  const cap = Number((BigInt(outputCap) * (limit - inputPicoUsd)) / (ceilingPicoUsd - inputPicoUsd))
  // Margins are rounded up.
  return { fittingOutputCap: ceilingAt(cap) <= limit ? cap : cap - 1 }
}

/**
 * What an input that was counted is bounded by. Its price has to hold whatever vocabulary counts it; whether there is room is a
 * provider's to refuse, before it bills, so room is looked for by what is usual.
 */
function closerBounds({ counted, safety }: { counted: CountedInput; safety: CountSafety }) {
  const { factor: safetyFactor, knowsScripts } = safety
  const { boundTokens: priceTokens } = tokenizerBound({ counted, safetyFactor, knowsScripts })
  const { boundTokens: usualTokens } = tokenizerBound({ counted, safetyFactor: USUAL_SAFETY })
  return { priceTokens, roomTokens: Math.min(priceTokens, usualTokens) }
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
