import { type Request, Router } from 'express'
import { explainCall, explainOwnCall } from '../../call/plan/explain.ts'
import type { CallRecord } from '../../call/types.ts'
import { keyMayDo } from '../../governance/keys/key-kinds.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { credentialOf } from '../calls/governed-call.ts'
import { requireSignIn, signedIn } from '../signed-in.ts'

/** GET /v1/calls/{id}: the id is the capability, and its signed-in payer sees more; GET /v1/calls: a payer's own. */
export function callsRoutes(dependencies: HttpDependencies): Router {
  const { call, payers } = dependencies
  const router = Router()
  router.get('/v1/calls', async (request, response) => {
    const { payer } = requireSignIn({ request, dependencies })
    const { limit, after } = pageOf(request)
    const calls = await payers.listCalls({
      payerId: payer,
      limit: limit + 1,
      ...(after === undefined ? {} : { after }),
    })
    const data = calls.slice(0, limit).map(explainOwnCall)
    const [first, last] = [data[0]?.id ?? null, data.at(-1)?.id ?? null]
    const body = { object: 'list', data, first_id: first, last_id: last, has_more: calls.length > limit }
    sendJson({ response, status: 200, body })
  })
  router.get('/v1/calls/:id', async (request, response) => {
    const { id } = request.params
    const proved = signedIn({ request, dependencies })
    const record = id.startsWith('call_') && id.length < 64 ? await call.store.getCall(id) : undefined
    if (!record) throw new TurnpikeError('call_not_found', { param: 'id' })
    const isOwn =
      (record.admission.payer.kind === 'wallet' && record.admission.payer.id === proved?.payer) ||
      (await mayRead({ request, record, dependencies }))
    sendJson({ response, status: 200, body: isOwn ? explainOwnCall(record) : explainCall(record) })
  })
  return router
}

/** A key sees the calls of its own principal, and those of its organisation where it holds `calls:read` for all of it. */
async function mayRead({
  request,
  record: { admission },
  dependencies,
}: {
  request: Request
  record: CallRecord
  dependencies: HttpDependencies
}): Promise<boolean> {
  const rules = await dependencies.call.governed.authenticate(credentialOf(request))
  if (!rules?.key || !rules.organization || rules.organization.id !== admission.organizationId) return false
  const { key, grants, organization, principal } = rules
  const isOwn = principal.id === admission.principalId
  return keyMayDo({
    key,
    grants,
    permission: 'calls:read',
    unitPath: isOwn ? rules.unit.path : [organization.id],
    isOwn,
  })
}

function pageOf({ query }: Request): { readonly limit: number; readonly after?: string } {
  const limit = Number(query['limit'] ?? 20)
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.listEntries)
    throw new TurnpikeError('invalid_field', { param: 'limit' })
  const { after } = query
  return { limit, ...(typeof after === 'string' ? { after } : {}) }
}
