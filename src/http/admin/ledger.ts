import { timingSafeEqual } from 'node:crypto'
import { type RequestHandler, Router } from 'express'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { findingRoutes } from './findings.ts'

/** The operator's view of the money, behind the admin token. */
export function adminRoutes(dependencies: HttpDependencies): Router {
  const { admin, adminToken } = dependencies
  const router = Router()
  router.use(requireToken(adminToken))
  const answer =
    (read: () => Promise<unknown>): RequestHandler =>
    async (_request, response) =>
      sendJson({ response, status: 200, body: await read() })
  router.get('/ledger/trial-balance', answer(admin.getTrialBalance))
  router.get('/ledger/check', answer(admin.checkLedger))
  router.get('/reconciliation', answer(admin.reconcile))
  router.use(findingRoutes(dependencies))
  router.post('/settlements/run', answer(admin.settleNow))
  return router
}

function requireToken(token: string | undefined): RequestHandler {
  const wanted = Buffer.from(`Bearer ${token ?? ''}`)
  return (request, _response, next) => {
    const given = Buffer.from(request.headers.authorization ?? '')
    const isRight = token !== undefined && given.length === wanted.length && timingSafeEqual(given, wanted)
    if (!isRight) throw new TurnpikeError('admin_token_required')
    next()
  }
}
