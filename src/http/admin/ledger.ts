import { type RequestHandler, Router } from 'express'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { findingRoutes } from './findings.ts'
import { governedRoutes } from './governed-routes.ts'
import { isOperator } from './who-asks.ts'

/** Organisations, for the operator and for keys of theirs; then the operator's view of the money, behind its token. */
export function adminRoutes(dependencies: HttpDependencies): Router {
  const { admin } = dependencies
  const router = Router()
  router.use(governedRoutes(dependencies))
  router.use(requireOperator(dependencies))
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

/** What follows is the operator's alone. */
const requireOperator =
  (dependencies: HttpDependencies): RequestHandler =>
  (request, _response, next) => {
    if (!isOperator({ request, dependencies })) throw new TurnpikeError('admin_token_required')
    next()
  }
