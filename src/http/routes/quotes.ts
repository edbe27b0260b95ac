import { type Request, type Response, Router } from 'express'
import { quoteCall } from '../../call/plan/demand.ts'
import { fitBudgets } from '../../call/budgets/fit-budgets.ts'
import { planGoverned } from '../../call/caller/plan-governed.ts'
import { priceAlternatives } from '../../call/plan/price-alternatives.ts'
import { invalidField } from '../../chat/check-options.ts'
import { missingField } from '../../chat/read-values.ts'
import { allow } from '../request/allow.ts'
import { requestIdOf, sendJson } from '../answer.ts'
import { countUnpaid } from '../calls/count-unpaid.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { dialectAt, PAID_PATHS } from '../request/dialects.ts'
import { governedCall } from '../calls/governed-call.ts'
import { speakAs } from '../error-handler.ts'
import { quoteBody } from '../calls/quote-body.ts'
import { readBody } from '../request/read-body.ts'
import { receive } from '../request/receive.ts'
import { requireStorage } from '../request/require-storage.ts'
import { signedIn } from '../signed-in.ts'
import { resourceAt } from '../request/resource-at.ts'

const USUAL_PATH = '/v1/chat/completions'

/**
 * POST /v1/quotes?for=PATH: what the same body would be asked at that path, to the atom, without a 402 and without a row. Its offers are
 * honoured there: the quote in them names that path and these bytes.
 */
export function quotesRoute(dependencies: HttpDependencies): Router {
  const router = Router()
  router
    .route('/v1/quotes')
    .post((request, response) => answerQuote({ request, response, dependencies }))
    .all(allow('POST'))
  return router
}

/** @throws invalid_field for a path that sells nothing. */
function readPath(value: unknown): string {
  if (value === undefined) return USUAL_PATH
  if (typeof value === 'string' && PAID_PATHS.has(value)) return value
  throw invalidField('for', `must be one of ${[...PAID_PATHS.keys()].join(', ')}.`)
}

async function answerQuote({
  request,
  response,
  dependencies,
}: {
  request: Request
  response: Response
  dependencies: HttpDependencies
}): Promise<void> {
  const path = readPath(request.query['for'])
  // Whatever is wrong with the body is said as the path itself would say it.
  speakAs({ response, path })
  countUnpaid({ request, dependencies })
  const { call } = dependencies
  const body = await readBody(request)
  const received = receive({ request, requestId: requestIdOf(response), body, path, dependencies: call })
  // A probe's price is nobody's: no call can be bought by it, and a quote is honoured.
  if (received.kind === 'probe') throw missingField('model')
  const wallet = signedIn({ request, dependencies })
  const governed = await governedCall({ request, received: received.call, signedIn: wallet, dependencies })
  const plan = await planGoverned({ received: governed, dependencies: call })
  const planned = await fitBudgets({ planned: plan, feePicoUsd: 0n, dependencies: call })
  const isFree = planned.ceilingPicoUsd === 0n
  if (!isFree) requireStorage(dependencies)
  const alternatives = isFree ? [] : await priceAlternatives({ planned, dependencies: call })
  const quote = quoteBody({
    planned,
    quoted: quoteCall({ priced: planned, dependencies: call }),
    resource: resourceAt({ path, publicUrl: dependencies.publicUrl(request) }),
    capField: dialectAt(path).capField,
    alternatives,
    dependencies: call,
  })
  sendJson({ response, status: 200, body: quote })
}
