import { type PricedEndpoint } from '../../catalog/blended-price.ts'
import { type CountSafety, countSafetyOf } from '../../catalog/count-safety.ts'
import type { Model } from '../../catalog/types.ts'
import { type CountedInput, tokenizerBound } from '../../chat/input-bound.ts'
import type { ChatRequest } from '../../chat/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { ceilingOf, estimateOf } from '../../pricing/ceiling.ts'
import { largestMargin, marginOf } from '../../pricing/margin.ts'
import { contextExceeded } from '../../routing/filters/context-exceeded.ts'
import { isAuto } from '../../routing/plan-route.ts'
import { canContinue } from './can-continue.ts'
import { countedOf, type Reach, reachOf, type SizedRoute, USUAL_SAFETY } from './route-by-size.ts'

type Candidates = readonly [PricedEndpoint, ...PricedEndpoint[]]

/** A plan with what bounds its price. */
export type PricedPlan = {
  readonly candidates: Candidates
  /** Whether the price covers that a broken stream is gone on with. */
  readonly continues: boolean
  readonly inputBoundTokens: number
  readonly outputCap: number
  readonly estimatePicoUsd: PicoUsd
  readonly ceilingAt: (outputCap: number) => PicoUsd
  /** The same plan with one endpoint less to step in; undefined where there is none. */
  readonly withoutLast: () => PricedPlan | undefined
}

type PriceDependencies = Reach & { readonly marginBps: number; readonly defaultOutputTokens: number }

/**
 * Bounds input and output for every model of a plan at once, and prices it: whoever of them answers, input and cap fit it and its price is
 * below the ceiling.
 *
 * @throws context_length_exceeded
 */
export async function pricePlan({
  request,
  sized,
  dependencies,
}: {
  request: ChatRequest
  sized: SizedRoute
  dependencies: PriceDependencies
}): Promise<PricedPlan> {
  const { route, needs } = sized
  const { models } = dependencies.catalog
  const modelOf = ({ modelId }: PricedEndpoint): Model => models.get(modelId) ?? route.model
  const capAt = (model: Model, boundTokens: number) =>
    outputCapOf({ request, model, boundTokens, dependencies })
  const candidates = roomyOnly({ sized, wanted: request.model, capAt, modelOf })
  const planModels = [...new Set(candidates.map(modelOf))]
  const safeties = planModels.map(countSafetyOf)
  // What a provider adds for tools is known once it is known whose model it is.
  const toolsPromptTokens =
    request.toolCount > 0 ? Math.max(...safeties.map((safety) => safety.toolsPromptTokens)) : 0
  const dearInput = { hasAudio: needs.audio, hasHourCache: needs.hourCache }
  const { choices } = request
  const capOf = (boundTokens: number) => {
    const first = capAt(route.model, boundTokens)
    if (first === undefined) return undefined
    return Math.min(first, ...planModels.map((model) => capAt(model, boundTokens) ?? first))
  }
  const priceWith = (some: Candidates, inputBoundTokens: number, outputCap: number): PricedPlan => {
    const marginBps = largestMargin({ candidates: some, marginBps: dependencies.marginBps })
    const [first, ...rest] = some
    const continues = canContinue({ request, candidates: some, upstreams: dependencies.upstreams })
    const bounds = { inputBoundTokens, choices, isContinued: continues, ...dearInput }
    return {
      candidates: some,
      continues,
      inputBoundTokens,
      outputCap,
      estimatePicoUsd: estimateOf({
        candidates: [first.prices, ...rest.map(({ prices }) => prices)],
        bounds: { ...bounds, outputCap },
        marginBps: marginOf({ endpoint: first, marginBps: dependencies.marginBps }),
      }),
      ceilingAt: (cap) =>
        ceilingOf({
          candidates: some.map(({ prices }) => prices),
          bounds: { ...bounds, outputCap: cap },
          marginBps,
        }),
      withoutLast: () =>
        rest.length === 0 ? undefined : priceWith([first, ...rest.slice(0, -1)], inputBoundTokens, outputCap),
    }
  }

  const byBytes = sized.inputBoundTokens + toolsPromptTokens
  const byteCap = capOf(byBytes)
  if (byteCap !== undefined && !sized.isCounted) {
    const priced = priceWith(candidates, byBytes, byteCap)
    if (priced.ceilingAt(byteCap) <= LIMITS.byteBoundCeilingPicoUsd) return priced
  }
  const counted = await countedOf(request)
  const closer = closerBounds({ counted, safeties })
  const roomTokens = closer.roomTokens + toolsPromptTokens
  const outputCap = capOf(roomTokens)
  if (outputCap !== undefined) return priceWith(candidates, closer.priceTokens + toolsPromptTokens, outputCap)
  throw contextExceeded({
    model: route.model,
    needs: { ...needs, inputBoundTokens: roomTokens },
    ...reachOf({ request, dependencies }),
  })
}

/**
 * Those that can write as much as the first. Where the caller has listed models all of them stay, and the smallest limit is the cap of the
 * call; a model that nobody asked for does not shorten an answer.
 */
function roomyOnly({
  sized: { route, inputBoundTokens },
  wanted,
  capAt,
  modelOf,
}: {
  sized: SizedRoute
  wanted: string
  capAt: (model: Model, boundTokens: number) => number | undefined
  modelOf: (endpoint: PricedEndpoint) => Model
}): Candidates {
  const least = capAt(route.model, inputBoundTokens)
  if (!isAuto(wanted) || least === undefined) return route.candidates
  const [first, ...rest] = route.candidates
  return [first, ...rest.filter((one) => (capAt(modelOf(one), inputBoundTokens) ?? 0) >= least)]
}

/**
 * What an input that was counted is bounded by. Its price has to hold whatever vocabulary counts it; whether there is room is a
 * provider's to refuse, before it bills, so room is looked for by what is usual.
 */
function closerBounds({ counted, safeties }: { counted: CountedInput; safeties: readonly CountSafety[] }) {
  const bounds = safeties.map(({ factor: safetyFactor, knowsScripts }) =>
    tokenizerBound({ counted, safetyFactor, knowsScripts }),
  )
  const priceTokens = Math.max(...bounds.map(({ boundTokens }) => boundTokens))
  const { boundTokens: usualTokens } = tokenizerBound({ counted, safetyFactor: USUAL_SAFETY })
  return { priceTokens, roomTokens: Math.min(priceTokens, usualTokens) }
}

/**
 * The smallest of the caller's cap, the model's limit and, where the caller gave none, the default; undefined where input and
 * cap do not fit into the context. A default cap makes room for the input, a caller's does not. Embeddings have no output; whether each
 * of their inputs fits is the provider's to say.
 */
export function outputCapOf({
  request,
  model,
  boundTokens,
  dependencies,
}: {
  request: ChatRequest
  model: Model
  boundTokens: number
  dependencies: { readonly defaultOutputTokens: number }
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
