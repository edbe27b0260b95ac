import { ACCOUNTS, USD_LEDGER, USD_MONEY } from '../../ledger/accounts.ts'
import { keyMayDo } from '../../governance/keys/key-kinds.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { formatUsd } from '../../lib/money.ts'
import { callKey } from '../../payment/check/payment-key.ts'
import { hashIdempotencyId } from '../../payment/offers/quote.ts'
import { originOf } from './admission.ts'
import { admittedAs } from './admit-request.ts'
import { alreadyPaid } from './already-paid.ts'
import { admitWithin } from './admit-within.ts'
import { fitBudgets } from '../budgets/fit-budgets.ts'
import { budgetHolds } from '../budgets/terms.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { Admission, AdmittedCall, PlannedCall } from '../types.ts'

/** Balances are counted as prices are, so nothing is rounded and nothing is moved on chain. */
const NO_FEE = 0n

function admissionFor({
  planned,
  organizationId,
  atMs,
}: {
  planned: PlannedCall
  organizationId: string
  atMs: number
}): Admission {
  const [endpoint] = planned.candidates
  const { ceilingPicoUsd } = planned
  const balance = { ledger: USD_LEDGER, account: ACCOUNTS.organizationBalance(organizationId) }
  const isFree = ceilingPicoUsd === 0n
  return {
    ...originOf(planned),
    paymentKey: callKey(planned.callId),
    scheme: isFree ? 'free' : 'credit',
    ...USD_MONEY,
    payer: { kind: 'organization', id: organizationId },
    holds: [
      ...(isFree ? [] : [{ ...balance, amount: ceilingPicoUsd }]),
      ...budgetHolds({ planned, feePicoUsd: NO_FEE, atMs }),
    ],
    ceilingAtomic: ceilingPicoUsd,
    feePicoUsd: NO_FEE,
    endpointId: endpoint.id,
    providerId: endpoint.providerId,
    region: endpoint.region,
    atMs,
  }
}

/** Names are each voucher's own, else each principal's: nobody can take another's, or learn whether it was used. */
async function named({
  planned,
  dependencies,
}: {
  planned: PlannedCall
  dependencies: CallDependencies
}): Promise<PlannedCall> {
  const { idempotencyId: id, principalId = '', caller } = planned
  if (id === undefined) return planned
  const owner = caller?.rules.voucher?.levels.at(-1)?.id ?? principalId
  const idempotencyKey = hashIdempotencyId({ id, payer: owner, secret: dependencies.secret })
  const call = await dependencies.store.findCall({ idempotencyKey })
  if (call) throw alreadyPaid({ call, planned: { ...planned, idempotencyKey } })
  return { ...planned, idempotencyKey }
}

/**
 * Admits a call that an organisation pays for from its balance: one hold over the balance and every budget, and nothing on chain.
 *
 * @throws TurnpikeError `balance_insufficient`, `budget_exceeded`: 403, and never 402, which an agent would pay; `idempotency_conflict`,
 * `payment_in_flight`, `payment_already_used` for a name that was used before.
 */
export async function admitOrganization({
  planned: asked,
  organizationId,
  dependencies,
}: {
  planned: PlannedCall
  organizationId: string
  dependencies: CallDependencies
}): Promise<AdmittedCall> {
  const known = await named({ planned: asked, dependencies })
  // What a run has left is told with its answer, so its counters are read; other calls are spared that.
  const isOfRun = known.request.budget?.runId !== undefined
  const planned = isOfRun ? await fitBudgets({ planned: known, feePicoUsd: NO_FEE, dependencies }) : known
  const { outcome, ...within } = await admitWithin({
    planned,
    feePicoUsd: NO_FEE,
    admissionFor: (form) => admissionFor({ planned: form, organizationId, atMs: dependencies.clock.nowMs() }),
    dependencies,
  })
  if (outcome.kind === 'admitted') {
    dependencies.reach('admitted')
    return admittedAs(within)
  }
  if (outcome.kind === 'duplicate') throw alreadyPaid({ call: outcome.call, planned })
  if (outcome.kind === 'refused') throw insufficient({ ...within, availablePicoUsd: outcome.availableAtomic })
  throw new TurnpikeError('internal_error')
}

/** What the organisation has is not everybody's to see who may spend of it. */
function mayReadBalance({ caller }: PlannedCall): boolean {
  const { key, grants = [], organization } = caller?.rules ?? {}
  if (!key || !organization) return false
  return keyMayDo({ key, grants, permission: 'credit:read', unitPath: [organization.id] })
}

const insufficient = ({ planned, availablePicoUsd }: { planned: PlannedCall; availablePicoUsd: bigint }) =>
  new TurnpikeError('balance_insufficient', {
    extra: {
      metadata: {
        needed: formatUsd(planned.ceilingPicoUsd),
        ...(mayReadBalance(planned) ? { available: formatUsd(availablePicoUsd) } : {}),
      },
    },
  })
