import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { OrganizationMoney } from '../rules-ports.ts'
import { actorOf } from './asker.ts'
import type { Desk } from './desk.ts'

/** What an organisation has with us. @throws TurnpikeError `not_configured_here` where nobody keeps it. */
export async function organizationBalance(
  desk: Desk,
  organizationId: string,
): Promise<Awaited<ReturnType<OrganizationMoney['getBalance']>>> {
  await desk.records.organizationOf(organizationId, 'id')
  desk.need({ organizationId, unitPath: [organizationId] })
  const { money } = desk.dependencies
  if (!money)
    throw new TurnpikeError('not_configured_here', {
      message: 'This server keeps no balances of organisations.',
    })
  return money.getBalance(organizationId)
}

/**
 * Adds to an organisation's balance what the operator has received outside of this server.
 *
 * @throws TurnpikeError `not_configured_here` where nobody keeps it.
 */
export async function topUpOrganization(
  desk: Desk,
  { organizationId, amountPicoUsd }: { organizationId: string; amountPicoUsd: bigint },
): Promise<Awaited<ReturnType<OrganizationMoney['getBalance']>>> {
  await desk.records.organizationOf(organizationId, 'id')
  desk.need({ organizationId, unitPath: [organizationId] })
  const { money } = desk.dependencies
  if (desk.asker.kind !== 'operator')
    throw new TurnpikeError('permission_denied', {
      message: 'Only the operator books what was paid outside of this server.',
      next: 'Pay with POST /v1/credit and a key of the organisation.',
      extra: { metadata: { permission: desk.permission } },
    })
  if (!money)
    throw new TurnpikeError('not_configured_here', {
      message: 'This server keeps no balances of organisations.',
    })
  const { request, asker, nowMs: atMs } = desk
  await money.topUp({
    organizationId,
    amountPicoUsd,
    idempotencyKey: request.idempotency?.key ?? request.id,
    actor: actorOf(asker),
    via: request.via,
    requestId: request.id,
    addressDigest: request.addressDigest,
    atMs,
  })
  return money.getBalance(organizationId)
}
