import { blendedPrice, byPrice, isPriced, type PricedEndpoint } from '../catalog/blended-price.ts'
import { endpointsOf } from '../catalog/endpoints-of.ts'
import type { Catalog, Endpoint, Model } from '../catalog/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { type Choice, contextExceeded } from './context-exceeded.ts'
import { nearInPrice } from './near-in-price.ts'
import { hasRoom, isAble, type RouteNeeds, takesInput } from './fits.ts'

export type { PricedEndpoint } from '../catalog/blended-price.ts'
export type { RouteNeeds } from './fits.ts'

export type RoutePlan = {
  readonly model: Model
  /** In the order of trial. */
  readonly candidates: readonly [PricedEndpoint, ...PricedEndpoint[]]
  readonly strategy: string
  /** One line for people: why this endpoint. */
  readonly reason: string
}

const AUTO = /^auto(?::(cost|latency|availability|balanced))?$/

/** Every endpoint with a price above zero, cheapest first: sorted once for a catalogue, not once for a call. */
const cheapestFirst = new WeakMap<readonly Endpoint[], readonly PricedEndpoint[]>()

function sortedEndpoints({ endpoints }: Catalog): readonly PricedEndpoint[] {
  const known = cheapestFirst.get(endpoints)
  if (known) return known
  const sorted = endpoints
    .filter(isPriced)
    .filter((endpoint) => blendedPrice(endpoint) > 0n)
    .toSorted(byPrice)
  cheapestFirst.set(endpoints, sorted)
  return sorted
}

/**
 * Decides which endpoints may answer, in which order. `vendor/model` (or an operator's alias) names one model, wherever it
 * is sold and whatever is unknown of it; `auto` takes the cheapest model of a price above zero that is known to fit.
 *
 * @throws unknown_model, wrong_model_kind, model_not_configured, unsupported_field, unpriced_model, and for `auto`
 * context_length_exceeded: nothing has been charged.
 */
export function planRoute({
  wanted,
  needs,
  catalog,
  isReachable,
  unsupportedAt = () => [],
}: Choice & { wanted: string; needs: RouteNeeds }): RoutePlan {
  const canHonour = (endpoint: Endpoint) => unsupportedAt(endpoint).length === 0
  const canReach = ({ providerId }: Endpoint) => isReachable(providerId)
  const auto = AUTO.exec(wanted)
  if (auto) {
    return planAuto({ strategy: auto[1] ?? 'balanced', needs, catalog, isReachable, unsupportedAt })
  }

  const model = catalog.models.get(catalog.aliases?.get(wanted) ?? wanted)
  if (!model) throw new TurnpikeError('unknown_model', unknownModel({ wanted, catalog }))
  if (model.kind !== (needs.kind ?? 'chat')) throw wrongKind(model)
  const offered = endpointsOf({ catalog, modelId: model.id }).filter(canReach)
  if (offered.length === 0) throw new TurnpikeError('model_not_configured', { param: 'model' })
  const able = offered.filter(canHonour)
  if (able.length === 0) throw unsupportedField(offered.flatMap(unsupportedAt))
  const [first, ...rest] = withRoom(able.filter(isPriced), needs).toSorted(byPrice)
  if (!first) throw new TurnpikeError('unpriced_model', { param: 'model' })
  return {
    model,
    candidates: [first, ...nearInPrice({ first, rest })],
    strategy: 'pinned',
    reason: `${wanted} was asked for by name`,
  }
}

/** Those that take so much, unless none does: then the model's own refusal says what would fit. */
function withRoom(offered: readonly PricedEndpoint[], needs: RouteNeeds): readonly PricedEndpoint[] {
  const fitting = offered.filter((endpoint) => takesInput({ endpoint, needs }))
  return fitting.length > 0 ? fitting : offered
}

/** An endpoint that may be chosen for the caller, and its model. */
type Candidate = { readonly endpoint: PricedEndpoint; readonly model: Model }

/** Endpoints of models that are known to do what the request needs, cheapest first; `fitting` have room for it as well. */
export function listCandidates({
  needs,
  catalog,
  isReachable,
  unsupportedAt = () => [],
}: Choice & { needs: RouteNeeds }): {
  readonly able: readonly Candidate[]
  readonly fitting: readonly Candidate[]
} {
  const able = sortedEndpoints(catalog).flatMap((endpoint) => {
    const model = catalog.models.get(endpoint.modelId)
    if (!model || model.contextTokens === 'unknown' || !isAble({ model, needs })) return []
    const canTake = isReachable(endpoint.providerId) && unsupportedAt(endpoint).length === 0
    return canTake ? [{ endpoint, model }] : []
  })
  const fitting = able.filter(
    ({ endpoint, model }) => hasRoom({ model, needs }) && takesInput({ endpoint, needs }),
  )
  return { able, fitting }
}

function planAuto({ strategy, ...choice }: Choice & { strategy: string; needs: RouteNeeds }): RoutePlan {
  const { able, fitting } = listCandidates(choice)
  if (able.length === 0) throw new TurnpikeError('model_not_configured', { param: 'model' })
  const [first, ...rest] = fitting
  if (!first) throw contextExceeded(choice)
  const { endpoint, model } = first
  const sameModel = rest.filter((other) => other.model === model).map((other) => other.endpoint)
  return {
    model,
    candidates: [endpoint, ...nearInPrice({ first: endpoint, rest: sameModel })],
    strategy,
    reason: `${model.id} is the cheapest of ${fitting.length} endpoints that fit`,
  }
}

function unsupportedField([field = '']: readonly string[]): TurnpikeError {
  return new TurnpikeError('unsupported_field', {
    param: field,
    message: `No provider of that model takes ${field}.`,
  })
}

function wrongKind({ id, kind }: Model): TurnpikeError {
  const does = kind === 'embedding' ? 'makes embeddings and does not chat' : 'chats and makes no embeddings'
  return new TurnpikeError('wrong_model_kind', { param: 'model', message: `${id} ${does}.` })
}

function unknownModel({ wanted, catalog }: { wanted: string; catalog: Catalog }) {
  const name = wanted.split('/').at(-1)?.toLowerCase() ?? ''
  const near = [...catalog.models.keys()].find((id) => id.toLowerCase().endsWith(`/${name}`))
  const shown = wanted.length > 80 ? `${wanted.slice(0, 80)}…` : wanted
  return {
    param: 'model',
    message: `There is no model "${shown}".${near ? ` Did you mean "${near}"?` : ''}`,
  }
}
