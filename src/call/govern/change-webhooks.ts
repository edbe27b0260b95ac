import { checkName } from '../../governance/hierarchy/check-name.ts'
import type { Webhook } from '../admin-ports.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'
import { organizationAsked } from './list-records.ts'
import { subscriptionsOf } from './read-alerts.ts'

type Versioned = { readonly id: string; readonly version?: number | undefined }
type Fields = Pick<Webhook, 'name' | 'url' | 'eventTypes'>

const rootOf = (organizationId: string) => ({ organizationId, unitPath: [organizationId] })

/** Subscribes an address to an organisation's alerts; its signing secret is in `once` and is not shown again. */
export async function createWebhook(
  desk: Desk,
  { organizationId: asked, name, url, eventTypes }: Fields & { organizationId: string | undefined },
): Promise<Decision> {
  const organizationId = await organizationAsked(desk, asked)
  desk.need(rootOf(organizationId))
  const subscriptions = subscriptionsOf(desk)
  await subscriptions.checkUrl(url)
  const id = desk.newId()
  const { secret, sealedSecret } = subscriptions.makeSecret(id)
  const webhook: Webhook = {
    id,
    organizationId,
    name: checkName({ name, param: 'name' }),
    url,
    eventTypes,
    sealedSecret,
    version: 1,
  }
  return {
    organizationId,
    changes: [making('webhooks', webhook)],
    answer: { resource: 'webhooks', id: webhook.id },
    once: { secret },
  }
}

/** Renames a subscription, sends it elsewhere or other kinds, stops it or starts it again. */
export async function changeWebhook(
  desk: Desk,
  {
    id,
    version,
    name,
    url,
    eventTypes,
    isDisabled,
  }: Versioned & {
    readonly name?: string | undefined
    readonly url?: string | undefined
    readonly eventTypes?: Webhook['eventTypes'] | undefined
    readonly isDisabled?: boolean | undefined
  },
): Promise<Decision> {
  const { disabledAtMs, ...was } = await desk.records.get('webhooks', id)
  const { organizationId } = was
  desk.need(rootOf(organizationId))
  if (url !== undefined) await subscriptionsOf(desk).checkUrl(url)
  const stoppedAtMs =
    isDisabled === undefined ? disabledAtMs : isDisabled ? (disabledAtMs ?? desk.nowMs) : undefined
  const webhook: Webhook = {
    ...was,
    ...(name === undefined ? {} : { name: checkName({ name, param: 'name' }) }),
    ...(url === undefined ? {} : { url }),
    ...(eventTypes === undefined ? {} : { eventTypes }),
    ...(stoppedAtMs === undefined ? {} : { disabledAtMs: stoppedAtMs }),
  }
  return {
    organizationId,
    changes: [changing('webhooks', was, webhook, version)],
    answer: { resource: 'webhooks', id },
  }
}

/** A new secret; the old one signs as well until the next is made. */
export async function rotateWebhookSecret(desk: Desk, { id, version }: Versioned): Promise<Decision> {
  const was = await desk.records.get('webhooks', id)
  desk.need(rootOf(was.organizationId))
  const { secret, sealedSecret, sealedEarlierSecret } = subscriptionsOf(desk).rotateSecret(was)
  return {
    organizationId: was.organizationId,
    changes: [changing('webhooks', was, { ...was, sealedSecret, sealedEarlierSecret }, version)],
    answer: { resource: 'webhooks', id },
    once: { secret },
  }
}

export async function archiveWebhook(desk: Desk, { id, version }: Versioned): Promise<Decision> {
  const was = await desk.records.get('webhooks', id)
  desk.need(rootOf(was.organizationId))
  return {
    organizationId: was.organizationId,
    changes:
      was.archivedAtMs === undefined
        ? [changing('webhooks', was, { ...was, archivedAtMs: desk.nowMs }, version)]
        : [],
    answer: { resource: 'webhooks', id },
  }
}
