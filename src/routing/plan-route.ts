import type { Catalog, Endpoint, Model, Prices } from '../catalog/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'

export type PricedEndpoint = Endpoint & { readonly prices: Prices }

export type RoutePlan = {
  readonly model: Model
  /** In the order of trial. */
  readonly candidates: readonly [PricedEndpoint, ...PricedEndpoint[]]
  readonly strategy: string
  /** One line for people: why this endpoint. */
  readonly reason: string
}

/** What a request needs of a model, before anything is priced. */
export type RouteNeeds = { readonly inputBoundTokens: number; readonly callerOutputCap?: number }

const AUTO = /^auto(?::(cost|latency|availability|balanced))?$/

/** A typical call, to compare endpoints by one number: three input tokens for each output token. */
const blendedPrice = ({ prices }: PricedEndpoint) => prices.inputPicoUsd * 3n + prices.outputPicoUsd

const byPrice = (a: PricedEndpoint, b: PricedEndpoint) => {
  const difference = blendedPrice(a) - blendedPrice(b)
  return difference === 0n ? a.id.localeCompare(b.id) : difference < 0n ? -1 : 1
}

/**
 * Decides which endpoints may answer, in which order. `vendor/model` names one model, wherever it is sold; `auto` takes the
 * cheapest model of a price above zero that fits.
 *
 * @throws unknown_model, model_not_configured, unpriced_model: nothing has been charged.
 */
export function planRoute({
  wanted,
  needs,
  catalog,
  isReachable,
}: {
  wanted: string
  needs: RouteNeeds
  catalog: Catalog
  isReachable: (providerId: string) => boolean
}): RoutePlan {
  const canReach = ({ providerId }: Endpoint) => isReachable(providerId)
  const auto = AUTO.exec(wanted)
  if (auto) {
    const reachable = catalog.endpoints.filter(canReach)
    return planAuto({ strategy: auto[1] ?? 'balanced', needs, catalog, reachable })
  }

  const model = catalog.models.get(wanted)
  if (!model) throw new TurnpikeError('unknown_model', unknownModel({ wanted, catalog }))
  const offered = catalog.endpoints.filter(({ modelId }) => modelId === wanted).filter(canReach)
  if (offered.length === 0) throw new TurnpikeError('model_not_configured', { param: 'model' })
  const [first, ...rest] = offered.filter(isPriced).toSorted(byPrice)
  if (!first) throw new TurnpikeError('unpriced_model', { param: 'model' })
  return {
    model,
    candidates: [first, ...rest],
    strategy: 'pinned',
    reason: `${wanted} was asked for by name`,
  }
}

function planAuto({
  strategy,
  needs,
  catalog,
  reachable,
}: {
  strategy: string
  needs: RouteNeeds
  catalog: Catalog
  reachable: readonly Endpoint[]
}): RoutePlan {
  const roomFor = needs.inputBoundTokens + (needs.callerOutputCap ?? 1)
  const fitting = reachable.filter(isPriced).filter((endpoint) => {
    const model = catalog.models.get(endpoint.modelId)
    return model !== undefined && model.contextTokens >= roomFor && blendedPrice(endpoint) > 0n
  })
  const [first, ...rest] = fitting.toSorted(byPrice)
  const model = first && catalog.models.get(first.modelId)
  if (!first || !model) throw new TurnpikeError('model_not_configured', { param: 'model' })
  const sameModel = rest.filter(({ modelId }) => modelId === first.modelId)
  return {
    model,
    candidates: [first, ...sameModel],
    strategy,
    reason: `${first.modelId} is the cheapest of ${fitting.length} endpoints that fit`,
  }
}

const isPriced = (endpoint: Endpoint): endpoint is PricedEndpoint => endpoint.prices !== undefined

function unknownModel({ wanted, catalog }: { wanted: string; catalog: Catalog }) {
  const name = wanted.split('/').at(-1)?.toLowerCase() ?? ''
  const near = [...catalog.models.keys()].find((id) => id.toLowerCase().endsWith(`/${name}`))
  const shown = wanted.length > 80 ? `${wanted.slice(0, 80)}…` : wanted
  return {
    param: 'model',
    message: `There is no model "${shown}".${near ? ` Did you mean "${near}"?` : ''}`,
  }
}
