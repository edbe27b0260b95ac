import { z } from 'zod'
import { PERMISSIONS } from '../../governance/roles/permissions.ts'
import type { ErrorCode } from '../../lib/errors/registry.ts'
import { ERROR_SCHEMAS, errorResponses } from '../discovery/error-responses.ts'
import { VERSION } from '../discovery/open-api.ts'
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

function parametersOf({ path, query, method }: AdminRoute): readonly Json[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const properties = (query ? schemaOf(query)['properties'] : {}) as Readonly<Record<string, Json>>
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    schema,
    ...(description === undefined ? {} : { description }),
  }))
  const headers =
    method === 'get'
      ? []
      : [
          ['Idempotency-Key', 'Your own name for this request: sent again under it, it is done once.'],
          ['If-Match', 'The ETag that you have seen; another version is 409 version_conflict.'],
        ].map(([name, description]) => ({
          name,
          in: 'header',
          required: false,
          schema: { type: 'string' },
          description,
        }))
  return [...inPath, ...inQuery, ...headers]
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
    security: [{ bearer: [] }],
    'x-permission': permission,
    parameters: parametersOf(route),
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }
      : {}),
    responses: {
      [status]: {
        description: summary,
        content: { [media]: { schema }, ...(isList ? { 'text/csv': { schema: { type: 'string' } } } : {}) },
      },
      ...errorResponses({ codes, path: '/admin/v1' }),
    },
  }
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
export function buildAdminOpenApi({ routes }: { routes: readonly AdminRoute[] }): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operationOf(route) }
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
      },
      schemas: { ...ERROR_SCHEMAS, List: LIST },
    },
  }
}
