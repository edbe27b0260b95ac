import { isPriced } from '../../catalog/blended-price.ts'
import { endpointsOf } from '../../catalog/endpoints-of.ts'
import type { Catalog, Endpoint, Model } from '../../catalog/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { hasRoom, isAble, type RouteNeeds, takesInput } from './fits.ts'

/** What may answer a request: the catalogue, and what of it can be reached and honours every field. */
export type Choice = {
  readonly catalog: Catalog
  readonly isReachable: (providerId: string) => boolean
  /** Fields of the request that the dialect of an endpoint cannot honour. */
  readonly unsupportedAt?: (endpoint: Endpoint) => readonly string[]
}

const MAX_NAMED = 3

const contextOf = ({ contextTokens }: Model) => (contextTokens === 'unknown' ? 0 : contextTokens)

/** Models that would take it, the smallest context first: those are the likeliest in the place of one without room. */
function modelsWithRoom({
  needs,
  catalog,
  isReachable,
  unsupportedAt = () => [],
}: Choice & { needs: RouteNeeds }): readonly Model[] {
  const canTake = (endpoint: Endpoint) =>
    isPriced(endpoint) &&
    isReachable(endpoint.providerId) &&
    unsupportedAt(endpoint).length === 0 &&
    takesInput({ endpoint, needs })
  return [...catalog.models.values()]
    .filter((model) => isAble({ model, needs }) && hasRoom({ model, needs }))
    .toSorted((a, b) => contextOf(a) - contextOf(b))
    .filter(({ id }) => endpointsOf({ catalog, modelId: id }).some(canTake))
}

/**
 * Why input and cap do not fit, and what they would fit into.
 *
 * @param model the one that was asked for; absent where any would do.
 */
export function contextExceeded({
  model,
  ...choice
}: Choice & { model?: Model; needs: RouteNeeds }): TurnpikeError {
  const { needs } = choice
  const fitting = modelsWithRoom(choice)
    .slice(0, MAX_NAMED)
    .map(({ id }) => id)
  const limit = model ? `${model.id} has a context of ${model.contextTokens} tokens` : 'No model has the room'
  const advice =
    fitting.length > 0 ? `Models with room for it: ${fitting.join(', ')}.` : 'No model here has room for it.'
  return new TurnpikeError('context_length_exceeded', {
    param: 'messages',
    message: `${limit}; the input is bounded by ${needs.inputBoundTokens} and the output cap does not fit beside it. ${advice}`,
    extra: { input_bound: needs.inputBoundTokens, models: fitting },
  })
}
