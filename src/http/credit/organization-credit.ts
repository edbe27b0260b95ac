import type { Request } from 'express'
import { requireKeyPermission } from '../../governance/keys/key-kinds.ts'
import type { Permission } from '../../governance/roles/permissions.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { formatUsd } from '../../lib/money.ts'
import type { ExactPayment } from '../../payment/types.ts'
import { requestIdOf } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { credentialOf } from '../calls/governed-call.ts'

type Asked = { readonly request: Request; readonly dependencies: HttpDependencies }

/** The key that asks about its organisation's money, and may. */
export type MoneyKey = { readonly organizationId: string; readonly keyId: string }

/**
 * The organisation whose money a request is about: that of its key. undefined where there is no key of ours in it.
 *
 * @throws TurnpikeError `key_invalid` and the like (401); `permission_denied`, `key_kind_mismatch` (403).
 */
export async function moneyKey({
  request,
  dependencies,
  permission,
}: Asked & { permission: Permission }): Promise<MoneyKey | undefined> {
  const rules = await dependencies.call.governed.authenticate(credentialOf(request))
  if (!rules?.key || !rules.organization) return undefined
  const { key, grants, organization } = rules
  requireKeyPermission({ key, grants, permission, unitPath: [organization.id] })
  return { organizationId: organization.id, keyId: key.id }
}

/** GET /v1/credit with a key, and the answer to a top-up of its organisation. */
export async function organizationCreditOf({
  organizationId,
  dependencies: { organizations },
}: {
  organizationId: string
  dependencies: Pick<HttpDependencies, 'organizations'>
}) {
  const balance = await organizations.getBalance(organizationId)
  return {
    object: 'credit',
    organization: organizationId,
    available_usd: formatUsd(balance.availablePicoUsd),
    held_usd: formatUsd(balance.heldPicoUsd),
    spent_usd: formatUsd(balance.spentPicoUsd),
  }
}

/**
 * Makes a payment that has arrived the organisation's. A crash before it leaves the payer's credit, and the same payment again finds it: the
 * quote that is in it names the organisation, so nobody else's key can take it.
 *
 * @throws TurnpikeError `payment_already_used` where the payer has spent it meanwhile.
 */
export async function creditOrganization({
  key: { organizationId, keyId },
  payment,
  fundingId,
  request,
  dependencies: { organizations, call },
}: Asked & { key: MoneyKey; payment: ExactPayment; fundingId: string }): Promise<void> {
  const credited = await organizations.creditFromPayer({
    organizationId,
    fundingId,
    decimals: payment.asset.decimals,
    actor: { kind: 'key', id: keyId },
    via: 'api',
    requestId: request.res ? requestIdOf(request.res) : null,
    addressDigest: null,
    atMs: call.clock.nowMs(),
  })
  if (credited.kind === 'credited') return
  throw new TurnpikeError('payment_already_used', {
    message: "This payment is the payer's own credit.",
    next: 'See GET /v1/credit as the payer; sign a fresh offer to add to the organisation.',
    headers: { 'x-should-retry': 'false' },
  })
}
