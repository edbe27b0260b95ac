import { Router } from 'express'
import { hashRequest } from '../../payment/offers/quote.ts'
import { sendJson } from '../answer.ts'
import { creditOf, withdrawalForWire } from '../credit/credit-fields.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { moneyKey, organizationCreditOf } from '../credit/organization-credit.ts'
import { readBody } from '../request/read-body.ts'
import { requireSignIn } from '../signed-in.ts'
import { topUp } from '../credit/top-up.ts'
import { withdraw } from '../credit/withdraw.ts'

/** What a payer has with us: to be seen, topped up and withdrawn. */
export function creditRoutes(dependencies: HttpDependencies): Router {
  const router = Router()
  router.get('/v1/credit', async (request, response) => {
    const key = await moneyKey({ request, dependencies, permission: 'credit:read' })
    const body = key
      ? await organizationCreditOf({ ...key, dependencies })
      : await creditOf({ ...requireSignIn({ request, dependencies }), dependencies })
    sendJson({ response, status: 200, body })
  })
  router.post('/v1/credit', (request, response) => topUp({ request, response, dependencies }))
  router.post('/v1/credit/withdrawals', async (request, response) => {
    const body = await readBody(request)
    const { secret } = dependencies.call
    const requestId = hashRequest({ method: 'POST', path: request.path, body, secret })
    const proved = requireSignIn({ request, dependencies, requestId })
    const refund = await withdraw({ body, proved, dependencies })
    dependencies.call.wake()
    sendJson({ response, status: 200, body: withdrawalForWire({ refund, dependencies }) })
  })
  return router
}
