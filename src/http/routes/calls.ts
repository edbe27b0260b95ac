import { Router } from 'express'
import { explainCall } from '../../call/explain.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'

/** GET /v1/calls/{id}: the id is the capability. */
export function callsRoute({ call }: HttpDependencies): Router {
  const router = Router()
  router.get('/v1/calls/:id', async (request, response) => {
    const { id } = request.params
    const record = id.startsWith('call_') && id.length < 64 ? await call.store.getCall(id) : undefined
    if (!record) throw new TurnpikeError('call_not_found', { param: 'id' })
    sendJson({ response, status: 200, body: explainCall(record) })
  })
  return router
}
