import { checkName } from '../../governance/hierarchy/check-name.ts'
import { placePrincipal } from '../../governance/hierarchy/place-principal.ts'
import { type Principal, PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Address } from '../../payment/types.ts'
import type { Wallet } from '../admin-ports.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'
import { notThere } from './directory.ts'

/**
 * Takes a wallet into a unit: from then on that unit's policies and budgets bind it. A key needs the wallet's own signature; the operator
 * answers for itself. A principal that is a wallet has the wallet's address as its id.
 *
 * @param prove the wallet that signed this request; it throws with the challenge where none has.
 * @throws TurnpikeError `principal_elsewhere`, `unit_archived`, `permission_denied`.
 */
export async function linkWallet(
  desk: Desk,
  {
    address,
    unitId,
    name,
    prove,
  }: { address: Address; unitId: string; name?: string | undefined; prove: () => Address | undefined },
): Promise<Decision> {
  const { store } = desk.dependencies
  const unit = await desk.records.unitOf(unitId)
  const { organizationId } = unit
  desk.need({ organizationId, unitPath: unit.path })
  if (desk.asker.kind !== 'operator' && prove() !== address)
    throw new TurnpikeError('sign_in_invalid', {
      param: 'address',
      message: 'The wallet that is linked has to sign for it itself.',
    })
  const tenants = [PUBLIC_UNIT.id, organizationId]
  const find = async <Found>(read: (tenant: string) => Promise<Found | undefined>) =>
    (await read(tenants[0] ?? '')) ?? (await read(tenants[1] ?? ''))
  const known = await find((tenant) => store.get({ resource: 'principals', tenant, id: address }))
  const fresh: Principal = {
    id: address,
    organizationId,
    unitId,
    kind: 'wallet',
    name: checkName({ name: name ?? address, param: 'name' }),
    address,
    version: 1,
  }
  const row = await find((tenant) => store.get({ resource: 'wallets', tenant, id: address }))
  const wallet: Wallet = {
    ...(row ?? { id: address, version: 1 }),
    organizationId,
    principalId: address,
    linkedAtMs: desk.nowMs,
  }
  if (unit.archivedAtMs !== undefined) throw new TurnpikeError('unit_archived', { param: 'unit_id' })
  return {
    organizationId,
    changes: [
      known
        ? changing('principals', known, {
            ...placePrincipal({ principal: known, unit }),
            ...(name === undefined ? {} : { name: fresh.name }),
          })
        : making('principals', fresh),
      row ? changing('wallets', row, wallet) : making('wallets', wallet),
    ],
    unchanged: [{ resource: 'units', id: unit.id, version: unit.version }],
    answer: { resource: 'wallets', id: address },
  }
}

/** Lets a wallet go: it is nobody's again, and what it spent stays where it was spent. */
export async function unlinkWallet(
  desk: Desk,
  { address, version }: { address: string; version?: number | undefined },
): Promise<Decision> {
  const { records } = desk
  const row = await records.get('wallets', address)
  const principal = await records.get('principals', row.principalId)
  const spot = await records.spotOfPrincipal(principal)
  desk.need(spot)
  if (row.organizationId === null) throw notThere('wallets')
  const { linkedAtMs: _linked, ...rest } = row
  return {
    organizationId: row.organizationId,
    changes: [
      changing('wallets', row, { ...rest, organizationId: null }, version),
      changing('principals', principal, placePrincipal({ principal, unit: PUBLIC_UNIT })),
    ],
    answer: { resource: 'wallets', id: address },
  }
}
