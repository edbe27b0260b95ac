import { type Response, Router } from 'express'
import { SIMULATED_PROVIDER } from '../../catalog/simulated.ts'
import type { Endpoint, Model } from '../../catalog/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { formatUsd } from '../../lib/money.ts'
import { addMargin } from '../../pricing/charge.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'

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
    const model = catalog.models.get(id)
    if (!model) throw new TurnpikeError('unknown_model', { param: 'id' })
    sendJson({ response, status: 200, body: describe(model) })
  }

  function describe(model: Model) {
    const endpoints = catalog.endpoints.filter(({ modelId }) => modelId === model.id)
    const reachable = endpoints.filter(({ providerId }) => call.upstreams.isReachable(providerId))
    const shown = reachable[0] ?? endpoints[0]
    return {
      id: model.id,
      object: 'model',
      created: model.createdAt,
      owned_by: model.id.split('/')[0],
      name: model.name,
      context_length: model.contextTokens,
      max_output_tokens: model.maxOutputTokens ?? null,
      available: reachable.length > 0,
      pricing: shown ? pricing(shown) : null,
      price_source: { source: model.source, date: model.sourceDate },
      ...(shown?.providerId === SIMULATED_PROVIDER ? { simulated: true } : {}),
    }
  }

  /** USD per token, margin included, as OpenRouter writes them. */
  function pricing({ prices }: Endpoint) {
    if (!prices) return null
    const usd = (costPicoUsd: bigint) => formatUsd(addMargin({ costPicoUsd, marginBps: call.marginBps }))
    return {
      prompt: usd(prices.inputPicoUsd),
      completion: usd(prices.outputPicoUsd),
      input_cache_read: usd(prices.cacheReadPicoUsd),
      input_cache_write: usd(prices.cacheWritePicoUsd),
    }
  }
}
