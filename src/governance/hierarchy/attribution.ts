import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Principal, Unit } from './types.ts'

/** What policies, budgets and rates can be attached to. */
export const LEVELS = ['organization', 'unit', 'principal', 'wallet', 'key', 'run'] as const
/** A voucher brings its own limits along: nothing can be attached to it from outside. */
export type Level = (typeof LEVELS)[number] | 'voucher'

export type Place = { readonly level: Level; readonly id: string }

/** Everything that one call counts for, widest first. It is frozen with the call: later moves do not rewrite it. */
export type Attribution = readonly Place[]

/**
 * The places of a call, from the organisation down to the run.
 *
 * @param unit the principal's own; its path gives the levels above.
 * @param principal whose policies bind.
 * @param payer a wallet that pays beside a key: its own limits bind as well.
 * @param voucherIds the levels of a spend voucher of the key, from the one that was handed out to its narrowest.
 * @param runId as the caller names it: a run belongs to its voucher, else to its key, else to its principal, so another caller's same name is another run.
 * @throws TurnpikeError `invalid_governance_value` where principal and unit do not belong together; a fault of the records.
 * @example
 * // [{ level: 'organization', id: 'acme' }, { level: 'unit', id: 'sales' }, { level: 'principal', id: 'p1' }, { level: 'key', id: 'k1' }]
 */
export function attributionOf({
  unit,
  principal,
  keyId,
  voucherIds = [],
  payer,
  runId,
}: {
  unit: Unit
  principal: Principal
  keyId?: string
  voucherIds?: readonly string[]
  payer?: Principal
  runId?: string
}): Attribution {
  if (principal.unitId !== unit.id)
    throw new TurnpikeError('invalid_governance_value', { message: 'The principal is in another unit.' })
  const [root = '', ...below] = unit.path
  const owner = voucherIds.at(-1) ?? keyId ?? principal.id
  const isOtherPayer = payer !== undefined && payer.id !== principal.id
  return [
    { level: 'organization', id: root },
    ...below.map((id): Place => ({ level: 'unit', id })),
    placeOf(principal),
    ...(keyId === undefined ? [] : [{ level: 'key', id: keyId } as const]),
    ...voucherIds.map((id): Place => ({ level: 'voucher', id })),
    ...(isOtherPayer ? [placeOf(payer)] : []),
    ...(runId === undefined ? [] : [{ level: 'run', id: `${owner}/${runId}` } as const]),
  ]
}

const placeOf = ({ id, kind }: Principal): Place => ({
  level: kind === 'wallet' ? 'wallet' : 'principal',
  id,
})
