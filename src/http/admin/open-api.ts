import { z } from 'zod'
import { PERMISSIONS } from '../../governance/roles/permissions.ts'
import type { ErrorCode } from '../../lib/errors/registry.ts'
import { ERROR_SCHEMAS, errorResponses } from '../discovery/error-responses.ts'
import { VERSION } from '../discovery/open-api.ts'
import type { SessionOperation } from '../sessions/session-operations.ts'
import type { AdminRoute, Json } from './route.ts'

/** What can be met by any of these routes. */
const COMMON: readonly ErrorCode[] = [
  'admin_token_required',
  'key_invalid',
  'key_expired',
  'key_revoked',
  'key_kind_mismatch',
  'permission_denied',
  'record_not_found',
  'invalid_field',
  'unknown_field',
  'internal_error',
]

/** What a change can meet beside. */
const WRITING: readonly ErrorCode[] = [
  'invalid_json',
  'body_too_large',
  'missing_field',
  'contradicting_options',
  'invalid_governance_value',
  'invalid_name',
  'version_conflict',
  'name_taken',
  'idempotency_conflict',
  'unit_archived',
  'grant_exceeds_own',
]

const schemaOf = (schema: z.ZodType): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

function queryOf(query: z.ZodObject | undefined): readonly Json[] {
  const properties = (query ? schemaOf(query)['properties'] : {}) as Readonly<Record<string, Json>>
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    schema,
    ...(description === undefined ? {} : { description }),
  }))
}

const header = ([name, description]: readonly [string, string], required = false): Json => ({
  name,
  in: 'header',
  required,
  schema: { type: 'string' },
  description,
})

const bodyOf = (body: z.ZodObject | undefined): Json =>
  body ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } } : {}

function parametersOf({ path, query, method }: AdminRoute): readonly Json[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const headers =
    method === 'get'
      ? []
      : [
          header([
            'Idempotency-Key',
            'Your own name for this request: sent again under it, it is done once.',
          ]),
          header(['If-Match', 'The ETag that you have seen; another version is 409 version_conflict.']),
        ]
  return [...inPath, ...queryOf(query), ...headers]
}

function operationOf(route: AdminRoute): Json {
  const { id, summary, permission, body, act, method } = route
  const isList = act.kind === 'list' || id === 'listAudit'
  const codes = method === 'get' ? COMMON : [...COMMON, ...WRITING]
  const status = act.kind === 'write' ? String(act.status) : '200'
  const schema = isList ? { $ref: '#/components/schemas/List' } : { type: 'object' }
  const media = id === 'exportAudit' ? 'application/x-ndjson' : 'application/json'
  return {
    operationId: id,
    summary,
    description: `Permission: \`${permission}\` (${PERMISSIONS[permission]}), at the unit of what it is about.`,
    tags: [route.path.split('/')[1]],
    security: [{ bearer: [] }, { session: [] }],
    'x-permission': permission,
    parameters: parametersOf(route),
    ...bodyOf(body),
    responses: {
      [status]: {
        description: summary,
        content: { [media]: { schema }, ...(isList ? { 'text/csv': { schema: { type: 'string' } } } : {}) },
      },
      ...errorResponses({ codes, path: '/admin/v1' }),
    },
  }
}

/** How members get in and out: no permission is asked for, and no key. */
function sessionOperationOf({ id, summary, method, body, query, ...said }: SessionOperation): Json {
  const { isSignedIn, answers, codes } = said
  const isMeant = isSignedIn && method !== 'get'
  return {
    operationId: id,
    summary,
    tags: ['sessions'],
    security: isSignedIn ? [{ session: [] }] : [],
    parameters: [
      ...queryOf(query),
      ...(isMeant ? [header(['x-csrf-token', '`csrf_token` of the session.'], true)] : []),
    ],
    ...bodyOf(body),
    responses: {
      [answers]:
        answers === 303
          ? { description: summary, headers: { location: { schema: { type: 'string' } } } }
          : {
              description: summary,
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Session' } } },
            },
      ...errorResponses({ codes: [...codes, 'internal_error'], path: '/admin/v1' }),
    },
  }
}

const SESSION: Json = {
  type: 'object',
  description: 'After signing out it has only `object` and `ended`.',
  properties: {
    object: { const: 'session' },
    principal_id: { type: 'string' },
    name: { type: 'string' },
    organization_id: { type: 'string' },
    unit_id: { type: 'string' },
    grants: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          unit_path: { type: 'array', items: { type: 'string' } },
          permissions: { type: 'object' },
        },
      },
    },
    csrf_token: { type: 'string' },
    created_at: { type: 'string', format: 'date-time' },
    expires_at: { type: 'string', format: 'date-time' },
    ended: { type: 'boolean' },
  },
  required: ['object'],
}

const LIST: Json = {
  type: 'object',
  properties: {
    object: { const: 'list' },
    data: { type: 'array', items: { type: 'object' } },
    first_id: { type: ['string', 'null'] },
    last_id: { type: ['string', 'null'] },
    has_more: { type: 'boolean' },
  },
  required: ['object', 'data', 'first_id', 'last_id', 'has_more'],
}

/** The OpenAPI 3.1 document of administration: a document of its own, for those who may ask for it. The public one says nothing of it. */
export function buildAdminOpenApi({
  routes,
  sessions = [],
}: {
  routes: readonly AdminRoute[]
  /** Empty where nobody can sign in. */
  sessions?: readonly SessionOperation[]
}): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operationOf(route) }
  }
  for (const operation of sessions)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: sessionOperationOf(operation),
    }
  return {
    openapi: '3.1.0',
    info: { title: 'Turnpike administration', version: VERSION },
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: "The operator's token, or a key of an organisation (tp_live_…).",
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'turnpike',
          description:
            'Of a member who is signed in; over https it is named __Host-turnpike. What changes something needs x-csrf-token and an Origin of this server as well.',
        },
      },
      schemas: { ...ERROR_SCHEMAS, List: LIST, Session: SESSION },
    },
  }
}
