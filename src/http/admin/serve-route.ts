import type { Request, RequestHandler, Response } from 'express'
import type { z } from 'zod'
import type { GovernedResources } from '../../call/admin-ports.ts'
import { commitDecision } from '../../call/govern/commit-decision.ts'
import type { AdminRequest } from '../../call/govern/dependencies.ts'
import { type Desk, openDesk } from '../../call/govern/desk.ts'
import { getRecord, listRecords } from '../../call/govern/list-records.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { requestIdOf, sendJson } from '../answer.ts'
import { callerAddress } from '../request/caller-address.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { idempotencyIdOf } from '../request/idempotency-id.ts'
import { readBody } from '../request/read-body.ts'
import { answerList } from './answer-list.ts'
import { readFields } from '../request/read-fields.ts'
import { readJson } from '../request/read-json.ts'
import type { AdminRoute, Given, Json, Shape } from './route.ts'
import { whoAsks } from './who-asks.ts'

/** One route as express runs it: who asks, what it says, may it, do it, answer. */
export function serveRoute({
  route,
  dependencies,
}: {
  route: AdminRoute
  dependencies: HttpDependencies
}): RequestHandler {
  return async (request, response) => {
    const asker = await whoAsks({ request, dependencies })
    const bytes = route.body
      ? await readBody(request, { limitBytes: LIMITS.adminBodyBytes })
      : Buffer.alloc(0)
    const { administration } = dependencies
    const desk = openDesk({
      asker,
      permission: route.permission,
      request: requestOf({ request, response, bytes, digest: administration.digest }),
      dependencies: administration,
    })
    const body = route.body ? readFields(route.body, readJson(bytes)) : {}
    const version = versionOf({ request, body })
    const given: Given = {
      desk,
      params: request.params as Readonly<Record<string, string>>,
      body,
      query: route.query ? queryOf(route.query, request) : {},
      ...(version === undefined ? {} : { version }),
      request,
      response,
    }
    await answer({ route, given })
  }
}

async function answer({ route: { act }, given }: { route: AdminRoute; given: Given }): Promise<void> {
  const { desk, params, query, request, response } = given
  if (act.kind === 'write') {
    const { record, once, isRepeat } = await commitDecision({ desk, decide: async () => act.decide(given) })
    const headers: Record<string, string> = isRepeat ? { 'idempotent-replayed': 'true' } : {}
    const body = { ...(await shaped(act.shape, desk, record)), ...once }
    sendJson({ response, status: act.status, body, headers: { ...headers, ...etag(record) } })
    return
  }
  if (act.kind === 'get') {
    const record = await getRecord(desk, act.resource, params['id'] ?? '')
    sendJson({ response, status: 200, body: await shaped(act.shape, desk, record), headers: etag(record) })
    return
  }
  if (act.kind === 'other') {
    const body = await act.answer(given)
    if (!desk.wasAsked()) throw new RangeError('A route answered without asking for a permission.')
    if (body) sendJson({ response, status: 200, body })
    return
  }
  const { organization, archived, ...rest } = query as Readonly<Record<string, string | undefined>>
  const where = Object.fromEntries(
    Object.entries(act.filters).flatMap(([wire, stored]) =>
      rest[wire] === undefined ? [] : [[stored, rest[wire]]],
    ),
  )
  const { items, hasMore } = await listRecords({
    desk,
    resource: act.resource,
    organizationId: organization,
    page: pageOf(query),
    where,
    archived: archived === 'true',
  })
  answerList({ request, response, hasMore, data: await act.shape(desk, items as readonly never[]) })
}

const etag = ({ version }: { version: number }) => ({ etag: `"${version}"` })

async function shaped(
  shape: Shape,
  desk: Desk,
  record: GovernedResources[keyof GovernedResources],
): Promise<Json> {
  const [one] = await shape(desk, [record as never])
  return one ?? {}
}

/** What every list takes. */
export function pageOf(query: Json) {
  const { limit, after, before, order } = query as {
    readonly limit?: number
    readonly after?: string
    readonly before?: string
    readonly order?: 'asc' | 'desc'
  }
  if (after !== undefined && before !== undefined)
    throw new TurnpikeError('contradicting_options', {
      param: 'before',
      message: 'A page is after one record or before another.',
    })
  return {
    limit: limit ?? LIMITS.listEntries,
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
    ...(order === undefined ? {} : { order }),
  }
}

/** The query of a request: every name once. */
function queryOf(schema: z.ZodObject, { query }: Request): Json {
  for (const [name, value] of Object.entries(query))
    if (typeof value !== 'string') throw new TurnpikeError('invalid_field', { param: name })
  return readFields(schema, { ...query })
}

const IF_MATCH = /^(?:W\/)?"(\d{1,9})"$/

/** @throws TurnpikeError `invalid_field`; `contradicting_options` where header and body differ. */
function versionOf({ request, body }: { request: Request; body: Json }): number | undefined {
  const header = request.headers['if-match']
  const said = body['version'] as number | undefined
  if (header === undefined || header === '*') return said
  const [, digits] = IF_MATCH.exec(header) ?? []
  if (digits === undefined)
    throw new TurnpikeError('invalid_field', {
      param: 'If-Match',
      message: 'If-Match takes one version as the answer gave it in ETag, such as "3".',
    })
  if (said !== undefined && said !== Number(digits))
    throw new TurnpikeError('contradicting_options', {
      param: 'version',
      message: 'If-Match and version differ.',
    })
  return Number(digits)
}

function requestOf({
  request,
  response,
  bytes,
  digest,
}: {
  request: Request
  response: Response
  bytes: Buffer
  digest: (text: string) => string
}): AdminRequest {
  const { method, originalUrl, headers, headersDistinct } = request
  const key = idempotencyIdOf({ header: headersDistinct['idempotency-key'], identifier: undefined })
  const via = headers['x-turnpike-via']
  return {
    id: requestIdOf(response),
    via: via === 'cli' || via === 'console' ? via : 'api',
    addressDigest: digest(`address ${callerAddress(request)}`),
    ...(key === undefined
      ? {}
      : {
          idempotency: {
            key,
            requestDigest: digest(
              `${method} ${originalUrl}\n${headers['if-match'] ?? ''}\n${bytes.toString('base64')}`,
            ),
          },
        }),
  }
}
