import { z } from 'zod'
import {
  archiveWebhook,
  changeWebhook,
  createWebhook,
  rotateWebhookSecret,
} from '../../call/govern/change-webhooks.ts'
import { EVENT_TYPES, type EventType } from '../../governance/alerts/events.ts'
import { id, isoTime, name, pageQuery, version, versionOnly } from './fields.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

/** Never a secret, sealed or not. */
const KIND: Kind<'webhooks'> = {
  resource: 'webhooks',
  shape: (_desk, webhooks) =>
    webhooks.map((webhook) => ({
      object: 'webhook',
      id: webhook.id,
      organization_id: webhook.organizationId,
      name: webhook.name,
      url: webhook.url,
      event_types: webhook.eventTypes,
      disabled_at: isoTime(webhook.disabledAtMs),
      failing_since: isoTime(webhook.failingSinceMs),
      version: webhook.version,
      archived_at: isoTime(webhook.archivedAtMs),
    })),
}

const TYPES = Object.keys(EVENT_TYPES) as [EventType, ...EventType[]]
const URL_CHARS = 2_000

const url = z.url({ protocol: /^https?$/ }).max(URL_CHARS)
const eventTypes = z.array(z.enum(TYPES)).min(1).nullish().describe('Kinds of events; all where absent.')

export const WEBHOOK_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/webhooks',
    id: 'listWebhooks',
    summary: 'Where alerts go',
    permission: 'webhooks:read',
    kind: KIND,
    filters: { name: 'name' },
    query: pageQuery(['name']),
  }),
  showing({
    path: '/webhooks/:id',
    id: 'getWebhook',
    summary: 'One subscription',
    permission: 'webhooks:read',
    kind: KIND,
  }),
  writing({
    path: '/webhooks',
    id: 'createWebhook',
    summary: 'Subscribes an address to alerts; `secret` of the answer is shown this once',
    permission: 'webhooks:write',
    kind: KIND,
    isNew: true,
    body: z.strictObject({ organization_id: id.optional(), name, url, event_types: eventTypes }),
    decide: ({ desk, body }) =>
      createWebhook(desk, {
        organizationId: body.organization_id,
        name: body.name,
        url: body.url,
        eventTypes: body.event_types ?? null,
      }),
  }),
  writing({
    method: 'patch',
    path: '/webhooks/:id',
    id: 'changeWebhook',
    summary: 'Changes a subscription, stops it or starts it again',
    permission: 'webhooks:write',
    kind: KIND,
    body: z.strictObject({
      name: name.optional(),
      url: url.optional(),
      event_types: eventTypes,
      disabled: z.boolean().optional(),
      version,
    }),
    decide: ({ desk, params, body, version }) =>
      changeWebhook(desk, {
        id: params['id'] ?? '',
        name: body.name,
        url: body.url,
        eventTypes: body.event_types,
        isDisabled: body.disabled,
        version,
      }),
  }),
  writing({
    path: '/webhooks/:id/secret',
    id: 'rotateWebhookSecret',
    summary: 'Makes a new secret, shown this once; the old one signs as well until the next',
    permission: 'webhooks:write',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => rotateWebhookSecret(desk, { id: params['id'] ?? '', version }),
  }),
  writing({
    path: '/webhooks/:id/archive',
    id: 'archiveWebhook',
    summary: 'Takes a subscription away',
    permission: 'webhooks:write',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => archiveWebhook(desk, { id: params['id'] ?? '', version }),
  }),
]
