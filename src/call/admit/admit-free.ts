import { USD_MONEY } from '../../ledger/accounts.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { callKey } from '../../payment/check/payment-key.ts'
import { originOf } from './admission.ts'
import { admittedAs } from './admit-request.ts'
import { admitWithin } from './admit-within.ts'
import { fitSingle } from '../budgets/fit-budgets.ts'
import { budgetHolds } from '../budgets/terms.ts'
import { NOBODY } from '../caller/governed-caller.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { Admission, AdmittedCall, PlannedCall } from '../types.ts'

const NO_FEE = 0n

function admissionOf({ planned, atMs }: { planned: PlannedCall; atMs: number }): Admission {
  const [endpoint] = planned.candidates
  return {
    ...originOf(planned),
    paymentKey: callKey(planned.callId),
    scheme: 'free',
    ...USD_MONEY,
    payer: { kind: 'wallet', id: planned.caller?.payer ?? NOBODY },
    holds: [],
    ceilingAtomic: 0n,
    feePicoUsd: NO_FEE,
    endpointId: endpoint.id,
    providerId: endpoint.providerId,
    region: endpoint.region,
    atMs,
  }
}

/**
 * The call with the budgets that bind it. Only what somebody with a right to it has set may make a row: who need not even sign must not be able
 * to have us write by what it sends along. Where it has shown who it is, its own caps and runs hold beside those.
 */
function boundBy({ budgets, ...planned }: PlannedCall): PlannedCall {
  const { payer, rules } = planned.caller ?? {}
  const set = new Set(rules?.budgets)
  if (!budgets || set.size === 0) return planned
  const binding = payer ? budgets.budgets : budgets.budgets.filter((one) => set.has(one))
  return { ...planned, budgets: { ...budgets, budgets: binding } }
}

/**
 * Admits a call without a price that no organisation pays. It leaves no row, but where a budget counts tokens or calls: then it is held and
 * captured as every other one, for a limit that does not count is none.
 *
 * @throws TurnpikeError `budget_exceeded`: 403.
 */
export async function admitFree({
  planned: asked,
  dependencies,
}: {
  planned: PlannedCall
  dependencies: CallDependencies
}): Promise<AdmittedCall> {
  const { clock, reach } = dependencies
  const holdsOf = (planned: PlannedCall) => budgetHolds({ planned, feePicoUsd: NO_FEE, atMs: clock.nowMs() })
  const planned = await fitSingle({ planned: boundBy(asked), feePicoUsd: NO_FEE, dependencies })
  if (!holdsOf(planned).some(({ amount }) => amount > 0n))
    return { ...planned, admission: admissionOf({ planned, atMs: planned.receivedAtMs }) }
  const { outcome, ...within } = await admitWithin({
    planned,
    feePicoUsd: NO_FEE,
    admissionFor: (form) => ({
      ...admissionOf({ planned: form, atMs: clock.nowMs() }),
      holds: holdsOf(form),
    }),
    dependencies,
  })
  if (outcome.kind !== 'admitted') throw new TurnpikeError('internal_error')
  reach('admitted')
  return admittedAs(within)
}
