import { Router } from 'express'
import { countInput } from '../../chat/count-input.ts'
import { readCountRequest } from '../../chat/messages/read-messages-request.ts'
import { sendJson } from '../answer.ts'
import { countUnpaid } from '../calls/count-unpaid.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readBody } from '../request/read-body.ts'

/**
 * POST /v1/messages/count_tokens: Anthropic's question before a call. The answer is our own count, the one that bounds a price: rounded
 * up, and the same for every model. It is free, so it counts like any other request that nobody has paid for.
 */
export function countTokensRoute(dependencies: HttpDependencies): Router {
  const router = Router()
  router.post('/v1/messages/count_tokens', async (request, response) => {
    countUnpaid({ request, dependencies })
    const counted = readCountRequest({ body: await readBody(request) })
    const inputTokens = await countInput({ request: counted })
    sendJson({ response, status: 200, body: { input_tokens: inputTokens } })
  })
  return router
}
