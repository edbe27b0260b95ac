import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import {
  type AdminFilters,
  type AdminPage,
  type AdminResources,
  type Delivery,
  EVERY_ORGANIZATION,
} from '../admin-ports.ts'
import { tenantOf } from './asker.ts'
import type { Desk } from './desk.ts'
import { notThere } from './directory.ts'
import { tenantAsked } from './list-records.ts'

type Alerts = 'events' | 'deliveries'

const rootOf = (organizationId: string) => ({ organizationId, unitPath: [organizationId] })

/** A page of alerts, or of where they were sent. Both are of the organisation as a whole, and so is who may see them. */
export async function listAlerts<Resource extends Alerts>({
  desk,
  resource,
  organizationId,
  where,
  page,
}: {
  desk: Desk
  resource: Resource
  organizationId: string | undefined
  where: { readonly [Name in AdminFilters[Resource]]?: string }
  page: AdminPage
}): Promise<{ readonly items: readonly AdminResources[Resource][]; readonly hasMore: boolean }> {
  const tenant = await tenantAsked(desk, organizationId)
  desk.need(rootOf(tenant === EVERY_ORGANIZATION ? PUBLIC_UNIT.id : tenant))
  return desk.dependencies.store.list({ resource, tenant, where, ...page })
}

/** @throws TurnpikeError `not_configured_here` */
export function subscriptionsOf({ dependencies: { subscriptions } }: Desk) {
  if (subscriptions) return subscriptions
  throw new TurnpikeError('not_configured_here', { message: 'This server sends no webhooks.' })
}

/** Sends an alert to a subscription that says it is a test. @throws TurnpikeError `record_not_found`, `webhook_switched_off`. */
export async function testWebhook(desk: Desk, id: string): Promise<Delivery> {
  const webhook = await desk.records.get('webhooks', id)
  desk.need(rootOf(webhook.organizationId))
  return subscriptionsOf(desk).sendTest(webhook)
}

/** Tries a delivery again, from its first attempt. @throws TurnpikeError `record_not_found`, `delivery_under_way`, `webhook_switched_off`. */
export async function replayAlert(desk: Desk, id: string): Promise<Delivery> {
  const tenant = tenantOf(desk.asker)
  const delivery = await desk.dependencies.store.get({ resource: 'deliveries', tenant, id })
  if (!delivery) throw notThere('deliveries', 'id')
  desk.need(rootOf(delivery.organizationId ?? PUBLIC_UNIT.id))
  return subscriptionsOf(desk).replay({ tenant, id })
}
