import { z } from 'zod'
import { changeRate, createRate } from '../../call/govern/change-budgets.ts'
import { archiveLimit } from '../../call/govern/change-policies.ts'
import { isoTime, pageQuery, place, version, versionOnly } from './fields.ts'
import { shapeOfAuthority } from './policies.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

const KIND: Kind<'rates'> = {
  resource: 'rates',
  shape: (_desk, rates) =>
    rates.map((rate) => ({
      object: 'rate_limit',
      id: rate.id,
      organization_id: rate.organizationId,
      place: rate.place,
      metric: rate.metric,
      limit: rate.limit,
      set_by: shapeOfAuthority(rate.setBy),
      version: rate.version,
      archived_at: isoTime(rate.archivedAtMs),
    })),
}

const limit = z.int().min(1).describe('Per minute; of concurrent, at once.')

/** Who sees what is spent sees how fast it may be. */
export const RATE_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/rates',
    id: 'listRates',
    summary: 'Rate limits by place',
    permission: 'budgets:read',
    kind: KIND,
    filters: { level: 'level', level_id: 'levelId', metric: 'metric' },
    query: pageQuery(['level', 'level_id', 'metric']),
  }),
  showing({
    path: '/rates/:id',
    id: 'getRate',
    summary: 'One rate limit',
    permission: 'budgets:read',
    kind: KIND,
  }),
  writing({
    path: '/rates',
    id: 'createRate',
    summary: 'Limits requests or tokens per minute, or calls at once',
    permission: 'rates:write',
    kind: KIND,
    isNew: true,
    body: z.strictObject({ place, metric: z.enum(['requests', 'tokens', 'concurrent']), limit }),
    decide: ({ desk, body }) => createRate(desk, body),
  }),
  writing({
    method: 'patch',
    path: '/rates/:id',
    id: 'changeRate',
    summary: 'Changes a rate limit',
    permission: 'rates:write',
    kind: KIND,
    body: z.strictObject({ limit, version }),
    decide: ({ desk, params, body, version }) =>
      changeRate(desk, { id: params['id'] ?? '', limit: body.limit, version }),
  }),
  writing({
    path: '/rates/:id/archive',
    id: 'archiveRate',
    summary: 'Takes a rate limit away',
    permission: 'rates:write',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => archiveLimit(desk, 'rates', { id: params['id'] ?? '', version }),
  }),
]
