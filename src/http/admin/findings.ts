import { type Request, Router } from 'express'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { FINDING_WORDS } from '../../settlement/reconcile/finding-words.ts'
import type { Finding } from '../../settlement/reconcile/types.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readBody } from '../request/read-body.ts'

/** Findings of the reconciliation: to be listed, and closed by somebody who says why. */
export function findingRoutes({ admin, call }: HttpDependencies): Router {
  const router = Router()
  const wire = (finding: Finding) => forWire({ finding, nowMs: call.clock.nowMs() })
  router.get('/reconciliation/findings', async (request, response) => {
    const { findings, hasMore } = await admin.listFindings(pageOf(request))
    const data = findings.map(wire)
    const [first, last] = [data[0]?.id ?? null, data.at(-1)?.id ?? null]
    const body = { object: 'list', data, first_id: first, last_id: last, has_more: hasMore }
    sendJson({ response, status: 200, body })
  })
  router.post('/reconciliation/findings/:id/close', async (request, response) => {
    const { id } = request.params
    const closed = await admin.closeFinding({ id, reason: reasonOf(await readBody(request)) })
    if (closed === 'unknown') throw new TurnpikeError('finding_not_found', { param: 'id' })
    if (closed === 'closed') throw new TurnpikeError('finding_closed', { param: 'id' })
    sendJson({ response, status: 200, body: wire(closed) })
  })
  return router
}

function reasonOf(body: Buffer): string {
  let reason: unknown
  try {
    reason = (JSON.parse(body.toString()) as { reason?: unknown } | null)?.reason
  } catch (cause) {
    throw new TurnpikeError('invalid_json', { cause })
  }
  if (typeof reason === 'string' && reason.trim() !== '' && reason.length <= LIMITS.reasonChars) return reason
  throw new TurnpikeError('invalid_field', {
    param: 'reason',
    message: `reason must be a text of 1 to ${LIMITS.reasonChars} characters.`,
  })
}

type Page = Parameters<HttpDependencies['admin']['listFindings']>[0]

/** `limit`, `after`, `before`, `order` as every list has them, and `state`, which is open unless said otherwise. */
function pageOf({ query }: Request): Page {
  const given = (name: string) => (typeof query[name] === 'string' ? query[name] : undefined)
  const [after, before, state = 'open'] = [given('after'), given('before'), given('state')]
  const limit = Number(given('limit') ?? LIMITS.listEntries)
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.listEntries) throw invalid('limit')
  const order = given('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw invalid('order')
  if (state !== 'open' && state !== 'closed' && state !== 'all') throw invalid('state')
  return {
    limit,
    order,
    ...(state === 'all' ? {} : { state }),
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
  }
}

const invalid = (param: string) => new TurnpikeError('invalid_field', { param })

function forWire({ finding, nowMs }: { finding: Finding; nowMs: number }) {
  const { id, class: kind, network, subject, ledger, chain, state } = finding
  const time = (atMs: number | undefined) => (atMs === undefined ? null : new Date(atMs).toISOString())
  return {
    object: 'finding',
    id,
    class: kind,
    network,
    subject,
    ledger,
    chain,
    ...FINDING_WORDS[kind],
    state,
    opened_at: time(finding.openedAtMs),
    last_seen_at: time(finding.seenAtMs),
    age_seconds: Math.floor(((finding.closedAtMs ?? nowMs) - finding.openedAtMs) / 1_000),
    closed_at: time(finding.closedAtMs),
    closed_by: finding.closedBy ?? null,
    reason: finding.reason ?? null,
  }
}
