import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { PUBLIC_UNIT, type Principal, type Unit } from './types.ts'

/**
 * Puts a principal into a unit: moves it within its organisation, links a wallet that belongs to nobody, or lets a linked wallet go (to
 * {@link PUBLIC_UNIT}). Its keys, policies and budgets go with it; what it has spent stays where it was spent.
 *
 * Whether it would be allowed more there is asked as for a unit: policies/judge-move.
 *
 * @throws TurnpikeError `unit_archived`, `principal_archived`, `principal_elsewhere`.
 */
export function placePrincipal({ principal, unit }: { principal: Principal; unit: Unit }): Principal {
  if (principal.archivedAtMs !== undefined) throw new TurnpikeError('principal_archived')
  if (unit.archivedAtMs !== undefined) throw new TurnpikeError('unit_archived')
  if (principal.unitId === unit.id) return principal
  const organizationId = unit.id === PUBLIC_UNIT.id ? null : unit.organizationId
  const isWithinOne = principal.organizationId === organizationId
  const isLinkOfWallet =
    principal.kind === 'wallet' && (principal.organizationId === null || organizationId === null)
  if (!isWithinOne && !isLinkOfWallet) throw new TurnpikeError('principal_elsewhere')
  return { ...principal, organizationId, unitId: unit.id, version: principal.version + 1 }
}

/** Archives a principal; its keys are revoked in the same commit, since a key without a living principal is nobody's. */
export const archivePrincipal = ({ principal, nowMs }: { principal: Principal; nowMs: number }): Principal =>
  principal.archivedAtMs === undefined
    ? { ...principal, archivedAtMs: nowMs, version: principal.version + 1 }
    : principal
