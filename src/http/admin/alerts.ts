import type { Delivery } from '../../call/admin-ports.ts'
import { listAlerts, replayAlert, testWebhook } from '../../call/govern/read-alerts.ts'
import { type AlertEvent, eventBody } from '../../governance/alerts/events.ts'
import { answerList } from './answer-list.ts'
import { isoTime, pageQuery, versionOnly } from './fields.ts'
import type { AdminRoute, Given, Json } from './route.ts'
import { pageOf } from './serve-route.ts'

const deliveryShape = ({
  id,
  organizationId,
  eventId,
  webhookId,
  state,
  attempts,
  ...last
}: Delivery): Json => ({
  object: 'delivery',
  id,
  organization_id: organizationId,
  event_id: eventId,
  webhook_id: webhookId,
  state,
  attempts,
  next_at: state === 'waiting' ? isoTime(last.nextAtMs) : null,
  last_status: last.lastStatus ?? null,
  last_error_code: last.lastErrorCode ?? null,
  ended_at: isoTime(last.endedAtMs),
})

const eventShape = (event: AlertEvent): Json => ({ object: 'event', id: event.id, ...eventBody(event) })

const DELIVERY_FILTERS = { webhook_id: 'webhookId', event_id: 'eventId', state: 'state' } as const
const EVENT_FILTERS = { type: 'type' } as const

/** Filters as the store names them. */
const whereOf = (filters: Readonly<Record<string, string>>, query: Json) =>
  Object.fromEntries(
    Object.entries(filters).flatMap(([wire, stored]) => {
      const wanted = query[wire]
      return typeof wanted === 'string' ? [[stored, wanted]] : []
    }),
  )

const organizationIn = ({ query }: Given) =>
  typeof query['organization'] === 'string' ? query['organization'] : undefined

async function answerDeliveries(given: Given): Promise<undefined> {
  const { desk, query } = given
  const { items, hasMore } = await listAlerts({
    desk,
    resource: 'deliveries',
    organizationId: organizationIn(given),
    where: whereOf(DELIVERY_FILTERS, query),
    page: pageOf(query),
  })
  answerList({ ...given, data: items.map(deliveryShape), hasMore })
}

async function answerEvents(given: Given): Promise<undefined> {
  const { desk, query } = given
  const { items, hasMore } = await listAlerts({
    desk,
    resource: 'events',
    organizationId: organizationIn(given),
    where: whereOf(EVENT_FILTERS, query),
    page: pageOf(query),
  })
  answerList({ ...given, data: items.map(eventShape), hasMore })
}

export const ALERT_ROUTES: readonly AdminRoute[] = [
  {
    method: 'get',
    path: '/events',
    id: 'listEvents',
    summary: 'Alerts, as they are sent',
    permission: 'webhooks:read',
    query: pageQuery(Object.keys(EVENT_FILTERS)),
    act: { kind: 'other', answer: answerEvents },
  },
  {
    method: 'get',
    path: '/deliveries',
    id: 'listDeliveries',
    summary: 'Where alerts were sent, and what came of it; state=dead are those that were given up',
    permission: 'webhooks:read',
    query: pageQuery(Object.keys(DELIVERY_FILTERS)),
    act: { kind: 'other', answer: answerDeliveries },
  },
  {
    method: 'post',
    path: '/deliveries/:id/replay',
    id: 'replayDelivery',
    summary: 'Tries a delivery again, under its own id',
    permission: 'webhooks:write',
    body: versionOnly,
    act: {
      kind: 'other',
      answer: async ({ desk, params }) => deliveryShape(await replayAlert(desk, params['id'] ?? '')),
    },
  },
  {
    method: 'post',
    path: '/webhooks/:id/test',
    id: 'testWebhook',
    summary: 'Sends a subscription an alert that says it is a test',
    permission: 'webhooks:write',
    body: versionOnly,
    act: {
      kind: 'other',
      answer: async ({ desk, params }) => deliveryShape(await testWebhook(desk, params['id'] ?? '')),
    },
  },
]
