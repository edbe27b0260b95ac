import { type Response, Router } from 'express'
import { endpointsOf } from '../../catalog/endpoints-of.ts'
import { SIMULATED_PROVIDER } from '../../catalog/simulated.ts'
import type { Endpoint, Model } from '../../catalog/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { pricingForWire, sourceForWire } from '../schemas/model-pricing.ts'

/** GET /v1/models and /v1/models/{vendor}/{model}: OpenAI's shape, with the prices that a caller pays. */
export function modelsRoutes({ call }: HttpDependencies): Router {
  const router = Router()
  const { catalog } = call
  router.get('/v1/models', (_request, response) => {
    const data = [...catalog.models.values()].map((model) => describe(model))
    sendJson({ response, status: 200, body: { object: 'list', data } })
  })
  router.get('/v1/models/*id', (request, response) => answerModel(request.params['id'], response))
  return router

  function answerModel(segments: string | readonly string[] | undefined, response: Response): void {
    const id = typeof segments === 'string' ? segments : (segments ?? []).join('/')
    const model = catalog.models.get(catalog.aliases?.get(id) ?? id)
    if (!model) throw new TurnpikeError('unknown_model', { param: 'id' })
    sendJson({ response, status: 200, body: describe(model) })
  }

  function describe(model: Model) {
    const endpoints = endpointsOf({ catalog, modelId: model.id })
    const reachable = endpoints.filter(({ providerId }) => call.upstreams.isReachable(providerId))
    const shown = shownOf(reachable) ?? shownOf(endpoints)
    return {
      id: model.id,
      object: 'model',
      created: model.createdAt,
      owned_by: model.id.split('/')[0],
      name: model.name,
      kind: model.kind,
      context_length: knownOrNull(model.contextTokens),
      max_output_tokens: knownOrNull(model.maxOutputTokens),
      architecture: {
        input_modalities: knownOrNull(model.inputModalities),
        output_modalities: knownOrNull(model.outputModalities),
      },
      capabilities: {
        tools: model.tools,
        structured_output: model.structuredOutput,
        reasoning: model.reasoning,
      },
      data_policy: shown?.dataPolicy ?? { retention: 'unknown', training: 'unknown' },
      available: reachable.length > 0,
      pricing: shown ? pricingForWire({ endpoint: shown, marginBps: call.marginBps }) : null,
      price_source: sourceForWire(shown?.priceSource ?? { source: model.source, date: model.sourceDate }),
      capability_source: sourceForWire(model.capabilitySource),
      context_source: sourceForWire(model.contextSource),
      ...(shown?.providerId === SIMULATED_PROVIDER ? { simulated: true } : {}),
    }
  }
}

const knownOrNull = <Value>(value: Value | 'unknown'): Value | null => (value === 'unknown' ? null : value)

/** One that can be sold, where there is one. */
const shownOf = (endpoints: readonly Endpoint[]) => endpoints.find(({ prices }) => prices) ?? endpoints[0]
